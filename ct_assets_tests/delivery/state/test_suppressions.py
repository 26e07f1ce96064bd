import secrets
from pathlib import Path

import pytest

from ct_assets.delivery.state.suppressions import Suppressions
from ct_assets.delivery.state.sync_files import StorageError


def test_two_who_are_the_first_at_once_use_one_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = secrets.token_hex

    def overtaken(size: int) -> str:
        monkeypatch.setattr(secrets, "token_hex", make)
        Suppressions(tmp_path).add([("identity", "zoe")])
        return make(size)

    monkeypatch.setattr(secrets, "token_hex", overtaken)
    Suppressions(tmp_path).add([("identity", "ada")])

    assert all(Suppressions(tmp_path).knows([f"identity:{name}"]) for name in ("ada", "zoe"))
    assert {path.name for path in (tmp_path / ".forgotten").iterdir()} == {"key", "hashes"}


@pytest.mark.parametrize("key", ["", "abc", None])
def test_a_key_that_is_lost_is_not_replaced(tmp_path: Path, key: str | None) -> None:
    Suppressions(tmp_path).add([("identity", "ada")])
    path = tmp_path / ".forgotten/key"
    path.unlink()
    if key is not None:
        path.write_text(key)

    with pytest.raises(StorageError, match="lost or damaged"):
        Suppressions(tmp_path).knows(["identity:ada"])
    with pytest.raises(StorageError, match="lost or damaged"):
        Suppressions(tmp_path).add([("identity", "zoe")])
