"""A contract test: Google's client, over HTTP, against answers as its reference has them."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.drivers import database_of
from ct_assets.sources.incremental.lower_bound import LowerBound
from ct_assets_tests.sources.connections.bigquery_server import BigqueryServer, bigquery_server

NOON = dt.datetime(2024, 1, 2, 12, 30, 0, 250_000)


@pytest.fixture
def shop() -> Iterator[BigqueryServer]:
    with bigquery_server() as server:
        yield server


def column(name: str, kind: str, mode: str = "NULLABLE", **more: Any) -> dict[str, Any]:
    return {"name": name, "type": kind, "mode": mode, **more}


PERSON = [
    column("id", "INTEGER"), column("total", "NUMERIC"), column("rate", "NUMERIC", precision="12",
    scale="2"), column("name", "STRING"), column("vip", "BOOLEAN"), column("score", "FLOAT"),
    column("day", "DATE"), column("bought", "DATETIME"), column("seen", "TIMESTAMP"),
    column("tags", "STRING", "REPEATED"),
]  # fmt: skip
FULL: list[Any] = [
    str(2**63 - 1), "-1.500000001", "1.25", "Ada \"é\"", "true", "0.1", "9999-12-31",
    "2024-01-02T12:30:00.250000", "1704198600250000", ["a", "b"],
]  # fmt: skip
NONE: list[Any] = ["2", *[None] * 8, []]


def rows(shop: BigqueryServer, query: str, **given: Any) -> ConnectionRows:
    spec = parse({"name": "lake", "url": "x", **given})
    return ConnectionRows(database_of(spec, shop.url), query, "shop/person (sql)")


def test_types_arrive_whole_and_page_by_page(shop: BigqueryServer, tmp_path: Path) -> None:
    shop.answers["person"] = (PERSON, [FULL, NONE, NONE, FULL, NONE])

    rows(shop, "select * from person").snapshot(tmp_path / "x.parquet")

    frame = pl.read_parquet(tmp_path / "x.parquet")
    assert frame.schema == {
        "id": pl.Int64, "total": pl.Decimal(38, 9), "rate": pl.Decimal(12, 2), "name": pl.String,
        "vip": pl.Boolean, "score": pl.Float64, "day": pl.Date, "bought": pl.Datetime("us"),
        "seen": pl.Datetime("us", "UTC"), "tags": pl.List(pl.String),
    }  # fmt: skip
    assert frame.height == 5
    assert frame.row(3) == (
        2**63 - 1, Decimal("-1.500000001"), Decimal("1.25"), 'Ada "é"', True, 0.1,
        dt.date(9999, 12, 31), NOON, NOON.replace(tzinfo=dt.UTC), ["a", "b"],
    )  # fmt: skip
    assert frame.row(4) == (2, *[None] * 8, [])


def test_other_types_are_cast_by_the_server_or_left_out(
    shop: BigqueryServer, tmp_path: Path
) -> None:
    kinds = ["BIGNUMERIC", "JSON", "TIME", "INTERVAL", "GEOGRAPHY", "RECORD"]
    made = [column(kind.lower(), kind) for kind in kinds]
    listed = column("lines", "RECORD", "REPEATED")
    text = [column(each["name"], "STRING") for each in [*made, listed] if each["type"] != kinds[4]]
    shop.answers["cast(`"] = (text, [["1.25", '{"a":1}', "12:30:00", "0-0 1 0:0:0", '{"b":2}',
                                      '[{"c":3}]']])  # fmt: skip
    shop.answers["everything"] = ([*made, listed], [])

    left_out = rows(shop, "select * from everything").snapshot(tmp_path / "x.parquet")

    frame = pl.read_parquet(tmp_path / "x.parquet")
    assert frame.row(0) == (
        Decimal("1.25"), '{"a":1}', "12:30:00", "0-0 1 0:0:0", '{"b":2}', '[{"c":3}]',
    )  # fmt: skip
    assert left_out == {
        "geography": "its type geography is not read; write st_asgeojson(geography) in a query"
    }
    assert shop.jobs[-1]["query"]["query"] == (
        "select cast(`bignumeric` as string) as `bignumeric`, to_json_string(`json`) as `json`, "
        "cast(`time` as string) as `time`, cast(`interval` as string) as `interval`, "
        "to_json_string(`record`) as `record`, to_json_string(`lines`) as `lines` from (\n"
        "select * from everything\n) as q"
    )


def test_settings_reach_the_server(shop: BigqueryServer, tmp_path: Path) -> None:
    shop.answers["person"] = ([column("id", "INTEGER"), column("at", "TIMESTAMP")], [])
    source = rows(shop, "select * from person", time_zone="Asia/Kolkata", timeout_minutes=2)

    source.since(LowerBound("at", "2024-01-02T00:00:00+00:00", dt.timedelta(hours=1))).snapshot(
        tmp_path / "x.parquet"
    )

    job = shop.jobs[-1]
    assert job["jobTimeoutMs"] == "120000"
    assert job["query"]["connectionProperties"] == [{"key": "time_zone", "value": "Asia/Kolkata"}]
    assert job["query"]["defaultDataset"] == {"projectId": "shop-project", "datasetId": "shop"}
    assert job["query"]["query"] == (
        "select * from (\nselect * from person\n) as q "
        "where `at` >= '2024-01-01 23:00:00+00:00' or `at` is null"
    )
    assert [each.get("dryRun") for each in shop.jobs] == [True, True, False]


def test_values_and_tables(shop: BigqueryServer) -> None:
    shop.answers["max(`id`)"] = ([column("value", "INTEGER")], [["3"]])
    shop.answers["count(*)"] = ([column("value", "INTEGER")], [["7"]])
    shop.answers["person"] = ([column("id", "INTEGER")], [])
    people = rows(shop, "select id from person")

    assert people.largest("id") == "3"
    assert people.count(("id", "1")) == 7
    assert "where `id` > 1" in shop.jobs[-1]["query"]["query"]
    with people.database.session("x") as session:
        assert session.tables() == ["shop.person"]
    assert people.database.table_query("shop.`per.son`") == "select * from `shop`.`per.son`"


@pytest.mark.parametrize(
    ("query", "error", "told"),
    [
        ("delete from person where true", None, "must be one SELECT statement; it only reads"),
        ("select * from persn", (404, "notFound", "Not found: Table shop-project:shop.persn was "
         "not found in location EU"), "there is no table 'shop-project.shop.persn'; did you mean "
         "'shop.person'?"),
        ("select 1 from person", (403, "accessDenied", "Access Denied: canary"),
         "the credentials may not read all that the query names, or not run jobs"),
        ("select 1 from person", (400, "invalidQuery", "Bad int64 value: canary"),
         "BigQuery could not give the rows (BadRequest); its own text is left out"),
        ("select 1 from person", (400, "bytesBilledLimitExceeded", "canary"),
         "the query would read more bytes than may be billed"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_without_values(
    shop: BigqueryServer, tmp_path: Path, query: str, error: Any, told: str
) -> None:
    shop.answers["person"] = ([column("id", "INTEGER")], [["1"]])
    shop.errors = {query: error} if error else {}

    with pytest.raises(UserError) as caught:
        rows(shop, query).snapshot(tmp_path / "x.parquet")

    assert told in str(caught.value)
    assert str(caught.value).startswith("shop/person (sql): ")
    assert "canary" not in f"{caught.value!r}{caught.value.__context__!r}"


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("credentials_path=/none/key.json", "there is no file at its credentials_path"),
        ("credentials_base64=canary", "its credentials_base64 is no key of Google in base64"),
        ("credentials_base64=e30%3D", "its credentials are no key of Google"),
    ],
)
def test_credentials_that_are_none(options: str, told: str) -> None:
    database = database_of(parse({"name": "lake", "url": "x"}), f"bigquery://p/d?{options}")

    with pytest.raises(UserError) as caught:
        database.session("shop/person (sql)")

    assert str(caught.value) == f"shop/person (sql): connection lake: {told}"
