"""The Dagster UI after `make demo`: what people look for is where they look for it."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from ct_assets_tests.components.serving import serving
from ct_assets_tests.ui.conftest import Open
from ct_assets_tests.ui.demo import PROJECT, Demo

pytestmark = pytest.mark.ui

GROUP = "/locations/__repository__@ct_assets/asset-groups"


@pytest.fixture(scope="module")
def dagster_url(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(PROJECT, demo.env, tmp_path_factory.mktemp("dev")) as url:
        yield url


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/asset-groups", ["chinook", "customers", "jazz_buyers", "purchases"]),
        (f"{GROUP}/customers/lineage", ["clevertap", "undelivered", "rejected"]),
        ("/assets/customers/clevertap?view=overview", ["CleverTap", "conservation"]),
        ("/assets/customers/valid?view=overview", ["Phone", "_record"]),
        ("/assets/customers/valid?view=checks", ["rejected_share", "keys_unique"]),
        ("/automation", ["customers_schedule"]),
        ("/runs", ["customers_sync", "purchases_sync"]),
    ],
)
def test_what_people_look_for(
    dagster_url: str, open_page: Open, keep: Callable[[Page], None], path: str, words: list[str]
) -> None:
    page = open_page(dagster_url, viewport={"width": 1500, "height": 900}).visit(path)

    for word in words:
        expect(page.get_by_text(word).first).to_be_visible(timeout=30_000)
    keep(page)
