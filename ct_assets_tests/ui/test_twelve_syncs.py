"""A dozen syncs in the Dagster UI: pages stay readable, answers are three clicks away at most."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from ct_assets_tests.ui.conftest import Open
from ct_assets_tests.ui.twelve_syncs import EVENTS, PROFILES, twelve_syncs

pytestmark = pytest.mark.ui

HIGH = {"width": 1500, "height": 2400}
"""Pixels. Lists show no more than is seen, and a test does not scroll."""
SLOW = 60_000
SYNCS = (*PROFILES, *EVENTS)
OURS = ("forget", "parked", "plan", "replay")


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with twelve_syncs(tmp_path_factory.mktemp("twelve")) as served:
        yield served


def asked(page: Page, *links: str) -> Page:
    """What one sees after these clicks, from the front page on."""
    assert len(links) <= 3
    for link in links:
        page.get_by_role("link", name=link).first.click(timeout=SLOW)
    return page


def test_why_row_57_was_not_sent(url: str, open_page: Open, keep: Callable[[Page], None]) -> None:
    page = asked(open_page(url, viewport=HIGH).visit("/"), "Catalog", "customers / rejected")

    row = page.get_by_role("row", name="57 Email: email_characters").last
    expect(row).to_be_visible(timeout=SLOW)
    expect(row).to_contain_text("Mend it in the source")
    expect(page.get_by_text("`ct-assets rejected customers` lists all of them")).to_be_visible()
    keep(page)


def test_how_many_people_are_in_clevertap(
    url: str, open_page: Open, keep: Callable[[Page], None]
) -> None:
    page = asked(open_page(url, viewport=HIGH).visit("/"), "Catalog", "customers / clevertap")

    expect(page.get_by_text("Row count").first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("58", exact=True).first).to_be_visible(timeout=SLOW)
    expect(page.get_by_text("has 58 of it").first).to_be_visible()
    keep(page)


def test_jobs_are_one_for_each_sync_and_four_for_all(
    url: str, open_page: Open, keep: Callable[[Page], None]
) -> None:
    page = open_page(url, viewport=HIGH).visit("/jobs")

    jobs = page.locator("a[href*='/jobs/']")
    expected = sorted([*(f"{name}_sync" for name in SYNCS), *OURS])
    expect(jobs.filter(has_text="support_staff_sync")).to_be_visible(timeout=SLOW)
    assert sorted({text for text in jobs.all_inner_texts() if text}) == expected
    keep(page)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/asset-groups", SYNCS),
        ("/automation", ("customers_schedule", "orders_on_change", "lost_runs", "automation")),
        ("/runs", ("customers_sync", "clevertap/sync: customers")),
    ],
)
def test_other_pages_show_all_at_a_glance(
    url: str, open_page: Open, keep: Callable[[Page], None], path: str, words: tuple[str, ...]
) -> None:
    page = open_page(url, viewport=HIGH).visit(path)

    for word in words:
        expect(page.get_by_text(word).first).to_be_visible(timeout=SLOW)
    keep(page)
