"""Types that an account keeps, compared with those of records; its answer is not published."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ct_assets.delivery.arrival.account_types import TypeConflict, type_conflicts
from ct_assets_tests.delivery.kit import PROFILES, profile
from ct_assets_tests.delivery.segment_kit import Heard, ListServer, SegmentSync, list_server

ROWS = [
    profile("1", Name="Ada", visits=3, tier="gold", tags={"$add": ["a"]}, spent={"$incr": 2}),
    profile("2", born="$D_631152000", vip=True, Age="18"),
]


@pytest.fixture
def server() -> Iterator[ListServer]:
    with list_server() as opened:
        yield opened


def found(folder: Path, server: ListServer, answer: tuple[int, object]) -> Any:
    server.script = lambda _: answer
    sync = SegmentSync(folder, server, PROFILES)
    return type_conflicts(sync.destination, sync.request(ROWS).valid)


Types = dict[str, str | None]


def listed(types: Types, key: str = "type") -> tuple[int, object]:
    named = [{"name": name, key: type_} for name, type_ in types.items()]
    return 200, {"status": "success", "userProperties": named}


def test_the_bytes_of_the_question(tmp_path: Path, server: ListServer) -> None:
    assert found(tmp_path, server, listed({})) == ()
    (heard,) = server.heard
    assert (heard.method, heard.path, heard.body) == ("GET", "/getSchema?type=userProperties", b"")


@pytest.mark.parametrize("key", ["type", "dataType", "data_type"])
def test_conflicts(tmp_path: Path, server: ListServer, key: str) -> None:
    types: Types = {"visits": "String", "tier": "string", "vip": "Boolean", "born": "Date"}
    assert found(tmp_path, server, listed(types, key)) == (
        TypeConflict("visits", "String", "number"),
    )
    others: Types = {
        "tags": "List",
        "spent": "Integer",
        "tier": "Float",
        "born": "Text",
        "x": "List",
    }
    assert found(tmp_path, server, listed(others, key)) == (
        TypeConflict("tier", "Float", "string"),
        TypeConflict("born", "Text", "date"),
    )


def test_a_conflict_in_words() -> None:
    assert str(TypeConflict("visits", "String", "number")) == (
        "visits would be sent as a number, and the account keeps it as String: CleverTap may drop "
        "such values without a word. Declare a `type` that fits, or send it under a new name"
    )


@pytest.mark.parametrize(
    "types", [{"visits": None}, {"visits": "Mixed"}, {"visits": "int8"}, {"Age": "Integer"}]
)
def test_what_is_no_conflict(tmp_path: Path, server: ListServer, types: Types) -> None:
    assert found(tmp_path, server, listed(types)) == ()


@pytest.mark.parametrize(
    "answer", [(404, ""), (500, {"status": "fail"}), (200, "<html>"), (200, {"userProperties": 1})]
)
def test_an_account_that_does_not_tell(
    tmp_path: Path, server: ListServer, answer: tuple[int, object]
) -> None:
    assert found(tmp_path, server, answer) is None


def test_an_account_that_cannot_be_reached(tmp_path: Path, server: ListServer) -> None:
    def cut(_: Heard) -> tuple[int, object]:
        raise ConnectionError

    server.script = cut
    sync = SegmentSync(tmp_path, server, PROFILES)
    assert type_conflicts(sync.destination, sync.request(ROWS).valid) is None
