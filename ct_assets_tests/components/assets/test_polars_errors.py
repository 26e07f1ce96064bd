from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.components.assets.polars_errors import computing
from ct_assets.components.preview.scratch import split_rows
from ct_assets.mapping import SchemaError, Sync, parse

MONEY = pl.Series([Decimal("1234567890123456789012345678.5")], dtype=pl.Decimal(38, 10))
ROWS = pl.DataFrame({"id": ["a"], "word": ["secret"], "money": MONEY, "n": [7]})
CAST = "has a CAST that meets a value it cannot read; write TRY_CAST, which makes it null"
NO_DATE = (
    "makes a date of a text that is none, or casts text to a date, which SQL does not do here: "
)
DATE_WHERE = (
    f"{NO_DATE}compare a text of ISO 8601 as it is, as in `born >= '2024-01-31'`, or make it a "
    "date in the source, and compare that with DATE('2024-01-31')"
)
DATE = (
    NO_DATE
    + "name the column and its `format` in a field, as in `{column: born, format: '%d/%m/%Y'}`, "
    "which rejects such rows alone, or make it a date in the source"
)
DIGITS = "makes a number of more digits than a decimal has; compute with a float, as in "


def people(**settings: Any) -> Sync:
    fields = {"fine": {"expr": "n * 2"}, **settings.pop("fields", {})}
    identified = {"identify_by": [{"identity": "id"}], "fields": fields}
    return parse({"name": "people", "object": "profile", "source": "src", **identified, **settings})


@pytest.fixture
def source(tmp_path: Path) -> pl.LazyFrame:
    ROWS.write_parquet(tmp_path / "rows.parquet")
    return pl.scan_parquet(tmp_path / "rows.parquet")


@pytest.mark.parametrize(
    ("settings", "told", "path"),
    [
        ({"fields": {"F": {"expr": "money * 10"}}}, f"`expr:` of F {DIGITS}", ("fields", "F")),
        ({"fields": {"F": {"expr": "CAST(word AS INT)"}}}, f"`expr:` of F {CAST}", ("fields", "F")),
        ({"where": "CAST(word AS INT) > 1"}, f"`where:` {CAST}", ("where",)),
        *(
            ({"fields": {"F": {"expr": read}}}, f"`expr:` of F {DATE}", ("fields", "F"))
            for read in (
                "STRPTIME(word, '%d/%m/%Y')",
                "DATE(word)",
                "CAST(word AS DATE)",
                "TRY_CAST(word AS DATE)",
                "CAST(word AS TIMESTAMP)",
            )
        ),
        *(
            ({"where": f"{read} > DATE('2024-01-01')"}, f"`where:` {DATE_WHERE}", ("where",))
            for read in ("DATE(word)", "STRPTIME(word, '%F')", "TRY_CAST(word AS DATE)")
        ),
        (
            {"identify_by": [{"identity": {"expr": "CAST(word AS INT)"}}]},
            f"`expr:` of identity {CAST}",
            ("identify_by", 0, "identity"),
        ),
    ],
)
def test_what_cannot_be_computed_is_named(
    source: pl.LazyFrame, settings: dict[str, Any], told: str, path: tuple[str | int, ...]
) -> None:
    with pytest.raises(SchemaError) as caught, split_rows(people(**settings), source):
        pass

    assert str(caught.value).startswith(f"Sync people: {told}")
    assert caught.value.path == path
    assert "secret" not in str(caught.value)


def test_an_error_that_no_expression_has_by_itself_names_its_kind(source: pl.LazyFrame) -> None:
    told = r"Sync people: the rows could not be computed \(SchemaError\)"

    with pytest.raises(SchemaError, match=told), computing(people(), source):
        raise pl.exceptions.SchemaError
