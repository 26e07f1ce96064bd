"""The literal objects of version 1 are what that version staged."""

import json
from typing import Any

import pytest

from ct_assets.errors import UserError
from ct_assets.row_counts import DeliveryCounts, OutcomeCounts, RowCounts
from ct_assets.snapshot_meta import (
    DeliveryMeta,
    Gate,
    ReasonCount,
    SnapshotMeta,
    SourceMeta,
    SplitMeta,
    from_json,
    to_json,
)

SPLIT = SnapshotMeta(
    split=SplitMeta(
        declaration="04936b9e",
        counts=RowCounts(source=13, cut=1, superseded=0, rejected=1, valid=11),
        gate=Gate(passed=False, why="1 of 12 rows are rejected"),
        reasons=(ReasonCount("Email", "email_characters", 1),),
        warnings=(ReasonCount("Email", "clear_disputed", 0, "Email is cleared with $delete."),),
        others=("Tier",),
        types={"Name": "string"},
        nulls={"Name": 0.25},
    ),
    partition_rows={"2026-01-02": 4},
)
DELIVERY = SnapshotMeta(
    delivery=DeliveryMeta(
        destination="sandbox-1",
        counts=DeliveryCounts(
            source=12, cut=1, superseded=0, rejected=1, valid=10,
            unchanged=6, held={"parked": 1, "refused": 1}, new=1, changed=1,
            sent=OutcomeCounts(planned=2, acked=1, unknown=1),
            removed=2, removals=OutcomeCounts(planned=1, acked=1),
        ),
        objection="the source is empty",
    )
)  # fmt: skip


@pytest.mark.parametrize(
    "meta",
    [
        SnapshotMeta(),
        SnapshotMeta(source=SourceMeta(state="2026-01-02", code="7a3d")),
        SPLIT,
        DELIVERY,
    ],
)
def test_json_gives_the_same_meta_again(meta: SnapshotMeta) -> None:
    assert from_json(json.loads(json.dumps(to_json(meta)))) == meta


def test_the_json_of_version_2() -> None:
    """Of snapshots that are staged now; later versions read it on."""
    assert to_json(SPLIT) == {
        "version": 2,
        "split": {
            "declaration": "04936b9e",
            "counts": {"source": 13, "cut": 1, "rejected": 1, "valid": 11},
            "gate": {"passed": False, "why": "1 of 12 rows are rejected"},
            "reasons": [{"field": "Email", "code": "email_characters", "rows": 1}],
            "warnings": [
                {
                    "field": "Email",
                    "code": "clear_disputed",
                    "rows": 0,
                    "message": "Email is cleared with $delete.",
                }
            ],
            "others": ["Tier"],
            "types": {"Name": "string"},
            "nulls": {"Name": 0.25},
        },
        "partition_rows": {"2026-01-02": 4},
    }
    assert to_json(DELIVERY) == {
        "version": 2,
        "delivery": {
            "destination": "sandbox-1",
            "counts": {
                "source": 12, "cut": 1, "rejected": 1, "valid": 10,
                "unchanged": 6, "held": {"parked": 1, "refused": 1}, "new": 1, "changed": 1,
                "sent": {"planned": 2, "acked": 1, "unknown": 1},
                "removed": 2, "removals": {"planned": 1, "acked": 1},
            },
            "objection": "the source is empty",
        },
    }  # fmt: skip


def version_1(text: str) -> SnapshotMeta:
    raw: dict[str, Any] = json.loads(text)
    return from_json(raw)


def test_version_1_of_a_source() -> None:
    meta = version_1('{"code": "7a3d69ec6778eade", "state": "2026-01-02"}')

    assert meta == SnapshotMeta(source=SourceMeta(state="2026-01-02", code="7a3d69ec6778eade"))


def test_version_1_of_a_split() -> None:
    meta = version_1(
        '{"counts": {"source": 13, "cut": 1, "superseded": 0, "valid": 11, "rejected": 1},'
        ' "gate": {"passed": false, "why": "1 of 12 rows are rejected"},'
        ' "reasons": [{"field": "Email", "code": "email_characters", "rows": 1}],'
        ' "declaration": "04936b9e", "others": ["Tier"], "types": {"Name": "string"},'
        ' "nulls": {"Name": 0.25}, "warnings": [{"code": "clear_disputed", "field": "Email",'
        ' "rows": 0, "message": "Email is cleared with $delete."}],'
        ' "partitions": {"2026-01-02": 4}}'
    )

    assert meta == SPLIT


def test_version_1_of_a_split_without_what_came_later() -> None:
    meta = version_1(
        '{"counts": {"source": 1, "cut": 0, "superseded": 0, "valid": 1, "rejected": 0},'
        ' "gate": {"passed": true, "why": ""}, "reasons": [], "declaration": "04936b9e"}'
    )

    assert meta.split
    assert (meta.split.others, meta.split.types, meta.split.nulls) == (None, {}, {})


def test_version_1_of_a_delivery() -> None:
    meta = version_1(
        '{"counts": {"source": 12, "cut": 1, "superseded": 0, "rejected": 1, "valid": 10,'
        ' "unchanged": 6, "held": 2, "parked": 1, "planned": 2, "acked": 1, "refused": 0,'
        ' "unknown": 1, "unsent": 0, "removed": 1}, "destination": "sandbox-1",'
        ' "objection": null}'
    )

    assert meta.delivery
    assert (meta.delivery.destination, meta.delivery.objection) == ("sandbox-1", None)
    counts = meta.delivery.counts
    assert counts.totals() == {
        "source": 12, "cut": 1, "superseded": 0, "rejected": 1, "valid": 10,
        "unchanged": 6, "held": 2, "parked": 1, "planned": 2,
        "acked": 1, "refused": 0, "unknown": 1, "unsent": 0, "removed": 1,
    }  # fmt: skip
    assert counts.violations() == []


def test_version_1_of_the_stock_of_partitions_and_of_other_assets() -> None:
    assert version_1('{"rows": {"2026-01-01": 4}}').partition_rows == {"2026-01-01": 4}
    assert version_1("{}") == SnapshotMeta()


def test_a_newer_version_is_refused() -> None:
    with pytest.raises(UserError, match=r"newer ct_assets \(its version is 3.*update ct_assets"):
        from_json({"version": 3, "split": "of another shape"})


def test_a_damaged_one_is_no_meta() -> None:
    with pytest.raises(ValueError, match="declaration"):
        from_json({"version": 2, "split": {"counts": {"source": 1}}})
