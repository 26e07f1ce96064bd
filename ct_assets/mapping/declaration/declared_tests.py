"""DeclaredTests model the tests in a declaration: rows, and what is to become of each."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field as Setting
from pydantic import field_validator, model_validator

from ct_assets.mapping.convert.column_types import ColumnType
from ct_assets.mapping.declaration.filling import Part
from ct_assets.mapping.declaration.problems import mistake, shown

FATES = ("cut", "superseded")
"""Fates that an expectation may name in place of a record."""
REJECTED = "rejected"


class RowsTest(Part):
    name: str | None = None
    """Says what the test shows."""
    given: tuple[dict[str, Any], ...] = Setting(min_length=1)
    """A row of the source, or a list of rows; a column that is left out is null."""
    types: dict[str, ColumnType] = Setting(default_factory=dict)
    """Types of columns that YAML has none for: `types: {SignedUp: datetime}`."""
    expect: tuple[str | dict[str, Any], ...] = Setting(min_length=1)
    """For each row: parts of its record by name (null: not in it), `rejected: {FIELD: CODE}`,
    `cut` or `superseded`."""

    @field_validator("given", mode="before")
    @classmethod
    def _rows(cls, raw: object) -> object:
        return (raw,) if isinstance(raw, Mapping) else raw

    @field_validator("expect", mode="before")
    @classmethod
    def _expectations(cls, raw: object) -> object:
        return (raw,) if isinstance(raw, Mapping | str) else raw

    @field_validator("expect")
    @classmethod
    def _readable(
        cls, expectations: tuple[str | dict[str, Any], ...]
    ) -> tuple[str | dict[str, Any], ...]:
        for each in expectations:
            if isinstance(each, str) and each not in FATES:
                raise mistake(
                    f"must be parts of the record, such as `{{Email: ann@example.org}}`, "
                    f"`{REJECTED}: {{FIELD: CODE}}`, {' or '.join(FATES)}, not {shown(each)}."
                )
            if isinstance(each, dict) and not (codes_of(each) or REJECTED not in each):
                raise mistake(
                    f"write which field is rejected, and the code: `{REJECTED}: {{Phone: "
                    "phone_too_short}`, and nothing else beside it."
                )
        return expectations

    @model_validator(mode="after")
    def _one_for_each_row(self) -> "RowsTest":
        if len(self.given) != len(self.expect):
            raise mistake(
                f"{_counted(self.given, 'row')} given and {_counted(self.expect, 'outcome')} "
                "expected: write one for each row."
            )
        return self


def codes_of(expected: Mapping[str, Any]) -> dict[str, str] | None:
    """The codes by field that a row is to be rejected with; None if it is to be valid."""
    codes = expected.get(REJECTED)
    if len(expected) > 1 or not isinstance(codes, Mapping) or not codes:
        return None
    return {str(field): str(code) for field, code in codes.items()}


def _counted(things: Sequence[object], noun: str) -> str:
    return f"{len(things)} {noun}{'' if len(things) == 1 else 's'}"
