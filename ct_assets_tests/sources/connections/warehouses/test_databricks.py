"""A contract test: the real connector, by Thrift over HTTP, against answers of its own classes."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.drivers import database_of
from ct_assets_tests.sources.connections.databricks_server import (
    DatabricksServer,
    databricks_server,
    described,
)

NOON = dt.datetime(2024, 1, 2, 12, 30, 0, 250_000)
PERSON = described(
    id="bigint", small="tinyint", total="decimal(38,9)", name="varchar(20)", vip="boolean",
    score="double", day="date", bought="timestamp_ntz", seen="timestamp", tags="array<string>",
)  # fmt: skip


@pytest.fixture
def shop() -> Iterator[DatabricksServer]:
    with databricks_server() as server:
        yield server


def rows(shop: DatabricksServer, query: str, url: str = "", **given: Any) -> ConnectionRows:
    spec = parse({"name": "lake", "url": "x", **given})
    return ConnectionRows(database_of(spec, url or shop.url), query, "shop/person (sql)")


def people(*ids: int) -> Any:
    n = len(ids)
    return pa.table(
        {
            "id": list(ids),
            "small": pa.array([-7] * n, pa.int8()),
            "total": pa.array([Decimal("-1.500000001")] * n, pa.decimal128(38, 9)),
            "name": ["Ada"] * n,
            "vip": [True] * n,
            "score": [0.1] * n,
            "day": [dt.date(9999, 12, 31)] * n,
            "bought": pa.array([NOON] * n, pa.timestamp("us")),
            "seen": pa.array([NOON] * n, pa.timestamp("us", "UTC")),
            "tags": [["a", None]] * n,
        }
    )


def test_types_arrive_whole_and_batch_by_batch(shop: DatabricksServer, tmp_path: Path) -> None:
    shop.answers["describe query"] = PERSON
    shop.answers["person"] = pa.concat_tables([people(2**63 - 1, 2), people(3)])

    rows(shop, "select * from person", time_zone="Asia/Kolkata", timeout_minutes=2).snapshot(
        tmp_path / "x.parquet"
    )

    frame = pl.read_parquet(tmp_path / "x.parquet")
    assert frame.schema == {
        "id": pl.Int64, "small": pl.Int8, "total": pl.Decimal(38, 9), "name": pl.String,
        "vip": pl.Boolean, "score": pl.Float64, "day": pl.Date, "bought": pl.Datetime("us"),
        "seen": pl.Datetime("us", "UTC"), "tags": pl.List(pl.String),
    }  # fmt: skip
    assert frame["id"].to_list() == [2**63 - 1, 2, 3]
    assert frame.row(2)[1:] == (
        -7, Decimal("-1.500000001"), "Ada", True, 0.1, dt.date(9999, 12, 31), NOON,
        NOON.replace(tzinfo=dt.UTC), ["a", None],
    )  # fmt: skip
    (session,) = shop.sessions
    assert session.configuration["timezone"] == "Asia/Kolkata"
    assert session.configuration["statement_timeout"] == "120"
    assert session.initialNamespace.catalogName == "main"
    assert session.initialNamespace.schemaName == "shop"


def test_other_types_are_cast_by_the_server_or_left_out(
    shop: DatabricksServer, tmp_path: Path
) -> None:
    shop.answers["describe query"] = described(
        a="struct<b:int>", m="map<string,int>", v="variant", n="array<array<int>>",
        i="interval day to second", g="geography(4326)",
    )  # fmt: skip
    shop.answers["to_json"] = pa.table(
        {"a": ['{"b":1}'], "m": ["{}"], "v": ["7"], "n": ["[[1]]"], "i": ["INTERVAL '1' DAY"]}
    )

    left_out = rows(shop, "select * from person").snapshot(tmp_path / "x.parquet")

    assert pl.read_parquet(tmp_path / "x.parquet").row(0) == (
        '{"b":1}', "{}", "7", "[[1]]", "INTERVAL '1' DAY",
    )  # fmt: skip
    assert left_out == {
        "g": "its type geography(4326) is not read; write st_asgeojson(g) in a query"
    }
    assert shop.queries[-1] == (
        "select to_json(`a`) as `a`, to_json(`m`) as `m`, to_json(`v`) as `v`, to_json(`n`) as "
        "`n`, cast(`i` as string) as `i` from (\nselect * from person\n) as q"
    )


@pytest.mark.parametrize(
    ("query", "error", "told"),
    [
        ("delete from person", "", "must be one SELECT statement; it only reads"),
        ("select * from persn", "[TABLE_OR_VIEW_NOT_FOUND] The table or view `persn` cannot be "
         "found. SQLSTATE: 42P01", "The table or view `persn` cannot be found."),
        ("select 1 from person", "[CAST_INVALID_INPUT] The value 'canary' of the type \"STRING\"",
         "the server could not give the rows (DatabaseError); its own text is left out"),
        ("select 1 from person", "[INSUFFICIENT_PERMISSIONS] canary", "the token may not read"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_without_values(
    shop: DatabricksServer, tmp_path: Path, query: str, error: str, told: str
) -> None:
    shop.errors = {query: error} if error else {}

    with pytest.raises(UserError) as caught:
        rows(shop, query).snapshot(tmp_path / "x.parquet")

    assert told in str(caught.value)
    assert str(caught.value).startswith("shop/person (sql): ")
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


def test_a_token_that_is_not_accepted(shop: DatabricksServer, tmp_path: Path) -> None:
    url = shop.url.replace("canary-token", "canary-other")

    with pytest.raises(UserError) as caught:
        rows(shop, "select 1", url).snapshot(tmp_path / "x.parquet")

    assert "connection lake: Databricks does not accept the token of the url" in str(caught.value)
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"
