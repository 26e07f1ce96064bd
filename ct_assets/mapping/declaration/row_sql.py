"""RowSql reads the SQL of `expr:` and `where:`, which sees the row and nothing else."""

import re
from collections.abc import Mapping, Sequence

import polars as pl

from ct_assets.mapping.declaration.problems import mistake

ACROSS_ROWS = "What looks at other rows (sums, counts, windows) belongs into the source's SQL."
_QUOTED = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|/\*.*?\*/""", re.DOTALL
)
_READS = re.compile(
    r"\bselect\b|\bvalues\s*\(|\(\s*(?:from|table|with)\b|\b(?:read|scan)_\w+\s*\(", re.IGNORECASE
)
_NO_DATE_FUNCTION = re.compile(r"unsupported function '\w*(?:date|time|parse)")
_TEXT_FOR_NUMBER = re.compile(
    r"compare string with numeric|'is_in' cannot check for String|arithmetic on dtypes|dtype `str`"
)
_NUMBER_FOR_TEXT = re.compile(
    r"compare string with numeric|'is_in' cannot check for \w+ values in List\(String\)"
    r"|expected `?String"
)
_TEXT_FOR_DATE = re.compile("cannot compare 'date/datetime/time' to a string")
DATES_OF_TEXT = (
    "Dates as text are read by the `format` of a field, as in `{column: born, format: '%d/%m/%Y'}`."
)
_BEGIN = {"'": "''", '"': '""', "`": '""'}
_UNCLEAR = re.compile(r"\$|(?<!\w)(?:\w|u&)''|--|/\*", re.IGNORECASE)
"""Quotes and comments of which not every dialect of SQL says where they end."""


def sql_columns(text: str) -> set[str]:
    return set(pl.sql_expr(text).meta.root_names())


def check_sql(text: str, without_column: str = "Use `value:` for a constant.") -> None:
    """Raises a mistake that a polars SQL expression has, whatever the columns are.

    `without_column` is the advice for one that is the same for every row.
    """
    _refuse_reading(text)
    try:
        expression = pl.sql_expr(text)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise mistake(f"cannot be read as SQL: {_unreadable(str(error))}") from None
    names = expression.meta.root_names()
    if not names and "len()" in str(expression):
        raise mistake(
            "must be one value of the row, and count(*), row_number() and the like are of many. "
            + ACROSS_ROWS
        )
    if not names:
        raise mistake(f"names no column. {without_column}")
    if any(n.startswith("_POLARS_TMP") for n in names) or expression.meta.has_multiple_outputs():
        raise mistake("must be one value of the row; subqueries and * are not possible here.")
    if ".over(" in str(expression):
        raise mistake(f"must be one value of the row. {ACROSS_ROWS}")


def _unreadable(error: str) -> str:
    why = error.splitlines()[0].removesuffix(" as Expr")
    if _NO_DATE_FUNCTION.search(why):
        return f"{why}. {DATES_OF_TEXT}"
    return f"{why}."


def clash(error: str, types: Mapping[str, pl.DataType]) -> str | None:
    """Why an expression over columns of these types cannot be computed, and what to write instead.

    None where polars' own words have to do.
    """
    texts = [name for name, dtype in types.items() if dtype == pl.String]
    numbers = [name for name, dtype in types.items() if dtype.is_numeric()]
    if _TEXT_FOR_NUMBER.search(error) and texts:
        return (
            f"takes {_named(texts)} for a number, which is text: write "
            f"TRY_CAST({texts[0]} AS BIGINT), or put what it is compared with into single quotes"
        )
    if _NUMBER_FOR_TEXT.search(error) and numbers:
        return (
            f"takes {_named(numbers)} for text, which is a number: write "
            f"CAST({numbers[0]} AS VARCHAR), or leave out the quotes of what it is compared with"
        )
    if _TEXT_FOR_DATE.search(error):
        return "compares a date with a text: write a day like DATE('2024-01-31')"
    return None


def _named(columns: Sequence[str]) -> str:
    return " or ".join(repr(name) for name in columns)


def _refuse_reading(text: str) -> None:
    """Before polars sees it: polars reads the files and addresses of a subquery at once."""
    bare = _QUOTED.sub(lambda match: _BEGIN.get(match[0][0], f" {match[0][:2]} "), text)
    found = _READS.search(bare) or (_UNCLEAR.search(bare) and _READS.search(text))
    if found:
        word = found[0].strip("( ").split("(")[0].strip()
        raise mistake(
            f"must be one value of the row, and sees nothing else: {word!r} is not possible here. "
            "Join other tables and files in the source's SQL (`sql:` of a SourceTable), and name "
            "the column that this gives."
        )
