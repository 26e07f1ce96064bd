from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ct_assets.phone import cache
from ct_assets.phone.automaton import Automaton


def test_what_was_saved_is_loaded(compiled: Automaton, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "automaton.npz"

    cache.save(compiled, file)
    loaded = cache.load(file)

    assert loaded is not None
    for saved, read in zip(compiled, loaded, strict=True):
        np.testing.assert_array_equal(saved, read)
    assert [path.name for path in file.parent.iterdir()] == ["automaton.npz"]


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "changed", "text", "other"])
def test_a_damaged_file_is_as_good_as_none(
    damage: str, compiled: Automaton, tmp_path: Path
) -> None:
    file = tmp_path / "automaton.npz"
    cache.save(compiled, file)
    whole = file.read_bytes()
    middle = len(whole) // 2
    match damage:
        case "missing":
            file.unlink()
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(whole[:middle])
        case "changed":
            file.write_bytes(whole[:middle] + bytes(64) + whole[middle + 64 :])
        case "text":
            file.write_text("not an archive")
        case "other":
            np.savez_compressed(file, steps=np.zeros(3))

    assert cache.load(file) is None


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "automaton.npz"
    arrays: dict[str, Any] = {name: np.array([{}]) for name in Automaton._fields}
    np.savez_compressed(file, **arrays)

    assert cache.load(file) is None


def test_a_disk_that_cannot_be_written_is_no_error(compiled: Automaton, tmp_path: Path) -> None:
    not_a_directory = tmp_path / "file"
    not_a_directory.write_text("")

    cache.save(compiled, not_a_directory / "automaton.npz")

    assert cache.load(not_a_directory / "automaton.npz") is None
