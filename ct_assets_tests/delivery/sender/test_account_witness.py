import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.limits import account_slots
from ct_assets_tests.delivery.kit import NOW


def test_a_note_is_read_as_it_was_written(tmp_path: Path) -> None:
    account_witness.write(tmp_path / "state" / "to" / "customers", "abc", 3, 20, NOW)

    noted = account_witness.read(tmp_path / "state" / "to" / "customers")

    assert noted
    assert (noted.state_id, noted.delivery, noted.keys, noted.at) == ("abc", 3, 20, NOW)
    assert noted.place == f"what {tmp_path} noted beside the account's slots"


def test_a_note_is_found_however_the_account_is_spelled(tmp_path: Path) -> None:
    account_witness.write(tmp_path / "a" / "state" / "eu1-A-B" / "people", "abc", 3, 20, NOW)

    noted = account_witness.read(tmp_path / "b" / "state" / "proxy.example_443-a-b" / "people")

    assert noted
    assert noted.state_id == "abc"


def test_a_state_that_is_beside_the_other_is_no_witness_of_a_loss(tmp_path: Path) -> None:
    other = tmp_path / "state" / "eu1-C-D" / "people"
    other.mkdir(parents=True)
    account_witness.write(other, "abc", 3, 20, NOW)

    assert account_witness.read(tmp_path / "state" / "in1-C-D" / "people") is None


def test_notes_of_earlier_versions_are_read(tmp_path: Path) -> None:
    label = hashlib.sha256(b"eu1-E-F").hexdigest()[:16]
    note = account_slots.ROOT / f"{label}-states" / "people"
    note.parent.mkdir(parents=True)
    told = {"state_id": "abc", "delivery": 3, "keys": 20, "folder": "/elsewhere"}
    note.write_text(json.dumps(told))

    noted = account_witness.read(tmp_path / "state" / "eu1-E-F" / "people")

    assert noted
    assert (noted.delivery, noted.place) == (3, "what /elsewhere noted beside the account's slots")


@pytest.mark.parametrize("call", ["open", "pwrite", "ftruncate"])
def test_a_note_that_cannot_be_written_stops_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, call, full)

    account_witness.write(tmp_path / "state" / "to" / "customers", "abc", 3, 20, NOW)
