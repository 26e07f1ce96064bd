import polars as pl
import pytest

from ct_assets.mapping.kept.one_row import is_of_one_row

SCHEMA = pl.Schema(
    {"a": pl.Int64(), "b": pl.String(), "t": pl.Datetime(), "l": pl.List(pl.Int64())}
)


@pytest.mark.parametrize(
    "sql",
    [
        "a > 1",
        "a % 2 = 0",
        "a / 2 > 1",
        "a in (1, 2)",
        "b not in ('x')",
        "lower(b) in ('x', 'y')",
        "round(a, 2)",
        "not (a in (1, 2))",
        "a % 2 is null",
        "cast(a / 2 as int)",
        "case when a % 2 = 0 then 1 end",
        "upper(b) || 'x'",
        "coalesce(a, 0)",
        "b like 'x%'",
        "t > '2026-01-01'",
        "date_part('year', t)",
        "array_length(l)",
        "'x'",
    ],
)
def test_sql_of_a_row_by_itself(sql: str) -> None:
    assert is_of_one_row(pl.sql_expr(sql), SCHEMA)


@pytest.mark.parametrize(
    "sql",
    [
        "max(a)",
        "a = max(a)",
        "max(a % 2)",
        "a % 2 = avg(a)",
        "a in (1, count(*))",
        "a % count(*) = 0",
        "case when a > avg(a) then 1 end",
        "row_number() over (order by a)",
        "sum(a / 2) over (partition by b)",
        "lag(a) over (order by b)",
        "b in (first(b))",
        "count(distinct a) > 1",
    ],
)
def test_sql_of_several_rows(sql: str) -> None:
    assert not is_of_one_row(pl.sql_expr(sql), SCHEMA)
