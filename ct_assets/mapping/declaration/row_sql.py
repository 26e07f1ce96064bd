"""RowSql reads the SQL of `expr:` and `where:`, which sees the row and nothing else."""

import re

import polars as pl

from ct_assets.mapping.declaration.problems import mistake

ACROSS_ROWS = "What looks at other rows (sums, counts, windows) belongs into the source's SQL."
_QUOTED = re.compile(
    r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|--[^\n]*|/\*.*?\*/""", re.DOTALL
)
_READS = re.compile(
    r"\bselect\b|\bvalues\s*\(|\(\s*(?:from|table|with)\b|\b(?:read|scan)_\w+\s*\(", re.IGNORECASE
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
        raise mistake(f"cannot be read as SQL: {str(error).splitlines()[0]}.") from None
    names = expression.meta.root_names()
    if not names and "len()" in str(expression):
        raise mistake(f"must be one value of the row, and count(*) counts many. {ACROSS_ROWS}")
    if not names:
        raise mistake(f"names no column. {without_column}")
    if any(n.startswith("_POLARS_TMP") for n in names) or expression.meta.has_multiple_outputs():
        raise mistake("must be one value of the row; subqueries and * are not possible here.")
    if ".over(" in str(expression):
        raise mistake(f"must be one value of the row. {ACROSS_ROWS}")


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
