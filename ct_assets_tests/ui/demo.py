"""The example as `make demo` leaves it, and Chromium to look at it."""

import contextlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from ct_assets.sandbox import find, stop

PROJECT = Path(__file__).parents[2]
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(frozen=True)
class Demo:
    """What `make demo` left: `url` is the sandbox that it started and filled."""

    url: str
    env: dict[str, str]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    assert found, "This needs Chromium: apt-get install chromium, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, headless=True, args=_OPTIONS)
        yield browser
        browser.close()


@contextlib.contextmanager
def demo_in(data: Path, home: Path) -> Iterator[Demo]:
    (home / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CLEVERTAP_")}
    env = kept | {"CT_DATA_DIR": str(data), "DAGSTER_HOME": str(home)}
    done = subprocess.run(
        [Path(sys.executable).with_name("ct-assets"), "demo"],
        env=env,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = find(data)
    assert found is not None
    yield Demo(found.url, env)
    stop(data)
