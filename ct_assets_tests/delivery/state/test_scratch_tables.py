import re
from pathlib import Path

import duckdb
import pytest

from ct_assets import delivery
from ct_assets.delivery.state.scratch_tables import ALL, HINTS, ScratchTable
from ct_assets.delivery.state.sync_state import SyncState
from ct_assets_tests.delivery.kit import PROFILES

SPELLED = re.compile(r"\b(?:from|join|into|using|table|view|update) work\.")


@pytest.mark.parametrize("table", ALL, ids=lambda table: table.name)
def test_a_table_has_the_columns_that_it_declares(tmp_path: Path, table: ScratchTable) -> None:
    home = tmp_path / "state" / "to" / "customers"
    with SyncState.open(home, PROFILES) as state, state.database() as connection:
        table.create(connection)
        described = connection.execute(f"describe {table}").fetchall()

    assert {row[0]: row[1].lower() for row in described} == table.columns


def test_a_query_gives_the_declared_columns_or_fails(tmp_path: Path) -> None:
    home = tmp_path / "state" / "to" / "customers"
    with SyncState.open(home, PROFILES) as state, state.database() as connection:
        HINTS.create(connection, "select 1 as other, 'h' as hint, 515 as code")
        assert connection.execute(f"from {HINTS}").fetchall() == [("515", "h")]
        with pytest.raises(duckdb.BinderException, match="hint"):
            HINTS.create(connection, "select 515 as code")


def test_a_view_takes_the_place_of_a_table_and_the_other_way_round(tmp_path: Path) -> None:
    home = tmp_path / "state" / "to" / "customers"
    with SyncState.open(home, PROFILES) as state, state.database() as connection:
        HINTS.create(connection)
        HINTS.create_view(connection, "select '515' as code, 'view' as hint")
        assert connection.execute(f"from {HINTS}").fetchall() == [("515", "view")]
        HINTS.create(connection, "select '515' as code, 'table' as hint")
        assert connection.execute(f"from {HINTS}").fetchall() == [("515", "table")]


def test_no_other_module_spells_a_scratch_table() -> None:
    (folder,) = delivery.__path__
    spelled = [p.name for p in Path(folder).rglob("*.py") if SPELLED.search(p.read_text())]

    assert spelled == []
