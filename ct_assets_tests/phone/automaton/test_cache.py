import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ct_assets.phone.automaton import cache
from ct_assets.phone.compiler.automaton import Automaton


def signed(**arrays: Any) -> bytes:
    """The content that `save` would write if these were the arrays of an automaton."""
    archive = io.BytesIO()
    np.savez_compressed(archive, **arrays)
    return hashlib.sha256(archive.getvalue()).digest() + archive.getvalue()


def test_what_was_saved_is_loaded(compiled: Automaton, tmp_path: Path) -> None:
    file = tmp_path / "deep" / "automaton"

    cache.save(compiled, file)
    loaded = cache.load(file)

    assert loaded is not None
    for saved, read in zip(compiled, loaded, strict=True):
        np.testing.assert_array_equal(saved, read)
    assert [path.name for path in file.parent.iterdir()] == ["automaton"]


def test_a_reader_sees_a_whole_file_while_others_write(compiled: Automaton, tmp_path: Path) -> None:
    file = tmp_path / "automaton"
    cache.save(compiled, file)

    with ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(cache.save, compiled, file) for _ in range(6)]
        while not all(writer.done() for writer in writers):
            assert cache.load(file) is not None

    assert [path.name for path in tmp_path.iterdir()] == ["automaton"]


@pytest.fixture(scope="module")
def whole(compiled: Automaton, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    file = tmp_path_factory.mktemp("cache") / "automaton"
    cache.save(compiled, file)
    return file.read_bytes()


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "longer", "text", "other"])
def test_a_damaged_file_is_as_good_as_none(damage: str, whole: bytes, tmp_path: Path) -> None:
    file = tmp_path / "automaton"
    match damage:
        case "missing":
            pass
        case "empty":
            file.write_bytes(b"")
        case "cut":
            file.write_bytes(whole[: len(whole) // 2])
        case "longer":
            file.write_bytes(whole + b"!")
        case "text":
            file.write_text("not an archive")
        case "other":
            file.write_bytes(signed(steps=np.zeros(3)))

    assert cache.load(file) is None


@pytest.mark.parametrize("part", range(50))
def test_a_changed_bit_anywhere_is_noticed(part: int, whole: bytes, tmp_path: Path) -> None:
    place = (len(whole) - 1) * part // 49
    changed = bytearray(whole)
    changed[place] ^= 1 << part % 8
    file = tmp_path / "automaton"
    file.write_bytes(changed)

    assert cache.load(file) is None


def test_objects_are_never_unpickled(tmp_path: Path) -> None:
    file = tmp_path / "automaton"
    arrays: dict[str, Any] = {name: np.array([{}]) for name in Automaton._fields}
    file.write_bytes(signed(**arrays))

    assert cache.load(file) is None


def test_a_disk_that_cannot_be_written_is_no_error(compiled: Automaton, tmp_path: Path) -> None:
    not_a_directory = tmp_path / "file"
    not_a_directory.write_text("")

    cache.save(compiled, not_a_directory / "automaton")

    assert cache.load(not_a_directory / "automaton") is None
