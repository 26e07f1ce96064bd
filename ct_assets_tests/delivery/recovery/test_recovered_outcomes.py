from pathlib import Path

from ct_assets.delivery.recovery.recovered_outcomes import salvage
from ct_assets.delivery.state import state_database
from ct_assets.delivery.state.state_database import scalar
from ct_assets.delivery.state.sync_files import STATE


def test_rows_beyond_those_that_were_deleted_are_salvaged(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        (folder / "work").mkdir(parents=True)
    with state_database.opened(old, old / "work", memory="100MB") as connection:
        connection.execute(
            "insert into synced by name"
            " select 'event' as kind, i::varchar as key, 1 as delivery from range(3000) as r(i)"
        )
        connection.execute("delete from synced where key::int < 2000 and key::int % 2 = 0")

    with state_database.opened(new, new / "work", memory="100MB") as connection:
        lost = salvage(connection, old / STATE, 500)
        rows = scalar(connection, "select count(*) from synced")

    assert (lost, rows) == (0, 2000)
