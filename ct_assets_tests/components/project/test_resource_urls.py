"""Contract tests: the fields are those of dagster-snowflake's and dagster-gcp's resources."""

import dagster as dg
import pytest
from dagster_duckdb import DuckDBResource
from pydantic import Field

from ct_assets.components.project.resource_urls import url_of
from ct_assets.errors import UserError


class SnowflakeResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    account: str | None = None
    user: str
    password: str | None = None
    database: str | None = None
    schema_: str | None = Field(default=None, alias="schema")
    role: str | None = None
    warehouse: str | None = None


class BigQueryResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    project: str | None = None
    location: str | None = None
    gcp_credentials: str | None = None


class RedshiftResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    host: str = "shop"


SNOWFLAKE = SnowflakeResource(
    account="ab-12", user="ada", password="p@/s", database="SHOP", warehouse="WH", schema="CRM"
)


@pytest.mark.parametrize(
    ("resource", "url"),
    [
        (DuckDBResource(database="/shop/a b.duckdb"), "duckdb:////shop/a%20b.duckdb"),
        (SNOWFLAKE, "snowflake://ada:p%40%2Fs@ab-12/SHOP/CRM?warehouse=WH"),
        (
            SnowflakeResource(account="ab-12", user="ada", password="p", role="READER"),
            "snowflake://ada:p@ab-12/?role=READER",
        ),
        (BigQueryResource(project="shop-1"), "bigquery://shop-1?"),
        (
            BigQueryResource(project="shop-1", location="EU", gcp_credentials="e30="),
            "bigquery://shop-1?location=EU&credentials_base64=e30%3D",
        ),
    ],
    ids=["DuckDB", "Snowflake", "a role", "BigQuery", "credentials"],
)
def test_the_database_of_a_resource(resource: object, url: str) -> None:
    assert url_of(resource, "shop") == url


@pytest.mark.parametrize(
    ("resource", "told"),
    [
        (
            SnowflakeResource(account="ab-12", user="ada"),
            "the SnowflakeResource has no password; write `url` in place of `resource`",
        ),
        (
            BigQueryResource(),
            "the BigQueryResource has no project; write `url` in place of `resource`",
        ),
        (
            RedshiftResource(),
            "the resource 'shop' is a RedshiftResource, which tells no database; write `url` in "
            "place of `resource`. Known are DuckDBResource, SnowflakeResource, BigQueryResource",
        ),
    ],
    ids=["no password", "no project", "another kind"],
)
def test_what_tells_no_database(resource: object, told: str) -> None:
    with pytest.raises(UserError) as refused:
        url_of(resource, "shop")

    assert str(refused.value) == told
