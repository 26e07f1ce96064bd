"""Two plans have one digest only if they send the same."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ct_assets.delivery import DeliveryFailed
from ct_assets.delivery.plan_report import plan
from ct_assets_tests.delivery.kit import Row, Sync, arrived, profile
from ct_assets_tests.delivery.segment_kit import (
    BUYERS,
    SEGMENT,
    ListServer,
    SegmentSync,
    members,
)

ADA, BOB = profile("1", Name="Ada", City="Rome"), profile("2", Name="Bob", City="Bonn")
EDA = profile("1", Name="Eda", City=None)
CLEARED = profile("1", Name="Eda", City=None, clear=["City"])


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (lambda _: None, [EDA, BOB]),
        (lambda _: None, [CLEARED]),
        (lambda sync: sync.policy_with(on_removed="delete"), [EDA]),
        (lambda sync: sync.policy_with(declaration="d2"), [EDA]),
    ],
    ids=["a person who stays", "a field to be cleared", "another removal", "another declaration"],
)
def test_a_run_keeps_to_the_reviewed_plan(
    profiles: Sync, change: Callable[[Sync], None], rows: list[Row]
) -> None:
    profiles.policy_with(on_removed="clear")
    profiles.run([ADA, BOB])
    before = len(arrived(profiles.sandbox))
    reviewed = plan(profiles.request([EDA])).digest
    change(profiles)

    with pytest.raises(DeliveryFailed, match="are not those of the reviewed plan"):
        profiles.run(rows, reviewed=reviewed)
    assert len(arrived(profiles.sandbox)) == before

    profiles.policy_with(on_removed="clear", declaration="d1")
    assert profiles.run([EDA], reviewed=reviewed).counts.acked == 1


def test_a_plan_of_changed_fields_is_one_of_what_leaves(profiles: Sync) -> None:
    profiles.policy_with(sends_changed_fields=True)
    profiles.run([ADA, BOB])
    rows = [profile("1", Name="Eda", City="Rome"), BOB]
    reviewed = plan(profiles.request(rows)).digest

    assert profiles.run(rows, reviewed=reviewed).counts.acked == 1


def test_a_plan_names_its_list(tmp_path: Path) -> None:
    policies = [SEGMENT, replace(SEGMENT, custom_list=replace(BUYERS, name="Rock buyers"))]
    digests = {
        plan(SegmentSync(tmp_path, ListServer(url="http://[::1]:1"), each).request(rows)).digest
        for each in policies
        for rows in (members("a", "b"), members("b", "a"))
    }

    assert len(digests) == 2
