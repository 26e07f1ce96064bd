from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from ct_assets_tests.ui.accessibility import serious_findings
from ct_assets_tests.ui.conftest import Open
from ct_assets_tests.ui.demo import Demo

pytestmark = pytest.mark.ui


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
        ("/settings", "All are as usual"),
    ],
)
def test_every_view_after_the_demo(
    demo: Demo, open_page: Open, keep: Callable[[Page], None], path: str, words: str
) -> None:
    page = open_page(demo.url).visit(path)

    expect(page.get_by_text(words).first).to_be_visible()
    assert serious_findings(page) == []
    keep(page)


def test_a_customer_with_all_purchases(
    demo: Demo, open_page: Open, keep: Callable[[Page], None]
) -> None:
    page = open_page(demo.url).visit("/profiles?q=leonekohler")

    page.get_by_role("link", name="Leonie Köhler").click()

    expect(page.get_by_text("+497112842222")).to_be_visible()
    expect(page.get_by_role("link", name="Charged 7")).to_be_visible()
    expect(page.locator(".timeline > li:not(.day)")).to_have_count(7)
    keep(page)
