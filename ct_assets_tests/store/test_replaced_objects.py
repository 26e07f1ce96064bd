"""Objects that no pointer names any more go, whoever was killed."""

import contextlib
from pathlib import Path

import pytest

from ct_assets.store.folder_objects import FolderObjects
from ct_assets.store.store_settings import StoreSettings
from ct_assets_tests.store.databases import run
from ct_assets_tests.store.published_kit import Host, objects


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
