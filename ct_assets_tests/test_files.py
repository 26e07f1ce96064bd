import os
from pathlib import Path

from ct_assets.files import held_dir, owners_files, private_dir, private_lock, private_log, sweep


def test_a_held_folder_survives_the_sweep_and_goes_with_its_block(tmp_path: Path) -> None:
    with held_dir(tmp_path, ".draft-") as folder:
        (folder / "rows").touch()
        sweep(tmp_path.iterdir())

        assert [path.name for path in tmp_path.glob("*/rows")] == ["rows"]
    assert list(tmp_path.iterdir()) == []


def test_what_a_dead_process_held_is_swept(tmp_path: Path) -> None:
    child = os.fork()
    if child == 0:
        with held_dir(tmp_path, ".draft-"):
            os._exit(0)
    os.waitpid(child, 0)
    assert len(list(tmp_path.iterdir())) == 1

    sweep(tmp_path.iterdir())

    assert list(tmp_path.iterdir()) == []


def test_locks_and_logs_are_private_also_where_they_were_not(tmp_path: Path) -> None:
    for name in ("old.lock", "old.log"):
        (tmp_path / name).touch(mode=0o644)

    for name in ("old.lock", "new.lock"):
        with private_lock(tmp_path / name):
            pass
    for name in ("old.log", "new.log"):
        private_log(tmp_path / name).close()

    assert {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {
        "old.lock": 0o600,
        "new.lock": 0o600,
        "old.log": 0o600,
        "new.log": 0o600,
    }


def test_what_root_makes_in_a_folder_is_its_owners(tmp_path: Path) -> None:
    folder, outside = tmp_path / "data", tmp_path / "outside"
    folder.mkdir()
    outside.write_text("root's")
    root = os.geteuid() == 0
    owner = 12345 if root else os.geteuid()
    if root:
        os.chown(folder, owner, owner)

    with owners_files(folder):
        (folder / "state" / "customers").mkdir(parents=True)
        (folder / "state" / "customers" / "state.duckdb").touch()
        (folder / "twice").hardlink_to(folder / "state" / "customers" / "state.duckdb")
        (folder / "linked").symlink_to(outside)
        (folder / "hard").hardlink_to(outside)

    owned = {str(p.relative_to(folder)): p.lstat().st_uid for p in folder.rglob("*")}
    assert owned == {
        "state": owner,
        "state/customers": owner,
        "state/customers/state.duckdb": owner,
        "twice": owner,
        "linked": owner,
        "hard": os.geteuid(),
    }
    assert outside.stat().st_uid == os.geteuid()


def test_what_root_makes_below_somebodys_folder_is_that_persons(tmp_path: Path) -> None:
    root = os.geteuid() == 0
    owner = 12345 if root else os.geteuid()
    if root:
        os.chown(tmp_path, owner, owner)

    made = private_dir(tmp_path / "data" / "state")

    assert [(f.stat().st_uid, f.stat().st_mode & 0o777) for f in (made, made.parent)] == [
        (owner, 0o700),
        (owner, 0o700),
    ]
