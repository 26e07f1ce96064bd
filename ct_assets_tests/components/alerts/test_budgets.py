import pytest

from ct_assets.components.alerts.budgets import Budgets, breaches

WELL = {
    "valid": 95, "rejected": 5, "acked": 99, "refused": 1, "unknown": 0, "parked": 0, "planned": 100
}  # fmt: skip
FREE = Budgets(rejected_share=None, refused_share=None, unknown=None, parked=None)


def test_what_is_within_its_budget_is_not_told() -> None:
    assert list(breaches(Budgets(), "customers", WELL)) == []
    assert (
        list(breaches(Budgets(records=100, data_points_a_month=7), "x", WELL | {"month": 7})) == []
    )


@pytest.mark.parametrize(
    ("rows", "about", "what"),
    [
        (
            {"rejected": 6},
            "rejected_share",
            "5.9% of the rows are rejected, 6 in all (budget 5.0%)",
        ),
        (
            {"refused": 2},
            "refused_share",
            "CleverTap refused 2.0% of the records, 2 in all (budget 1.0%)",
        ),
        (
            {"unknown": 1000},
            "unknown",
            "records whose answer was lost, and which CleverTap may have or not: 1,000",
        ),
        ({"parked": 3}, "parked", "records that are parked: 3"),
    ],
)
def test_what_is_beyond_its_budget_is_told(rows: dict[str, int], about: str, what: str) -> None:
    (found,) = breaches(Budgets(), "customers", WELL | rows)

    assert (found.about, found.what) == (about, what)
    assert "customers" in found.todo
    assert list(breaches(FREE, "customers", WELL | rows)) == []


def test_a_sync_without_rows_is_within_its_budgets() -> None:
    assert list(breaches(Budgets(), "customers", dict.fromkeys(WELL, 0))) == []
