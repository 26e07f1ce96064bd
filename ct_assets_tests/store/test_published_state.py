import contextlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.hold import SharedHold, copy_published, shared_hold
from ct_assets.store.objects import ObjectMissing
from ct_assets.store.postgres.lease import LeaseLostError
from ct_assets.store.published_state import NOTE, UnknownStateError
from ct_assets.store.store_settings import StoreError, StoreSettings
from ct_assets_tests.store.databases import end_sessions, run


class Host:
    """A disk with the folder of one sync."""

    def __init__(self, disk: Path, shared: StoreSettings) -> None:
        self.folder = disk / "state" / "eu1-A" / "customers"
        self._shared = shared

    @contextlib.contextmanager
    def works(self, *names: str, for_reading: bool = False) -> Iterator[SharedHold]:
        """`names` are fetched; all of them, if there are none."""
        needed = (lambda known: {*known} & {*names}) if names else set
        with shared_hold(
            self._shared, self.folder, needed=needed, for_reading=for_reading, tail="tail"
        ) as hold:
            yield hold

    def write(self, **files: str) -> None:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    @property
    def files(self) -> dict[str, str]:
        paths = [p for p in sorted(self.folder.rglob("*")) if p.is_file() and p.name != NOTE]
        return {p.relative_to(self.folder).as_posix(): p.read_text() for p in paths}


@pytest.fixture
def here(shared: StoreSettings, tmp_path: Path) -> Host:
    return Host(tmp_path / "here", shared)


@pytest.fixture
def there(shared: StoreSettings, tmp_path: Path) -> Host:
    return Host(tmp_path / "there", shared)


def objects(shared: StoreSettings) -> list[str]:
    return [p.name for p in sorted(Path(shared.store_url).rglob("state/**/*")) if p.is_file()]


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


def test_replaced_objects_stay_for_a_while(here: Host, shared: StoreSettings) -> None:
    for text in ("1", "2"):
        with here.works():
            here.write(state=text)
    assert len(objects(shared)) == 2

    run(shared, "update ct_assets.replaced set at = now() - interval '2 hours'")
    with here.works():
        pass

    assert len(objects(shared)) == 1


def test_what_a_person_has_erased_is_gone_at_once(here: Host, shared: StoreSettings) -> None:
    with here.works():
        here.write(state="1")
    with here.works() as hold:
        here.write(state="2")
        hold.publish()
        hold.erase_replaced()

    assert len(objects(shared)) == 1


def test_a_kill_in_the_midst_of_an_erasure_leaves_nothing_for_ever(
    here: Host, shared: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.works():
        here.write(state="1")

    def killed(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as kill, contextlib.suppress(ZeroDivisionError), here.works() as h:
        kill.setattr(FolderObjects, "remove", killed)
        here.write(state="2")
        h.publish()
        h.erase_replaced()
    assert len(objects(shared)) == 2

    with here.works() as hold:
        hold.erase_replaced()

    assert len(objects(shared)) == 1
    assert run(shared, "select * from ct_assets.replaced") == []


def test_what_two_killed_hosts_left_is_removed(here: Host, shared: StoreSettings) -> None:
    """The second one had published, and was killed before it removed what the first one left."""
    folder = Path(shared.store_url) / "state" / "eu1-A" / "customers"
    with here.works():
        here.write(state="1")
    with contextlib.suppress(ZeroDivisionError), here.works():
        (folder / "0000000002-ab12-state").write_text("never published")
        raise ZeroDivisionError
    with contextlib.suppress(ZeroDivisionError), here.works() as hold:
        here.write(more="m")
        hold.publish()
        raise ZeroDivisionError

    with here.works():
        pass

    assert [name[:10] for name in objects(shared)] == ["0000000001", "0000000003"]


def test_objects_that_a_killed_host_left_are_removed(here: Host, shared: StoreSettings) -> None:
    with here.works():
        here.write(state="1")
    with contextlib.suppress(ZeroDivisionError), here.works():
        left = Path(shared.store_url) / "state" / "eu1-A" / "customers" / "0000000002-ab12-state"
        left.write_text("never published")
        raise ZeroDivisionError
    assert len(objects(shared)) == 2

    with here.works():
        here.write(state="3")

    assert [name[:10] for name in objects(shared)] == ["0000000001", "0000000003"]


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
