from pathlib import Path

import dagster as dg
import duckdb
import pytest
from dagster_duckdb import DuckDBResource

from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.errors import UserError
from ct_assets.io_managers.resources.warehouse_resource import WarehouseResource, warehouse_of
from ct_assets.settings import project_root


@pytest.fixture
def people(tmp_path: Path) -> Path:
    with duckdb.connect(str(tmp_path / "people.duckdb")) as connection:
        connection.execute("create table person as select 7 as id")
    return tmp_path / "people.duckdb"


def test_left_out_it_is_the_file_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path))

    warehouse = warehouse_of(WarehouseResource(seed="data/chinook"))

    assert warehouse.database == tmp_path / "warehouse.duckdb"
    assert warehouse.seed == project_root() / "data/chinook"
    assert warehouse.settings == {"memory_limit": "512MB"}
    assert warehouse_of(WarehouseResource(database="x.duckdb")).database == (
        project_root() / "x.duckdb"
    )


def test_any_duckdb_resource_is_a_warehouse(tmp_path: Path, people: Path) -> None:
    config = {"threads": 1, "memory_limit": "100MB", "enable_external_access": True}
    warehouse = warehouse_of(DuckDBResource(database=str(people), connection_config=config))

    with warehouse.reading(tmp_path / "scratch") as connection:
        row = connection.execute(
            "select id, current_setting('threads'), current_setting('memory_limit'),"
            " current_setting('enable_external_access') from person"
        ).fetchone()
        with pytest.raises(duckdb.Error, match="read-only"):
            connection.execute("delete from person")

    assert row == (7, 1, "95.3 MiB", False)


def test_a_variable_of_the_environment_names_the_file(
    people: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_DATABASE", str(people))

    assert warehouse_of(DuckDBResource(database=dg.EnvVar("SHOP_DATABASE"))).database == people


@pytest.mark.parametrize("database", [":memory:", "md:shop"])
def test_a_database_that_is_no_file_is_refused(database: str) -> None:
    with pytest.raises(UserError, match=rf"has the database '{database}', which is no file; name"):
        warehouse_of(DuckDBResource(database=database))


def test_a_wrong_setting_is_told(tmp_path: Path, people: Path) -> None:
    resource = DuckDBResource(database=str(people), connection_config={"thread": 1})

    with (
        pytest.raises(UserError, match=r"people\.duckdb: "),
        warehouse_of(resource).reading(tmp_path),
    ):
        pass


def test_assets_may_write_through_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CT_DATA_DIR", str(tmp_path / "data"))
    resource = WarehouseResource()

    with resource.get_connection() as connection:
        connection.execute("create table person as select 7 as id")

    query = warehouse_of(resource).value("select id from person", label="person")
    assert query == "7"


def test_commands_read_the_resource_of_the_project(people: Path) -> None:
    resource = DuckDBResource(database=str(people))
    definitions = dg.Definitions(resources={"ct_warehouse": resource})

    assert Project.of(definitions).warehouse.database == people
