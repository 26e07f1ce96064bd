"""Keys of events that an earlier version kept with the blanks around them."""

from pathlib import Path

import duckdb

from ct_assets.delivery.state.sync_files import STATE
from ct_assets.sandbox.testing import SandboxInTest
from ct_assets_tests.delivery.kit import EVENTS, Sync, event


def test_events_that_were_taken_stay_when_their_keys_lose_blanks(
    tmp_path: Path, clevertap_sandbox: SandboxInTest
) -> None:
    """As a warehouse pads what it has as CHAR; some of them were there with and without."""
    sync = Sync(tmp_path, EVENTS, clevertap_sandbox)
    sync.run([event("1"), event("2"), event("3"), event("3x")])
    with duckdb.connect(sync.home / STATE) as state:
        state.execute("update synced set key = '1   ' where key = '1'")
        state.execute("update synced set key = chr(160) || '2' where key = '2'")
        state.execute("update synced set key = '3 ' where key = '3x'")
        state.execute("delete from meta where name = 'keys'")

    result = sync.run([event("1"), event("2"), event("3"), event("4")])

    assert (result.counts.unchanged, result.counts.new) == (3, 1)
    with duckdb.connect(sync.home / STATE, read_only=True) as state:
        kept = state.execute("select key from synced order by key").fetchall()
    assert kept == [("1",), ("2",), ("3",), ("4",)]
