import gc

import pytest

from ct_assets.clevertap.garbage_pause import GarbagePause


def test_the_last_that_leaves_ends_the_pause() -> None:
    pause = GarbagePause()

    with pause:
        with pause:
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()


def test_an_error_ends_it_too() -> None:
    with pytest.raises(ValueError, match="not JSON"), GarbagePause():
        raise ValueError("not JSON")

    assert gc.isenabled()


def test_one_who_does_without_collection_keeps_to_it() -> None:
    gc.disable()
    try:
        with GarbagePause():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_lasts_counts_as_old_at_once() -> None:
    made = list[object]()
    with GarbagePause(lasting=True):
        made.append([made])

    assert any(each is made[0] for each in gc.get_objects(generation=2))


def test_what_others_have_frozen_stays_so() -> None:
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        with GarbagePause(lasting=True):
            pass
        assert gc.get_freeze_count() == frozen
    finally:
        gc.unfreeze()
