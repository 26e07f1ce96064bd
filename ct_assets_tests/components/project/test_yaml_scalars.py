from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from dagster_shared.yaml_utils import parse_yaml_with_source_position

from ct_assets.components.clevertap_sync import ClevertapSync
from ct_assets.components.project.registry import catalogue
from ct_assets.components.project.yaml_documents import Lines, documents
from ct_assets.components.project.yaml_scalars import misread, with_dates
from ct_assets.mapping import Problem
from ct_assets_tests.components import kit


def declared(root: Path, field: str) -> tuple[Lines, dict[str, Any]]:
    """The lines of a sync with this constant, and its attributes as Dagster reads them."""
    (root / "defs.yaml").write_text(kit.CUSTOMERS + f"    v: {field}\n")
    (lines,) = documents(root / "defs.yaml")
    return lines, parse_yaml_with_source_position((root / "defs.yaml").read_text()).value


@pytest.mark.parametrize(
    ("field", "value", "kind"),
    [
        ("{value: 2024-01-31}", "2024-01-31", "date"),
        ("{value: 2024-01-31T17:30:00Z}", "2024-01-31T17:30:00+00:00", "date"),
        ("{value: 2024-01-31, type: string}", "2024-01-31", "string"),
        ("{value: '2024-01-31'}", "2024-01-31", None),
        ("{value: '010'}", "010", None),
        ("{value: 089}", "089", None),
        ("{value: 0}", 0, None),
        ("{value: 10}", 10, None),
        ("{value: 07.5}", 7.5, None),
        ("{value: '12:30'}", "12:30", None),
    ],
)
def test_a_constant_is_what_is_written(
    tmp_path: Path, field: str, value: object, kind: str | None
) -> None:
    lines, document = declared(tmp_path, field)
    sync = ClevertapSync(**with_dates(document["attributes"], lines)).sync

    assert list(misread(lines)) == []
    assert (sync.fields["v"].value, sync.fields["v"].type) == (value, kind)


@pytest.mark.parametrize(
    ("written", "number"),
    [("010", 8), ("-0017", -15), ("12:30", 750), ("12:30:00", 45000), ("1:30.5", 90.5)],
)
def test_a_number_that_yaml_reads_as_another_is_told(
    tmp_path: Path, written: str, number: float
) -> None:
    lines, _ = declared(tmp_path, f"{{value: [7, {written}]}}")

    assert list(misread(lines)) == [
        Problem(
            ("fields", "v", "value", 1),
            f"YAML reads {written} as {number}: put it into quotes if that is not meant.",
        )
    ]


def test_a_word_that_yaml_reads_as_true_is_no_key_of_a_map(tmp_path: Path) -> None:
    lines, _ = declared(tmp_path, "{column: c, map: {yes: Y, 'no': N, true: T}}")

    assert list(misread(lines)) == [
        Problem(
            ("fields", "v", "map"),
            "YAML reads the key yes as true or false: put it into quotes.",
        )
    ]


def test_commands_and_runs_know_a_constant_for_the_same(tmp_path: Path) -> None:
    fields = "    v: {value: 2024-01-31}\n    DOB: {value: 1990-01-31}\n"
    files = {"shop/defs.yaml": kit.SOURCE, "sync/defs.yaml": kit.CUSTOMERS + fields}
    sync = catalogue(kit.load(tmp_path, files))["customers"].sync

    assert (sync.fields["v"].value, sync.fields["v"].type) == ("2024-01-31", "date")
    assert (sync.fields["DOB"].value, sync.fields["DOB"].type) == ("1990-01-31", None)


@pytest.mark.parametrize("value", [date(2024, 1, 31), datetime(2024, 1, 31, tzinfo=UTC)])
def test_dates_in_python_are_kept_as_dates(value: date) -> None:
    given: dict[str, Any] = {
        "name": "people",
        "object": "profile",
        "source": "src",
        "identify_by": [{"identity": "id"}],
        "fields": {"v": {"value": value}},
    }
    made = ClevertapSync(**given)

    assert made.declaration["fields"] == {"v": {"type": "date", "value": value.isoformat()}}
