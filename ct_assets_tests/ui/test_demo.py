import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ct_assets.sandbox import find, stop
from ct_assets_tests.ui.accessibility import serious_findings
from ct_assets_tests.ui.conftest import Open

pytestmark = pytest.mark.ui

PROJECT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The sandbox that `make demo` started and filled."""
    data, home = tmp_path_factory.mktemp("data"), tmp_path_factory.mktemp("home")
    (home / "dagster.yaml").write_bytes((PROJECT / "dagster.yaml").read_bytes())
    kept = {name: text for name, text in os.environ.items() if not name.startswith("CLEVERTAP_")}
    done = subprocess.run(
        [Path(sys.executable).with_name("ct-assets"), "demo"],
        env=kept | {"CT_DATA_DIR": str(data), "DAGSTER_HOME": str(home)},
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    found = find(data)
    assert found is not None
    yield found.url
    stop(data)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/", "Latest requests"),
        ("/profiles", "59 profiles, newest first"),
        ("/profiles?q=%2B55", "profiles match +55"),
        ("/events", "Events per month"),
        ("/schema", "User properties"),
        ("/schema?event=1", "Charged ID"),
        ("/errors", "Nothing was dropped in silence"),
        ("/requests", "requests are kept."),
        ("/faults", "Too many concurrent requests"),
    ],
)
def test_every_view_after_the_demo(
    demo_url: str, open_page: Open, keep: Callable[[Page], None], path: str, words: str
) -> None:
    page = open_page(demo_url).visit(path)

    expect(page.get_by_text(words).first).to_be_visible()
    assert serious_findings(page) == []
    keep(page)


def test_a_customer_with_all_purchases(
    demo_url: str, open_page: Open, keep: Callable[[Page], None]
) -> None:
    page = open_page(demo_url).visit("/profiles?q=leonekohler")

    page.get_by_role("link", name="Leonie Köhler").click()

    expect(page.get_by_text("+497112842222")).to_be_visible()
    expect(page.get_by_role("link", name="Charged 7")).to_be_visible()
    expect(page.locator(".timeline > li:not(.day)")).to_have_count(7)
    keep(page)
