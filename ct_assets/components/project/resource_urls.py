"""ResourceUrls makes the URL of the database that a resource of Dagster connects to."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote, urlencode

from dagster_duckdb import DuckDBResource

from ct_assets.errors import UserError
from ct_assets.io_managers.resources.warehouse_resource import warehouse_of


def url_of(resource: object, key: str) -> str:
    """The URL of a resource, whose variables of the environment are filled in.

    Raises:
        UserError: It is of no kind that is known.
    """
    if isinstance(resource, DuckDBResource):
        return f"duckdb:///{quote(str(warehouse_of(resource).database.absolute()))}"
    make = _BY_NAME.get(type(resource).__name__)
    if make is None:
        raise UserError(
            f"the resource {key!r} is a {type(resource).__name__}, which tells no database; write "
            f"`url` in place of `resource`. Known are DuckDBResource, {', '.join(_BY_NAME)}"
        )
    return make(resource)


def _snowflake(resource: Any) -> str:  # noqa: ANN401 - of a package that may not be installed
    if not resource.password:
        raise UserError("the SnowflakeResource has no password; write `url` in place of `resource`")
    user, password = quote(resource.user or "", safe=""), quote(resource.password, safe="")
    path = "/".join(quote(part) for part in (resource.database, resource.schema_) if part)
    options = {"warehouse": resource.warehouse, "role": resource.role}
    query = urlencode({name: value for name, value in options.items() if value})
    return f"snowflake://{user}:{password}@{resource.account}/{path}?{query}"


def _bigquery(resource: Any) -> str:  # noqa: ANN401 - of a package that may not be installed
    if not resource.project:
        raise UserError("the BigQueryResource has no project; write `url` in place of `resource`")
    options = {"location": resource.location, "credentials_base64": resource.gcp_credentials}
    query = urlencode({name: value for name, value in options.items() if value})
    return f"bigquery://{resource.project}?{query}"


_BY_NAME: Mapping[str, Callable[[Any], str]] = {
    "SnowflakeResource": _snowflake,
    "BigQueryResource": _bigquery,
}
