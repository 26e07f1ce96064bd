"""Takes the pictures of the README and the documentation anew: `make screenshots`.

They show the example after `make demo`, in the Dagster UI and on the sandbox's page.
"""

import functools
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page, expect

from ct_assets_tests.components.serving import serving
from ct_assets_tests.ui.demo import PROJECT, chromium, demo_in

FOLDER = PROJECT / "docs" / "pages" / "pictures"
GROUP = "/locations/__repository__@ct_assets/asset-groups/customers/lineage"
SIZE = (1500, 800)
"""Pixels: as wide as the tables of metadata need, and not much higher than what there is to see."""


@dataclass(frozen=True)
class Picture:
    name: str
    path: str
    words: tuple[str, ...]
    """That are seen once the page is whole."""
    ready: Callable[[Page], object] = Page.content
    """Brings to sight what the picture is about."""


def _at(words: str) -> Callable[[Page], object]:
    """At the upper edge of what is seen."""
    return lambda page: page.get_by_text(words, exact=True).first.evaluate(
        "found => found.scrollIntoView({block: 'start'})"
    )


IN_DAGSTER = (
    Picture("graph", GROUP, ("undelivered", "4 / 4 Passed", "9 / 9 Passed")),
    Picture(
        "clevertap", "/assets/customers/clevertap?view=overview", ("conservation",), _at("Key")
    ),
    Picture("rejected", "/assets/customers/rejected?view=overview", ("reasons",), _at("Key")),
)
IN_SANDBOX = (Picture("sandbox", "/events", ("Events per month",)),)


def take(page: Page, url: str, picture: Picture, folder: Path) -> Path:
    page.goto(url + picture.path)
    for words in picture.words:
        expect(page.get_by_text(words).first).to_be_visible(timeout=180_000)
    picture.ready(page)
    path = folder / f"{picture.name}.png"
    page.screenshot(path=path)
    return path


served = functools.partial(serving, PROJECT, daemon=False)


def main(folder: Path = FOLDER) -> None:
    folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        data, home, logs = (Path(scratch) / name for name in ("data", "home", "logs"))
        for path in (data, home, logs):
            path.mkdir()
        page = browser.new_page(viewport={"width": SIZE[0], "height": SIZE[1]})
        with demo_in(data, home) as demo, served(demo.env, logs) as dagster:
            for url, pictures in ((dagster, IN_DAGSTER), (demo.url, IN_SANDBOX)):
                for picture in pictures:
                    print(take(page, url, picture, folder), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
