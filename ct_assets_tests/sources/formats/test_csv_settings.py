from typing import Any

import pytest

from ct_assets.mapping.declaration.problems import DeclarationError
from ct_assets.sources.formats import CsvSettings
from ct_assets.sources.source import parse


@pytest.mark.parametrize(
    ("settings", "wrong"),
    [
        ({"encoding": "windows-1252"}, None),
        ({"encoding": "UTF-8"}, None),
        ({"encoding": "latin1"}, None),
        (
            {"encoding": "windows-1525"},
            "encoding: 'windows-1525' is no encoding; did you mean 'windows-1252'? Write one such "
            "as windows-1252, iso-8859-15 or utf-16.",
        ),
        ({"encoding": "base64"}, "encoding: 'base64' is no encoding. Write one such as"),
        ({"separator": ";"}, None),
        ({"separator": "tab"}, None),
        ({"separator": "\\t"}, None),
        ({"separator": "\x01"}, None),
        ({"separator": ""}, "separator: is empty. Leave it out, and the header tells it."),
        (
            {"separator": "||"},
            "separator: '||' must be one character of ASCII, such as ';' or tab.",
        ),
        ({"separator": "§"}, "separator: '§' must be one character of ASCII"),
        ({"separator": '"'}, "separator: '\"' has another meaning here, too. Keep one."),
        ({"separator": "'", "quote": "'"}, 'separator: "\'" has another meaning here'),
        ({"quote": "none"}, None),
        ({"quote": "''"}, "quote: \"''\" must be one character of ASCII, such as '\"' or none."),
        ({"escape": "\\"}, None),
        ({"escape": "\\\\"}, "escape: '\\\\\\\\' must be one character of ASCII, such as '\\'."),
        ({"nulls": ["\\N", "NULL"], "skip": 3}, None),
        ({"skip": -1}, "skip: must be at least 0, not -1."),
        ({"skip": "1"}, "skip: must be a whole number, not '1'."),
    ],
)
def test_settings_of_csv(settings: dict[str, Any], wrong: str | None) -> None:
    raw = {"asset": "a", "file": "a.csv", **settings}
    if wrong is None:
        assert parse(raw).csv is not None
        return
    with pytest.raises(DeclarationError) as caught:
        parse(raw)
    assert wrong in str(caught.value)


@pytest.mark.parametrize(
    "where", [{"file": "a.parquet"}, {"file": "a.ndjson"}, {"table": "t"}, {"sql": "select 1"}]
)
def test_they_are_for_csv(where: dict[str, str]) -> None:
    with pytest.raises(DeclarationError, match=r"skip: is for CSV files. Leave it out\."):
        parse({"asset": "a", **where, "skip": 1})


def test_a_pattern_may_leave_the_format_open() -> None:
    assert parse({"asset": "a", "file": "a.*", "skip": 1}).csv == CsvSettings(skip=1)
