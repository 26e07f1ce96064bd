from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.ui.accessibility import serious_findings
from ct_assets_tests.ui.conftest import Open

pytestmark = pytest.mark.ui

VIEWS = {
    "/": "Latest requests",
    "/profiles": "59 profiles, newest first",
    "/profiles?q=lu": "3 of 59 profiles match",
    "/profiles?q=nobody-of-that-name": "Nobody found",
    "/profiles/1": "Embraer",
    "/profiles/999": "This profile is not here",
    "/events": "Events per month",
    "/events?span=day": "None in this time",
    "/schema": "conflict: Integer, 1 dropped",
    "/schema?event=1": "Charged ID",
    "/errors": "900 bytes, cut to 512",
    "/requests": "requests are kept.",
    "/requests/4": "Email is not valid",
    "/requests/refused": "Email is not valid",
    "/faults": "Too many concurrent requests",
    "/settings": "Older editions of the documentation say 3",
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("path", "words"), VIEWS.items())
def test_a_view(
    chinook_url: str,
    open_page: Open,
    keep: Callable[[Page], None],
    path: str,
    words: str,
    scheme: str,
) -> None:
    window = open_page(chinook_url, color_scheme=scheme)

    page = window.visit(path)

    expect(page.get_by_text(words).first).to_be_visible()
    assert serious_findings(page) == []
    keep(page)
    if path == "/profiles/999":
        window.wrong = [one for one in window.wrong if "404" not in one]


EMPTY = ("/", "/profiles", "/events", "/schema", "/errors", "/requests", "/requests/refused")


@pytest.mark.parametrize("path", EMPTY)
def test_an_empty_sandbox(
    clevertap_sandbox: SandboxInTest, open_page: Open, keep: Callable[[Page], None], path: str
) -> None:
    page = open_page(clevertap_sandbox.url).visit(path)

    expect(page.locator(".empty")).to_be_visible()
    assert serious_findings(page) == []
    keep(page)


@pytest.mark.parametrize("path", VIEWS)
def test_a_narrow_window_is_not_scrolled_sideways(
    chinook_url: str, open_page: Open, keep: Callable[[Page], None], path: str
) -> None:
    window = open_page(chinook_url, viewport={"width": 360, "height": 740})

    page = window.visit(path)
    page.evaluate("for (const part of document.querySelectorAll('details')) part.open = true")

    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert serious_findings(page) == []
    keep(page)
    window.wrong = [one for one in window.wrong if "404" not in one]


def test_items_and_figures_unfold(chinook_url: str, open_page: Open) -> None:
    page = open_page(chinook_url).visit("/events")

    page.get_by_text("14 items").first.click()
    expect(page.get_by_role("cell", name="0.99").first).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == 1360
    page.get_by_text("Figures").click()
    expect(page.get_by_role("cell", name="Jan 2021")).to_be_visible()


def test_from_an_event_to_its_person_and_its_request(chinook_url: str, open_page: Open) -> None:
    page = open_page(chinook_url).visit("/events")

    page.get_by_role("link", name="Manoj Pareek").click()
    expect(page.get_by_role("heading", name="Manoj Pareek")).to_be_visible()
    page.get_by_role("link", name="request 3").first.click()
    expect(page.get_by_role("heading", name="Request 3")).to_be_visible()


def test_on_a_phone_the_answer_is_seen_without_scrolling(chinook_url: str, open_page: Open) -> None:
    page = open_page(chinook_url, viewport={"width": 360, "height": 740}).visit("/requests")

    for heading in ("Answer", "Records", "Refused"):
        box = page.get_by_role("columnheader", name=heading, exact=True).bounding_box()
        assert box is not None
        assert box["x"] + box["width"] <= 360
