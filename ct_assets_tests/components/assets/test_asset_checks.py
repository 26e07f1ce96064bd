from dataclasses import replace
from typing import Any

import pytest

from ct_assets.components.assets.asset_checks import DELIVERY, SPLIT, of_delivery, of_split
from ct_assets.components.assets.split.split_step import gate
from ct_assets.mapping import parse
from ct_assets.row_counts import DeliveryCounts, OutcomeCounts, RowCounts
from ct_assets.snapshot_meta import DeliveryMeta, ReasonCount, SplitMeta

SYNC = parse(
    {
        "name": "customers",
        "object": "profile",
        "source": "shop/customer",
        "identify_by": [{"identity": "id"}],
        "fields": {"Name": "name"},
        "max_rejected": 0.1,
        "max_refused": 0.1,
    }
)
HALF = RowCounts(source=100, cut=1, superseded=2, rejected=7, valid=90)
WHOLE = DeliveryCounts(
    source=100, cut=1, superseded=2, rejected=7, valid=90,
    unchanged=50, held={"parked": 5}, new=25, changed=10,
    sent=OutcomeCounts(planned=35, acked=33, refused=2),
    removed=4, removals=OutcomeCounts(planned=3, acked=3),
)  # fmt: skip


def split(counts: RowCounts, **parts: Any) -> SplitMeta:
    return SplitMeta(declaration=SYNC.digest, counts=counts, gate=gate(SYNC, counts), **parts)


def failed_of_split(meta: SplitMeta) -> dict[str, Any]:
    findings = of_split(SYNC, meta, late={})
    return {name: f.metadata for name, f in findings.items() if not f.passed}


def failed_of_delivery(counts: DeliveryCounts, objection: str | None = None) -> dict[str, Any]:
    meta = DeliveryMeta(destination="sandbox-1", counts=counts, objection=objection)
    return {name: f.metadata for name, f in of_delivery(SYNC, meta).items() if not f.passed}


def test_a_split_that_adds_up_passes() -> None:
    assert failed_of_split(split(HALF)) == {}


def test_rows_that_a_split_lost_shut_the_gate() -> None:
    meta = split(replace(HALF, source=101))

    why = "rows were lost or invented: source 101 = valid 90 + rejected 7 + superseded 2 + cut 1"
    assert (meta.gate.passed, meta.gate.why) == (False, why)
    assert failed_of_split(meta) == {"conservation": {"why": why}}


def test_too_many_rejected_rows_and_keys_that_stand_twice() -> None:
    reasons = (ReasonCount("identify_by", "identity_duplicate", 20),)

    meta = split(RowCounts(source=100, rejected=20, valid=80), reasons=reasons)

    why = "20 of 100 rows are rejected (20.0%), more than max_rejected (10.0%)"
    assert meta.gate.why == why
    assert failed_of_split(meta) == {
        "rejected_share": {
            "why": why,
            "what to do": "Most frequent: identify_by identity_duplicate (20). Look at the rows "
            "with `ct-assets preview customers`, then mend the source or the mapping, or raise "
            "`max_rejected`.",
            "share": 0.2,
            "limit": 0.1,
            "rows/identify_by: identity_duplicate": 20,
        },
        "keys_unique": {"rows": 20},
    }


def test_a_warning_fails_its_check() -> None:
    warnings = (
        ReasonCount("Email", "turned_null", 0, "No row has an Email."),
        ReasonCount("Email", "clear_disputed", 0, "Email is cleared with $delete."),
    )

    found = failed_of_split(split(HALF, warnings=warnings))

    assert found == {"fields_filled": {"Email": "No row has an Email."}}


def test_a_delivery_that_adds_up_passes() -> None:
    assert failed_of_delivery(WHOLE) == {}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"source": 101}, "source 101 = valid 90 + rejected 7 + superseded 2 + cut 1"),
        ({"unchanged": 49}, "valid 90 = unchanged 49 + held 5 + planned 35"),
        ({"changed": 11}, "planned 35 = new 25 + changed 11"),
        (
            {"sent": OutcomeCounts(planned=35, acked=33)},
            "planned 35 = acked 33 + refused 0 + unknown 0 + unsent 0",
        ),
        (
            {"removals": OutcomeCounts(planned=3)},
            "removed 4 = left alone 1 + removals acked 0 + removals refused 0"
            " + removals unknown 0 + removals unsent 0",
        ),
    ],
)
def test_rows_that_a_delivery_lost_fail_its_check(change: dict[str, Any], why: str) -> None:
    assert failed_of_delivery(replace(WHOLE, **change)) == {"conservation": {"why": why}}


def test_refused_unknown_and_stopped() -> None:
    sent = OutcomeCounts(planned=35, acked=20, refused=10, unknown=4, unsent=1)

    assert failed_of_delivery(replace(WHOLE, sent=sent), "the source is empty") == {
        "guards": {"why": "the source is empty"},
        "refused_share": {"share": 10 / 30, "limit": 0.1},
        "outcomes_known": {"unknown": 4, "unsent": 1},
    }


def test_the_descriptions_state_the_equations() -> None:
    assert SPLIT["conservation"].startswith(
        "No row is lost or invented: source = valid + rejected + superseded + cut. If not,"
    )
    assert "; planned = acked + refused + unknown + unsent; " in DELIVERY["conservation"]
