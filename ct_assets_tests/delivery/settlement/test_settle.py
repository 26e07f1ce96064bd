import shutil
from collections.abc import Sequence

import duckdb
import pytest

from ct_assets.clevertap.verdicts import Refusal
from ct_assets.delivery import DeliveryFailed, outbox
from ct_assets.delivery.ledger.delivery_ledger import DeliveryLedger
from ct_assets.delivery.ledger.ledger_file import LedgerFile
from ct_assets.delivery.operations.settled_state import settled
from ct_assets.delivery.settlement.settle import load_outcomes
from ct_assets.delivery.state.scratch_tables import RECORD_OUTCOMES
from ct_assets.delivery.state.sync_files import OUTBOX
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets.row_counts import OutcomeCounts
from ct_assets_tests.delivery.kit import Sync, event, profile, report

TABLES = ("synced", "held", "meta")


def contents(sync: Sync) -> dict[str, list[tuple[object, ...]]]:
    with duckdb.connect(sync.home / "state.duckdb", read_only=True) as connection:
        return {
            table: sorted(connection.execute(f"from {table}").fetchall(), key=str)
            for table in TABLES
        }


def test_folding_twice_changes_nothing(events: Sync) -> None:
    events.policy_with(on_unknown="park")
    events.sandbox.faults.script("503-stored")
    events.run_until_fold([event("e1"), event("e2")], partition="p")
    outbox = events.home / "outbox.parquet"
    kept = shutil.copy(outbox, events.folder / "kept.parquet")
    with settled(events.home, events.policy):
        pass
    once = contents(events)

    shutil.copy(kept, outbox)
    with settled(events.home, events.policy):
        pass

    assert [row[1:3] for row in once["held"]] == [("e1", "parked"), ("e2", "parked")]
    assert [row[:10] for row in contents(events)["held"]] == [row[:10] for row in once["held"]]
    assert contents(events)["synced"] == once["synced"]
    assert not outbox.exists()


def test_records_that_never_left_are_planned_anew_from_todays_rows(events: Sync) -> None:
    events.plan_only(events.request([event("e1"), event("e2", Amount=1)]))

    result = events.run([event("e2", Amount=2)])

    assert result.settled == OutcomeCounts(planned=2, unsent=2)
    assert report(result) == [("e2", "acked", None)]
    assert [e.props for e in events.sandbox.events()] == [{"Amount": 2}]


@pytest.mark.parametrize(("on_unknown", "copies"), [("resend", 2), ("park", 1)])
def test_a_request_without_a_recorded_answer_is_unknown(
    events: Sync, on_unknown: str, copies: int
) -> None:
    """The run died between its request and the answer, which in truth was stored."""
    events.policy_with(on_unknown=on_unknown)
    events.run_until_fold([event("e1")])
    with LedgerFile(events.home, durable=True) as file:
        file._connection.execute("delete from sends where outcome = 'acked'")

    events.run([event("e1")])

    assert len(events.sandbox.events()) == copies


def test_a_batch_in_parts_is_settled_part_by_part(events: Sync) -> None:
    request = events.request([event(f"e{n}", ts=n + 1) for n in range(4)])
    events.plan_only(request)
    with LedgerFile(events.home, durable=True) as file:
        ledger = DeliveryLedger(file, 1)
        ledger.sent(0, range(4))
        ledger.not_taken(0, range(4))
        ledger.sent(0, range(2))
        ledger.acked(0, range(2), [])
        ledger.sent(0, range(2, 4))
        ledger.unknown(0, range(2, 4), "HTTP 503")

    events.policy_with(on_unknown="park")
    result = events.run([event(f"e{n}", ts=n + 1) for n in range(4)])

    assert result.settled == OutcomeCounts(planned=4, acked=2, unknown=2)
    assert (result.counts.unchanged, result.counts.held) == (2, {"parked": 2})


def test_one_bad_record_of_a_batch_is_refused_alone(profiles: Sync) -> None:
    rows = [profile(str(n), Email=f"p{n}@example.com") for n in range(100)]
    rows[41] = profile("41", Email="nobody")

    result = profiles.run(rows)

    assert result.counts.sent == OutcomeCounts(planned=100, acked=99, refused=1)
    assert [row for row in report(result) if row[1] != "acked"] == [("41", "refused", "515")]


def test_what_is_acked_before_the_end_stays_acked(events: Sync) -> None:
    events.sandbox.faults.script("ok", "revoked", "revoked", "revoked")
    rows = [event(f"e{n}", identity="one", ts=n + 1) for n in range(1500)]

    with pytest.raises(DeliveryFailed) as failed:
        events.run(rows)

    assert failed.value.result
    assert failed.value.result.counts.sent == OutcomeCounts(planned=1500, acked=1000, unsent=500)
    events.sandbox.faults.clear()
    assert events.run(rows).counts.acked == 500
    assert len(events.sandbox.events()) == 1500


ACKED, REFUSED, UNSENT = "acked", "refused", "unsent"


@pytest.mark.parametrize(
    ("acked", "refusals", "outcomes", "form"),
    [
        ([range(3)], [], [ACKED] * 3, "view"),
        ([range(3)], [Refusal(1, 515, "no")], [ACKED, REFUSED, ACKED], "table"),
        ([range(2)], [], [ACKED, ACKED, UNSENT], "table"),
        ([range(2), range(2, 3)], [], [ACKED] * 3, "table"),
        ([range(1, 3)], [], [UNSENT, ACKED, ACKED], "table"),
        ([], [], [UNSENT] * 3, "table"),
    ],
)
def test_outcomes_are_copied_unless_all_are_acknowledged(
    events: Sync,
    acked: Sequence[range],
    refusals: Sequence[Refusal],
    outcomes: list[str],
    form: str,
) -> None:
    events.plan_only(events.request([event(f"e{n}", ts=n + 1) for n in range(3)]))
    path = events.home / OUTBOX
    with SyncState.open(events.home, events.policy) as state, state.database() as connection:
        ledger = DeliveryLedger(state.ledger, 1)
        for rows in acked:
            ledger.sent(0, rows)
            ledger.acked(0, rows, refusals)
        load_outcomes(connection, path, outbox.origin(path), state.ledger, state.work)
        found = f"select outcome from {RECORD_OUTCOMES} order by batch, position"

        assert [each for (each,) in connection.execute(found).fetchall()] == outcomes
        views = "select view_name from duckdb_views() where database_name = 'work'"
        is_view = (RECORD_OUTCOMES.name,) in connection.execute(views).fetchall()
        assert form == ("view" if is_view else "table")
