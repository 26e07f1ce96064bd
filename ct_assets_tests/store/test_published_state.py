import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.hold import copy_published
from ct_assets.store.objects import ObjectMissing
from ct_assets.store.postgres.lease import LeaseLostError
from ct_assets.store.published_state import UnknownStateError
from ct_assets.store.store_settings import StoreError, StoreSettings
from ct_assets_tests.store.databases import end_sessions, run
from ct_assets_tests.store.published_kit import Host, objects


def test_what_one_host_publishes_another_has(here: Host, there: Host) -> None:
    with here.works():
        here.write(state="1", reports__00000001="one")
    with there.works():
        assert there.files == {"reports/00000001": "one", "state": "1"}
        there.write(state="2", reports__00000002="two")
        (there.folder / "reports" / "00000001").unlink()
    with here.works(for_reading=True):
        assert here.files == {"reports/00000002": "two", "state": "2"}


def test_files_of_work_and_hidden_ones_stay_here(here: Host, there: Host) -> None:
    with here.works():
        here.write(state="1", work__x="x", **{".y.partial": "y", "sends.sqlite-shm": "z"})
    with there.works():
        assert there.files == {"state": "1"}


def test_nothing_is_fetched_twice_or_put_twice(
    here: Host, shared: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.works():
        here.write(state="1", outbox="o")
    before = objects(shared)
    fetched: list[str] = []
    monkeypatch.setattr(FolderObjects, "fetch", lambda _, name, __: fetched.append(name))
    with here.works():
        (here.folder / "state").touch()

    assert fetched == []
    assert objects(shared) == before


def test_what_was_not_published_is_gone(here: Host) -> None:
    with here.works():
        here.write(state="1")
    with contextlib.suppress(ZeroDivisionError), here.works():
        here.write(state="2", more="m")
        raise ZeroDivisionError
    with here.works():
        assert here.files == {"state": "1"}


def test_files_that_nobody_needed_stay_published(here: Host, there: Host) -> None:
    with here.works():
        here.write(state="1", reports__1="one", reports__2="two")
        os.utime(here.folder / "reports" / "1", (1000, 1000))
    with there.works("state") as hold:
        assert there.files == {"state": "1"}
        there.write(state="2", reports__3="three")
        hold.prune(datetime.fromtimestamp(2000, UTC), lambda name: name.startswith("reports/"))
    with here.works():
        assert here.files == {"reports/2": "two", "reports/3": "three", "state": "2"}


def test_others_find_each_file_whole_while_it_is_renewed(
    here: Host, there: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.works():
        here.write(hashes="1", pending="p")
    with there.works():
        there.write(hashes="2")
        (there.folder / "pending").unlink()
    found: list[dict[str, str]] = []
    fetch = FolderObjects.fetch

    def fetched(objects: FolderObjects, name: str, to: Path) -> None:
        found.append(here.files)
        fetch(objects, name, to)

    monkeypatch.setattr(FolderObjects, "fetch", fetched)
    with here.works(for_reading=True):
        found.append(here.files)

    assert found == [{"hashes": "1"}, {"hashes": "2"}]


def test_times_of_files_go_with_them(here: Host, there: Host) -> None:
    with here.works():
        here.write(state="1")
        os.utime(here.folder / "state", (1000, 1000))
    with there.works():
        assert (there.folder / "state").stat().st_mtime == 1000


def test_the_journal_comes_as_a_file_until_it_is_published(here: Host, there: Host) -> None:
    with here.works() as hold:
        here.write(state="1")
        hold.publish()
        hold.journal.write(b"a")
        hold.journal.write(b"b")
    with there.works():
        assert there.files == {"state": "1", "tail": "ab"}
        (there.folder / "tail").unlink()
        there.write(state="2")
    with here.works():
        assert here.files == {"state": "2"}


def test_a_state_that_was_never_shared_is_left_alone(here: Host, there: Host) -> None:
    here.write(state="mine")

    with pytest.raises(UnknownStateError, match=r"has none.*: ct-assets state copy"), here.works():
        pass
    with there.works():
        there.write(state="theirs")
    with pytest.raises(UnknownStateError, match="and the shared store has one"), here.works():
        pass
    assert here.files == {"state": "mine"}


def test_who_only_reads_makes_nothing(here: Host, shared: StoreSettings) -> None:
    with here.works(for_reading=True):
        pass

    assert not here.folder.exists()
    assert run(shared, "select * from ct_assets.syncs") == []


def test_an_object_that_is_missing_stops(here: Host, there: Host, shared: StoreSettings) -> None:
    with here.works():
        here.write(state="1")
    (name,) = objects(shared)
    next(Path(shared.store_url).rglob(name)).unlink()

    with pytest.raises(ObjectMissing, match=f"customers/{name} is missing in"), there.works():
        pass


def test_an_object_that_was_changed_stops(here: Host, there: Host, shared: StoreSettings) -> None:
    with here.works():
        here.write(state="1")
    (name,) = objects(shared)
    next(Path(shared.store_url).rglob(name)).write_text("2")

    with pytest.raises(StoreError, match=f"{name} in .* is not as it was written"), there.works():
        pass


def test_who_was_taken_over_publishes_nothing(
    here: Host, there: Host, shared: StoreSettings
) -> None:
    with contextlib.suppress(LeaseLostError), here.works() as hold:
        here.write(state="old")
        end_sessions(shared)
        with there.works():
            there.write(state="new")

        with pytest.raises(LeaseLostError):
            hold.publish()
    with here.works():
        assert here.files == {"state": "new"}


def test_a_connection_that_is_lost_while_it_publishes_is_no_other_host(
    here: Host, shared: StoreSettings
) -> None:
    with here.works() as hold:
        here.write(state="1")
        end_sessions(shared)
        hold.publish()
        hold.journal.write(b"a")
        here.write(state="2")
    with here.works():
        assert here.files == {"state": "2"}


def test_a_copy_ends_where_an_object_is_lost(
    here: Host, shared: StoreSettings, tmp_path: Path
) -> None:
    with here.works():
        here.write(state="1")
    (name,) = objects(shared)
    next(Path(shared.store_url).rglob(name)).unlink()

    with pytest.raises(ObjectMissing, match=f"{name} is missing in"):
        copy_published(shared, tmp_path / "copy" / "eu1-A" / "customers", "tail")


def test_a_copy_begins_anew_where_others_publish_meanwhile(
    here: Host, shared: StoreSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.works():
        here.write(state="1")
    fetch, copy = FolderObjects.fetch, tmp_path / "copy" / "eu1-A" / "customers"

    def replaced_meanwhile(objects: FolderObjects, name: str, to: Path) -> None:
        monkeypatch.setattr(FolderObjects, "fetch", fetch)
        with here.works() as hold:
            here.write(state="2")
            hold.publish()
            hold.erase_replaced()
        fetch(objects, name, to)

    monkeypatch.setattr(FolderObjects, "fetch", replaced_meanwhile)

    assert copy_published(shared, copy, "tail") is False
    assert (copy / "state").read_text() == "2"
