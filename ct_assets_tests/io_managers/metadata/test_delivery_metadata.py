import dagster as dg
import polars as pl
import pytest

from ct_assets.delivery import Progress
from ct_assets.errors import mask
from ct_assets.io_managers.metadata.delivery_metadata import (
    ProgressLog,
    balance,
    rows_by_outcome,
    undelivered_metadata,
)
from ct_assets.io_managers.metadata.metadata_tables import fix, table
from ct_assets.mapping import Sync, parse
from ct_assets.row_counts import DeliveryCounts, OutcomeCounts


def progress(acked: int) -> Progress:
    return Progress(
        planned=10_000, acked=acked, refused=0, unknown=0, requests=4, waits_429=1, window=15
    )


def test_progress_is_told_every_few_seconds_with_the_time_left() -> None:
    lines: list[str] = []
    times = iter([0.0, 1.0, 5.0, 6.0, 10.0])
    told = ProgressLog(lines.append, now=lambda: next(times))

    for acked in (1000, 3000, 3500, 5500):
        told(progress(acked))

    assert lines == [
        "3,000 of 10,000 rows, about 14 s left "
        "(0 refused, 0 unknown; 4 requests, 1 waits, up to 15 in flight)",
        "5,500 of 10,000 rows, about 9 s left "
        "(0 refused, 0 unknown; 4 requests, 1 waits, up to 15 in flight)",
    ]


def test_what_came_before_the_first_answer_takes_no_part_in_the_time_left() -> None:
    """Ten million rows are compared for a minute before the first of them leaves."""
    lines: list[str] = []
    times = iter([0.0, 60.0, 70.0])
    told = ProgressLog(lines.append, now=lambda: next(times))

    for acked in (15, 1015):
        told(progress(acked))

    assert lines == [
        "1,015 of 10,000 rows, about 90 s left "
        "(0 refused, 0 unknown; 4 requests, 1 waits, up to 15 in flight)"
    ]


def test_a_code_that_nobody_knows_has_no_fix() -> None:
    assert fix(515)
    assert fix("no such code") == ""


def test_a_table_without_rows_still_has_its_columns() -> None:
    assert [c.name for c in table([], {"code": "string"}).schema.columns] == ["code"]


def test_the_parts_of_the_balance_add_up_to_their_whole() -> None:
    counts = DeliveryCounts(
        source=20, cut=1, superseded=2, rejected=3, valid=14,
        unchanged=4, held={"forgotten": 1, "parked": 2}, new=5, changed=2,
        sent=OutcomeCounts(planned=7, acked=4, refused=1, unknown=1, unsent=1),
        removed=9, removals=OutcomeCounts(planned=4, acked=2, refused=1, unsent=1),
    )  # fmt: skip

    rows = pl.DataFrame([record.data for record in balance(counts).records])

    assert rows.rows()[:3] == [
        ("", "source", 20),
        ("", "gone from the source", 9),
        ("source", "cut by where", 1),
    ]
    for whole in ("source", "valid", "planned", "gone from the source"):
        parts = rows.filter(of=whole)["count"].sum()
        assert parts == rows.filter(rows=whole)["count"].item()


def test_counts_are_read_from_metadata_of_both_versions() -> None:
    old = {"rows/acked": dg.MetadataValue.int(3), "seconds": dg.MetadataValue.float(1.0)}
    new = {
        "rows/acked": dg.MetadataValue.int(3),
        "clevertap/account": dg.MetadataValue.json({"rows": {"acked": 3, "refused": 1}}),
    }

    assert rows_by_outcome(old) == {"acked": 3}
    assert rows_by_outcome(new) == {"acked": 3, "refused": 1}


def sync(show: str) -> Sync:
    declared = {"name": "customers", "object": "profile", "source": "shop/customer"}
    fields = {"identify_by": [{"identity": "id"}], "fields": {"Name": "name"}}
    return parse({**declared, **fields, "show_keys": show})


@pytest.mark.parametrize(("show", "key"), [("plain", "57"), ("masked", mask("57"))])
def test_rows_that_did_not_arrive_are_listed(show: str, key: str) -> None:
    report = pl.LazyFrame(
        {
            "key": ["57"] + [f"k{n}" for n in range(30)],
            "outcome": ["refused"] + ["unknown"] * 30,
            "code": ["516"] + [None] * 30,
            "hint": ["Correct it."] + [None] * 30,
        }
    )

    told = undelivered_metadata(sync(show), report, "2026-01")

    rows = [record.data for record in told["rows"].records]
    assert len(rows) == 20
    assert rows[0] == {"key": key, "reason": "refused 516", "what to do": "Correct it."}
    assert (rows[1]["reason"], rows[1]["what to do"]) == ("unknown", "")
    assert told["command"].startswith("`ct-assets undelivered customers --partition '2026-01'` ")
    assert "rows" not in undelivered_metadata(sync("off"), report, None)
