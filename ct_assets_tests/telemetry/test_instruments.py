import json
import re
from pathlib import Path

from ct_assets.telemetry.instruments import EVERY

PAGES = Path(__file__).parents[2] / "docs" / "pages" / "operations"
SUFFIXES = {
    "ct_assets.rows": "_total",
    "ct_assets.deliveries": "_total",
    "ct_assets.waits": "_total",
    "ct_assets.request.duration": "_seconds_bucket",
    "ct_assets.source.lag": "_seconds",
    "ct_assets.delivery.age": "_seconds",
}


def test_the_dashboard_shows_every_figure_by_its_name_in_prometheus() -> None:
    dashboard = json.loads((PAGES / "grafana.json").read_text())

    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]

    assert {name for query in queries for name in re.findall(r"ct_assets_\w+", query)} == {
        each.name.replace(".", "_") + SUFFIXES.get(each.name, "") for each in EVERY
    }


def test_the_page_explains_every_figure() -> None:
    page = (PAGES / "metrics.md").read_text()

    assert re.findall(r"^\| `(ct_assets[\w.]+)`", page, re.MULTILINE) == [i.name for i in EVERY]
