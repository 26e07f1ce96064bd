import errno
import os
from pathlib import Path

import pytest

from ct_assets.delivery.sender import account_witness
from ct_assets_tests.delivery.kit import NOW


def test_a_note_is_read_as_it_was_written(tmp_path: Path) -> None:
    account_witness.write(tmp_path / "state" / "to" / "customers", "abc", 3, 20, NOW)

    noted = account_witness.read("to", "customers")

    assert noted
    assert (noted.state_id, noted.delivery, noted.keys, noted.at) == ("abc", 3, 20, NOW)
    assert noted.place == f"what {tmp_path} noted beside the account's slots"


@pytest.mark.parametrize("call", ["open", "pwrite", "ftruncate"])
def test_a_note_that_cannot_be_written_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)

    account_witness.write(tmp_path / "state" / "to" / "customers", "abc", 3, 20, NOW)
