import json

from ct_assets_tests.benchmarks.table import KEPT, pages, scale, written


def test_the_readmes_show_the_results_that_are_kept() -> None:
    shown = pages(json.loads(KEPT.read_text()))

    assert len(shown) == 3
    for page, text in shown.items():
        assert f"<!-- benchmarks -->\n{text}<!-- end of" in page.read_text()


def test_a_table_takes_the_place_of_the_one_before() -> None:
    readme = "a\n<!-- benchmarks -->\n| old |\n<!-- end of benchmarks -->\nb\n"

    assert written(readme, "| new |\n") == readme.replace("old", "new")


def test_a_scale_is_what_a_run_costs_and_what_a_row_costs() -> None:
    costs = {1: 12.0, 5: 10.4, 10: 10.2}
    results = {
        f"{name}, {millions} M": {"cpu_seconds_per_million": cost}
        for name in ("first sync", "no change")
        for millions, cost in costs.items()
    }

    assert scale(results).splitlines()[2:] == [
        "| first sync | 12.0 | 10.4 | 10.2 | 10.0 |",
        "| no change | 12.0 | 10.4 | 10.2 | 10.0 |",
    ]
