import json

from ct_assets_tests.benchmarks.table import BESIDE, KEPT, beside, pages, scale, written


def test_the_readmes_show_the_results_that_are_kept() -> None:
    shown = pages(json.loads(KEPT.read_text()))

    for page, place, text in shown:
        assert f"<!-- {place} -->\n{text}<!-- end of" in page.read_text()


def test_a_table_takes_the_place_of_the_one_before() -> None:
    readme = "a\n<!-- benchmarks -->\n| old |\n<!-- end of benchmarks -->\nb\n"

    assert written(readme, "benchmarks", "| new |\n") == readme.replace("old", "new")
    assert written(readme, "beside", "| new |\n") == readme


def test_other_ways_stand_beside_ours() -> None:
    results = {
        f"{name}, {at}": {"rows_per_second": 135_369.9, "cpu_seconds_per_million": 11.086}
        for name in BESIDE
        for at in ("0 ms", "100 ms")
    }

    assert beside(results).splitlines()[2:5] == [
        "| rows/s, 0 ms | 135,000 | 135,000 | 135,000 | | |",
        "| rows/s, 100 ms | 135,000 | 135,000 | 135,000 | 6,500 | |",
        "| CPU s per million, 0 ms | 11.1 | 11.1 | 11.1 | 58, at 100 ms | |",
    ]


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
