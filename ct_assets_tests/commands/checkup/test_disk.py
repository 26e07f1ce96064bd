from pathlib import Path

from ct_assets.commands.checkup.disk import disk


def test_a_folder_to_be(tmp_path: Path) -> None:
    folder = tmp_path / "data" / "below"

    assert [(c.name, c.status) for c in disk(folder, least=0)] == [
        ("CT_DATA_DIR", "ok"),
        ("room", "ok"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_place_where_nothing_can_be_written() -> None:
    (check,) = disk(Path("/proc/data"))

    assert check.status == "failed"
    assert "/proc/data cannot be written to" in check.found


def test_too_little_room(tmp_path: Path) -> None:
    _, room = disk(tmp_path, least=10**18)

    assert room.status == "failed"
    assert "less than 1,000,000,000.0 GB" in room.found
