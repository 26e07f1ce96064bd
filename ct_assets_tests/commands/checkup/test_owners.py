import os
from pathlib import Path

from ct_assets.commands.checkup.diagnosis import Diagnosis
from ct_assets.commands.checkup.owners import owners
from ct_assets.delivery.state.sync_files import user_name


def test_files_of_one_user(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()

    assert list(owners(tmp_path)) == [
        Diagnosis("owner", "ok", f"all files in {tmp_path} are {user_name(os.geteuid())}'s")
    ]
    assert list(owners(tmp_path / "none yet")) == []


def test_files_of_somebody_else_are_named(tmp_path: Path) -> None:
    own = user_name(os.geteuid())
    for number in range(5):
        (tmp_path / f"file-{number}").touch()

    (finding,) = owners(tmp_path, user=4_000_000)

    assert finding == Diagnosis(
        "owner",
        "failed",
        f"files in {tmp_path} that are not 4000000's: file-0 ({own}), file-1 ({own}), "
        f"file-2 ({own}) and 2 more",
        "Runs of 4000000 end there before anything is sent. Let one user start all runs, and give "
        f"that one the files: sudo chown -R 4000000 {tmp_path}",
    )
