"""MappingTests runs the tests of a declaration: given rows, split as those of the source are."""

import itertools
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

import orjson
import polars as pl

from ct_assets.components.preview.scratch import SplitRows, split_rows
from ct_assets.components.project.locations import Place, message_at
from ct_assets.mapping import SchemaError, Sync
from ct_assets.mapping.convert.column_types import typed
from ct_assets.mapping.declaration.declared_tests import REJECTED, RowsTest, codes_of
from ct_assets.mapping.declaration.problems import Path, Problem, near
from ct_assets.mapping.duplicates import SUPERSEDED

DATE = "$D_"
"""Begins a date in a record; seconds since 1970 follow."""

CHECKS = (("check", "defs"), ("definitions", "validate"))
"""Commands of `dg` and `dagster` that look at declarations, and run nothing."""

Outcome = str | dict[str, Any]
"""The fate of a row: `cut`, `superseded`, its record by name, or `rejected` with its reasons."""


def is_checked(arguments: Sequence[str] | None = None) -> bool:
    """Whether this process only checks declarations: elsewhere tests would slow down its start."""
    return any(pair in CHECKS for pair in itertools.pairwise(arguments or sys.argv))


def failures(sync: Sync, place: Place) -> list[str]:
    """`file:line: tests[0].expect.Phone: ...` for all that turned out otherwise than expected."""
    return [message_at(place, problem.path, problem.message) for problem in failed_tests(sync)]


def failed_tests(sync: Sync) -> Iterator[Problem]:
    """All that turned out otherwise than the tests of a declaration expect, by its place in it."""
    for number, test in enumerate(sync.tests):
        place: Path = ("tests", number)
        try:
            outcomes = _outcomes(sync, _rows(sync, test))
        except (SchemaError, _UnusableRowsError) as error:
            yield Problem(place, f"{_named(test)}{error}")
            continue
        for row, (expected, outcome) in enumerate(zip(test.expect, outcomes, strict=True)):
            for name, message in _differences(expected, outcome):
                at = ("expect", row) if len(test.expect) > 1 else ("expect",)
                yield Problem((*place, *at, *name), f"{_named(test)}{message}")


class _UnusableRowsError(Exception):
    """The given rows make no table, or name columns that the declaration does not."""


def _named(test: RowsTest) -> str:
    return f"{test.name}: " if test.name else ""


def _rows(sync: Sync, test: RowsTest) -> pl.LazyFrame:
    named = sync.columns() | sync.regions()
    given = {column for row in test.given for column in row} | set(test.types)
    if sync.other_columns is None and (unknown := sorted(given - named)):
        raise _UnusableRowsError(
            f"the declaration names no column {unknown[0]!r}{near(unknown[0], sorted(named))}"
        )
    try:
        rows = pl.DataFrame(test.given, infer_schema_length=None, strict=True)
    except (TypeError, OverflowError, pl.exceptions.PolarsError):
        raise _UnusableRowsError(
            "the rows given make no table: write the values of a column in one type, as in "
            "`'1'` and `'x2'`"
        ) from None
    lacking = sorted(named - set(rows.columns))
    rows = rows.with_columns(pl.lit(None).alias(name) for name in lacking)
    return rows.with_columns(typed(pl.col(name), kind) for name, kind in test.types.items()).lazy()


def _outcomes(sync: Sync, rows: pl.LazyFrame) -> list[Outcome]:
    with split_rows(sync, rows) as parts:
        valid = _valid(sync, parts)
        rejected = iter(parts.rejected.scan().select("reasons").collect().to_series().to_list())
        fates = dict(parts.keys.select("_row", "_fate").collect().iter_rows())
    outcomes: list[Outcome] = []
    for row in range(rows.select(pl.len()).collect().item()):
        if row not in fates:
            outcomes.append("cut")
        elif fates[row] == SUPERSEDED:
            outcomes.append(SUPERSEDED)
        else:
            outcomes.append(valid.get(row) or {REJECTED: next(rejected)})
    return outcomes


def _valid(sync: Sync, parts: SplitRows) -> dict[int, dict[str, Any]]:
    """The records of valid rows by the number of the row; of a segment the member."""
    keys = parts.keys.filter(pl.col("_fate").is_null()).select("_row", "_kind", "_key")
    joined = parts.valid.scan().join(keys, on=("_kind", "_key"))
    if sync.object == "segment":
        members = joined.select("_row", "_kind", "_identity").collect()
        return {row: {kind: identity} for row, kind, identity in members.iter_rows()}
    records = joined.select("_row", "_record").collect()
    return {row: _members(orjson.loads(record)) for row, record in records.iter_rows()}


def _members(record: Mapping[str, Any]) -> dict[str, Any]:
    """All that a record says, by one name each: identifiers, ts, evtName, and its fields."""
    if "status" in record:
        return {record["type"]: record["value"], "status": record["status"]}
    if "tokenData" in record:
        data = record["tokenData"]
        named = {"objectId": record["objectId"], "token": data["id"], "type": data["type"]}
        return {**named, **data.get("keys", {})}
    inner = ("profileData", "evtData")
    fields = {name: value for key in inner for name, value in record.get(key, {}).items()}
    outer = {name: value for name, value in record.items() if name not in (*inner, "type")}
    return {**fields, **outer}


def _differences(expected: Outcome, outcome: Outcome) -> Iterator[tuple[Path, str]]:
    if isinstance(expected, str) or isinstance(outcome, str):
        if expected != outcome:
            yield (), f"the row is {_said(outcome)}, and {_said(expected)} is expected"
        return
    codes, reasons = codes_of(expected), outcome.get(REJECTED)
    if codes is None and reasons is None:
        yield from _differences_of_record(expected, outcome)
    elif codes is None or reasons is None:
        yield (), f"the row is {_said(outcome)}, and {_said(expected)} is expected"
    else:
        yield from _differences_of_codes(codes, reasons)


def _differences_of_record(
    expected: Mapping[str, Any], record: Mapping[str, Any]
) -> Iterator[tuple[Path, str]]:
    for name, wanted in expected.items():
        if wanted is None and name in record:
            yield (name,), f"is {record[name]!r} in the record, and is expected not to be in it"
        elif wanted is not None and name not in record:
            yield (name,), f"is not in the record{near(name, record)}"
        elif wanted is not None and not _equal(wanted, record[name]):
            yield (name,), f"is {record[name]!r}, and {wanted!r} is expected"


def _differences_of_codes(
    codes: Mapping[str, str], reasons: Sequence[Mapping[str, str]]
) -> Iterator[tuple[Path, str]]:
    found = {reason["field"]: reason["code"] for reason in reasons}
    if found != codes:
        yield (REJECTED,), f"is {_listed(found)}, and {_listed(codes)} is expected"


def _said(outcome: Outcome) -> str:
    if isinstance(outcome, str):
        return outcome
    if REJECTED not in outcome:
        return "valid"
    given = outcome[REJECTED]
    reasons = given if isinstance(given, list) else []
    found = {reason["field"]: reason["code"] for reason in reasons} or codes_of(outcome) or {}
    return f"rejected ({_listed(found)})"


def _listed(codes: Mapping[str, str]) -> str:
    return ", ".join(f"{field}: {code}" for field, code in codes.items())


def _equal(wanted: object, value: object) -> bool:
    """By value and type, but 1 is 1.0; a date may be written as one."""
    if isinstance(value, str) and value.startswith(DATE):
        return wanted == value or _seconds(wanted) == value.removeprefix(DATE)
    if isinstance(wanted, bool) or isinstance(value, bool):
        return wanted is value
    if isinstance(wanted, float) and isinstance(value, int | float):
        return math.isclose(wanted, value, rel_tol=1e-15)
    return wanted == value


def _seconds(moment: object) -> str | None:
    """Of a date, or of one written as text in ISO 8601; in UTC where it names no zone."""
    try:
        if isinstance(moment, date) and not isinstance(moment, datetime):
            moment = moment.isoformat()
        read = moment if isinstance(moment, datetime) else datetime.fromisoformat(str(moment))
    except ValueError:
        return None
    return str(int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()))
