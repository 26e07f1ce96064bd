"""The documentation in a browser: each page at two widths, and the search."""

import functools
import http.server
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from ct_assets_tests.ui.conftest import Open
from ct_assets_tests.ui.demo import PROJECT

pytestmark = pytest.mark.ui

WIDTHS = (1280, 390)
"""Pixels: a laptop, and a phone."""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("site")
    command = (sys.executable, "-m", "mkdocs", "build", "-q", "-f", "docs/mkdocs.yml", "-d", built)
    environ = {"NO_MKDOCS_2_WARNING": "1", "PATH": "/usr/bin:/bin"}
    subprocess.run(command, cwd=PROJECT, env=environ, check=True)
    return built


@pytest.fixture(scope="module")
def url(site: Path) -> Iterator[str]:
    handler = functools.partial(_Quiet, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def pages() -> Iterator[str]:
    """The addresses of all pages, which the navigation has: the build is strict about that."""
    text = (PROJECT / "docs" / "mkdocs.yml").read_text()
    for name in re.findall(r"[\w/-]+(?=\.md$)", text, re.MULTILINE):
        yield "" if name == "index" else f"{name}/"


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("path", pages())
def test_no_page_is_wider_than_the_window(
    open_page: Open, url: str, path: str, width: int, keep: Callable[[Page], None]
) -> None:
    """A table or a line of code that is too wide moves by itself, and not the whole page."""
    page = open_page(url, viewport={"width": width, "height": 900}).visit(f"/{path}")

    expect(page.locator("article h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    keep(page)


@pytest.mark.parametrize(
    ("word", "found"),
    [("phone", "phone"), ("429", "429"), ("restore", "Back up and restore")],
)
def test_the_search_finds(open_page: Open, url: str, word: str, found: str) -> None:
    page = open_page(url).visit("/")

    expect(page.locator(".md-search-result__meta")).to_have_text("Type to start searching")
    # Key by key, as a person types: the page searches when a key comes up.
    page.get_by_role("textbox", name="Search").press_sequentially(word)

    results = page.locator(".md-search-result__item")
    expect(results.first).to_be_visible(timeout=30_000)
    expect(results.filter(has_text=found).first).to_be_visible()
