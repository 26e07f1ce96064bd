import dagster as dg
import pytest

from ct_assets.commands.support.partition_options import tell_of_others
from ct_assets_tests.components.automation.partitions_kit import declared

TOLD = "These are the rows of 2021-02-01...2021-03-01; --all-partitions takes all.\n"


@pytest.mark.parametrize(
    ("start", "partition", "all_partitions", "told"),
    [
        ("2021-02-01", None, False, TOLD),
        ("2021-01-01", None, False, ""),
        ("2021-02-01", "2021-02-01...2021-03-01", False, ""),
        ("2021-01-01", None, True, ""),
    ],
    ids=["the last two", "all that there are", "by name", "all by choice"],
)
def test_others_are_told_of_where_there_are_others(
    start: str,
    partition: str | None,
    all_partitions: bool,  # noqa: FBT001
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    keys = dg.PartitionKeyRange(start, "2021-03-01")

    tell_of_others(declared("month"), keys, partition, all_partitions=all_partitions)

    assert capsys.readouterr().out == told


def test_a_sync_without_partitions_has_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    tell_of_others(declared("month"), None, None, all_partitions=False)

    assert capsys.readouterr().out == ""
