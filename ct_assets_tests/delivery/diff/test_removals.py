import pytest

from ct_assets.delivery import DeliveryFailed
from ct_assets.row_counts import OutcomeCounts, RowCounts
from ct_assets.sandbox.faults import Plan
from ct_assets_tests.delivery.kit import Row, Sync, arrived, profile, report

pytestmark = pytest.mark.sampled(2)

DELETE = "/1/delete/profiles.json"
ADA = profile("ada", Name="Ada", Tier="gold")
OTHERS: list[Row] = [profile(str(n), Name="Li") for n in range(30)]


def test_removed_rows_are_kept_unless_declared_otherwise(profiles: Sync) -> None:
    profiles.run([ADA, *OTHERS])

    result = profiles.run(OTHERS)

    assert (result.requests, result.counts.removals) == (0, OutcomeCounts())


def test_clear_deletes_the_fields_that_were_sent(profiles: Sync) -> None:
    profiles.policy_with(on_removed="clear")
    profiles.run([ADA, *OTHERS])

    result = profiles.run(OTHERS)
    again = profiles.run(OTHERS)

    assert arrived(profiles.sandbox)[-1] == {
        "type": "profile",
        "identity": "ada",
        "profileData": {"Name": {"$delete": 1}, "Tier": {"$delete": 1}},
    }
    assert result.counts.removed == 1
    assert result.counts.removals == OutcomeCounts(planned=1, acked=1)
    assert report(result) == [("ada", "acked", None)]
    assert (again.counts.removed, again.requests) == (0, 0)
    assert profiles.run([ADA, *OTHERS]).counts.new == 1


def test_delete_deletes_the_profile(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([ADA, *OTHERS])

    result = profiles.run(OTHERS)

    assert result.counts.removals == OutcomeCounts(planned=1, acked=1)
    assert "ada" not in {p.identity for p in profiles.sandbox.profiles()}
    assert profiles.run(OTHERS).counts.removed == 0


def test_delete_takes_a_hundred_at_a_time(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete", max_removed=1.0)
    many = [profile(f"x{n}", Name="Li") for n in range(250)]
    profiles.run([ADA, *many])

    profiles.run([ADA])

    paths = [r.path for r in profiles.sandbox.requests()]
    assert paths.count("/1/delete/profiles.json") == 3


def test_profiles_without_a_deletable_identifier_stay_and_are_named(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([profile("fb", kind="FBID", Name="Ada"), *OTHERS])

    result = profiles.run(OTHERS)

    assert (result.counts.removed, result.counts.removals) == (1, OutcomeCounts())
    assert result.notes == ("1 removed rows stay: CleverTap deletes by identity or objectId only",)


def test_nobody_is_removed_while_a_row_has_no_readable_key(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([ADA, *OTHERS])

    result = profiles.run(OTHERS, unreadable=2)

    assert result.counts.removed == 0
    assert result.notes[0] == (
        "removed rows are left alone: 2 rows of the source have no readable key, and may be one of "
        "the removed"
    )


@pytest.mark.parametrize("options", [{"limit": 5}, {"partition": "p"}, {"keys": None}])
def test_a_part_of_the_source_removes_nobody(profiles: Sync, options: dict[str, object]) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([ADA, *OTHERS])

    assert profiles.run(OTHERS, **options).counts.removed == 0


def test_rejected_rows_are_not_removed(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([ADA, *OTHERS])
    request = profiles.request([ADA, *OTHERS])
    counts = RowCounts(source=31, rejected=1, valid=30)
    rejected = profiles.request(OTHERS, counts=counts, keys=request.keys)

    assert profiles.send(rejected).counts.removed == 0


def test_a_deletion_that_is_denied_does_not_say_that_nothing_was_sent(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete")
    profiles.run([ADA, *OTHERS])
    profiles.sandbox.faults.replace(Plan(script=("ok", "403"), paths=("/1/upload", DELETE)))

    with pytest.raises(DeliveryFailed, match="what is left unsent goes with the next run") as found:
        profiles.run([*OTHERS, profile("new", Name="Li")])

    assert found.value.result
    assert found.value.result.counts.removals == OutcomeCounts(planned=1, unsent=1)


def test_whoever_may_be_deleted_is_sent_again_on_return(profiles: Sync) -> None:
    profiles.policy_with(on_removed="delete", on_unknown="park", idempotent=False)
    profiles.run([ADA, *OTHERS])
    profiles.sandbox.faults.replace(Plan(script=("503-stored",), repeat=True, paths=(DELETE,)))
    with pytest.raises(DeliveryFailed):
        profiles.run(OTHERS)
    profiles.sandbox.faults.clear()

    assert profiles.run([ADA, *OTHERS]).counts.acked == 1


def test_a_lost_deletion_is_repeated_by_the_next_run(profiles: Sync) -> None:
    profiles.policy_with(on_removed="clear")
    profiles.run([ADA, *OTHERS])
    profiles.sandbox.faults.script("503-stored", repeat=True)
    with pytest.raises(DeliveryFailed):
        profiles.run(OTHERS)
    profiles.sandbox.faults.clear()

    assert profiles.run(OTHERS).counts.removals == OutcomeCounts(planned=1, acked=1)
