import json
from pathlib import Path

import pytest

from ct_assets_tests.benchmarks import quick


def test_records_are_of_paths_that_are_measured() -> None:
    recorded = json.loads(quick.RECORDED.read_text())

    assert set(recorded) <= set(quick.PATHS)
    assert min(recorded.values()) > 0


def test_a_path_without_a_record_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert quick.slower({}, lambda _: 5.0) == {}
    assert capsys.readouterr().out.count("5.00  not recorded") == len(quick.PATHS)


def test_a_path_that_seems_slower_is_measured_once_more() -> None:
    recorded = dict.fromkeys(quick.PATHS, 10.0)
    first, second, *_ = quick.PATHS
    asked: list[str] = []

    def found(path: str) -> float:
        asked.append(path)
        return {first: 11.01, second: 11.01 if asked.count(second) == 1 else 10.9}.get(path, 5.0)

    assert quick.slower(recorded, found) == {first: 11.01}
    assert (asked.count(first), asked.count(second)) == (2, 2)
    assert len(asked) == len(quick.PATHS) + 2


@pytest.mark.parametrize(
    "path",
    [
        "phones, clean",
        "split, events",
        "delivery, events, first",
        "delivery, profiles, unchanged snapshot",
    ],
)
def test_a_sample(tmp_path: Path, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quick, "ROWS", 300)

    assert quick.ratio(path, tmp_path, runs=1) > 0
