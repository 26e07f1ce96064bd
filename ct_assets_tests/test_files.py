import os
from pathlib import Path

from ct_assets.files import held_dir, sweep


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
