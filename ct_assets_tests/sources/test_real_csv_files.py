"""CSV as other programs write it: what it holds arrives, or is refused with a reason."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from ct_assets.sources import watermark
from ct_assets.sources.formats import CsvSettings
from ct_assets_tests.sources.real_files_kit import read, refused

INSIDE = "has a quote inside a value in quotes; double it, or declare `escape`"
ESCAPED = "has a quote behind a backslash; declare `escape: '\\'`, or double such quotes"
STRAY = "has a quote inside a value that is not in quotes; put the value into quotes and double"
BLANK = "has a blank between a quote and the separator or the end of the line; take it out, so that"
CRCRLF = "ends in CR CR LF; save the file with line ends of LF or CRLF"


# What a file holds, how it is declared, and the rows or the refusal.
FILES: Sequence[tuple[bytes, dict[str, Any], list[tuple[str | None, ...]] | str]] = [
    (b'id,n\n1,"Ann ""A"" Bell"\n', {}, [("1", 'Ann "A" Bell')]),
    (b'id,n\n1,"Ann "A" Bell"\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,"Ann "A""\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,""Ann""\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,Ann "A" Bell\n', {}, f"line 2 {STRAY}"),
    (b'id,n\n1, "Ann"\n', {}, f"line 2 {BLANK}"),
    (b'id, "n"\n1,x\n', {}, f"line 1 {BLANK}"),
    (b'id,n\n1,"Ann"  \r\n', {}, f"line 2 {BLANK}"),
    (b'id,n,m\n1,"Ann" ,x\n', {}, f"line 2 {BLANK}"),
    (b'id,n\n1,"Ann" ', {}, f"line 2 {BLANK}"),
    (b'id,n\n1,"a " ", c"\n', {}, f"line 2 {INSIDE}"),
    (b'id,n\n1,a "b"\n', {}, f"line 2 {STRAY}"),
    (b'id,n\n1,5\'6" x 7"\n', {}, f"line 2 {STRAY}"),
    (b'id,n\n1,5\'6" x 7"\n', {"quote": "none"}, [("1", "5'6\" x 7\"")]),
    (b'id,n\n1,"Ann \\"A\\" Bell"\n', {}, f"line 2 {ESCAPED}"),
    (b'id,n\n1,"Ann \\"A\\" Bell"\n', {"escape": "\\"}, [("1", 'Ann "A" Bell')]),
    (b'id,n\n1,"{\\"a\\": 1}"\n', {}, f"line 2 {ESCAPED}"),
    (b'id,n\n1,"{\\"a\\": 1}"\n', {"escape": "\\"}, [("1", '{"a": 1}')]),
    (b'id,n\n1,"a\\\\b\\"c"\n2,"C:\\dir"\n', {"escape": "\\"}, [("1", 'a\\b"c'), ("2", "C:\\dir")]),
    (b'id,n\n1,"a\\\\"\n2,b\\,c\n', {"escape": "\\"}, [("1", "a\\"), ("2", "b,c")]),
    (b'id,n\n1,a\\\nb\n2,\\\\\n', {"escape": "\\"}, [("1", "a\nb"), ("2", "\\")]),
    (b'id,n\n1,"a ^" b"\n', {"escape": "^"}, [("1", 'a " b')]),
    (b'id,n\n1,"a ""b"" c"\n', {"escape": '"'}, [("1", 'a "b" c')]),
    (b"id,n\n1,'a, ''b'''\n2,\"x\"\n", {"quote": "'"}, [("1", "a, 'b'"), ("2", '"x"')]),
    (b"id,n\n1,'a'b'\n", {"quote": "'"}, f"line 2 {INSIDE}"),
    (b"id,n\n1,x\r\r\n", {}, f"line 2 {CRCRLF}"),
    (b"id,n\r\r\n1,x\r\r\n", {}, f"line 1 {CRCRLF}"),
    (b'id,n\r\n1,"x\r\r\ny"\r\n', {}, [("1", "x\r\r\ny")]),
    (b'id,n\r\n1,"x\r"\r\n', {}, [("1", "x\r")]),
    (b'\xef\xbb\xbf"id","n"\r\n"1","x"\r\n', {}, [("1", "x")]),
    (b'id,n\n1,"a\nb"\n2,"c"d"\n', {}, f"line 4 {INSIDE}"),
    (b'id,n\n1,"a\n2,b\n', {}, "line 2 has a quote that is opened and never closed"),
    (b"id,n\n1,\\N\n2,NULL\n3,N\n", {"nulls": ("\\N", "NULL")},
     [("1", None), ("2", None), ("3", "N")]),
    (b'id,n\n1,\\N\n2,"\\\\N"\n', {"nulls": ("\\N",), "escape": "\\"}, [("1", None), ("2", "\\N")]),
    (b'id,n\n1,""\n2,\n3," "\n', {}, [("1", ""), ("2", None), ("3", " ")]),
    (b'id,n\n1,""\n2,\n3,NULL\n', {"nulls": ("NULL",)}, [("1", ""), ("2", None), ("3", None)]),
    (b'id,n\n1,""\n2,\n3,NULL\n', {"nulls": ("", "NULL")},
     [("1", None), ("2", None), ("3", None)]),
    (b"id\tn\n1\t\\N\n", {"nulls": ("\\N",), "quote": "none"}, [("1", None)]),
    (b"Report of May\n\nid;n\n1;x\n", {"skip": 2}, [("1", "x")]),
    (b'Report "of May\nid;n\n1;"x"\n', {"skip": 1}, [("1", "x")]),
    (b"Report\nid,n\n1,x\n2\n", {"skip": 1}, "line 4 has fewer fields than the header"),
    (b'Report\nid,n\n1,"x"y"\n', {"skip": 1}, f"line 3 {INSIDE}"),
    (b"id;n\n1;a;b\n", {}, "line 2 has more fields than the header; is a value with ';' in it not"),
    (b"# of May\nid,n\n1,x\n", {}, "line 2 has more fields than the header; is a value with ',' in "
     "it not in quotes? Or is line 1 no header? Then declare how many lines to `skip`"),
    (b"sep=;\nid;n\n1;x\n", {"skip": 1}, [("1", "x")]),
    (b"id\x01n\n1\x01a,b;c\n", {"separator": "\x01"}, [("1", "a,b;c")]),
    (b"id\tn\n1\ta,b\n", {"separator": "tab"}, [("1", "a,b")]),
    (b"id~n,m\n1~x\n", {"separator": "~"}, [("1", "x")]),
    ("id;n\n1;Müller €\n".encode("cp1252"), {"encoding": "windows-1252"}, [("1", "Müller €")]),
    ("id;n\n1;Müller €\n".encode("iso-8859-15"), {"encoding": "l9"}, [("1", "Müller €")]),
    ("id,n\n1,Łódź\n".encode("cp1250"), {"encoding": "windows-1250"}, [("1", "Łódź")]),
    ("id\tn\r\n1\t日本\r\n".encode("utf-16"), {"encoding": "utf-16"}, [("1", "日本")]),
    ("\ufeffid,n\n1,é\n".encode("utf-16-le"), {"encoding": "utf-16-le"}, [("1", "é")]),
    ("id,n\n1,日本\n".encode("shift_jis"), {"encoding": "shift_jis"}, [("1", "日本")]),
    ("id,n\n1,é\n".encode(), {"encoding": "UTF8"}, [("1", "é")]),
    (b"id,n\n1,x\n2,\x81\n", {"encoding": "windows-1252"}, "line 3 is no text in windows-1252"),
    ("id;n\n1;\"Mü\\\"l\"\n".encode("cp1252"), {"encoding": "cp1252", "escape": "\\"},
     [("1", 'Mü"l')]),
]  # fmt: skip

OTHERS = [
    (b"PAR1\x15\x04PAR1", "a Parquet file; declare `format: parquet`"),
    (
        b"PK\x03\x04\x14\x00[Content_Types].xml",
        "a zip file, as those of Excel are; save its table as",
    ),
    (b"\xd0\xcf\x11\xe0\xa1\xb1", "a file of Excel; save its table as CSV"),
    (b"<!DOCTYPE html>\n<html>\n", "a page of HTML, such as that of a login, and no table"),
    (b"\xef\xbb\xbf<?xml version='1.0'?>\n", "XML, and no table; save it as CSV"),
    (b'{"id":1}\n{"id":2}\n', "JSON; declare `format: ndjson` if each line has one object"),
    (
        b'[{"id":1},{"id":2}]\n',
        "JSON; write each object on a line of its own, and declare `format:",
    ),
]


@pytest.mark.parametrize(("content", "kind"), OTHERS)
def test_what_is_no_csv_is_told_by_what_it_is(tmp_path: Path, content: bytes, kind: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    assert refused(tmp_path, "a.csv").startswith(f"a.csv: the file is {kind}")


@pytest.mark.parametrize("value", ["12345678901234567890.5", "0.1234567890123456789", "1e-400"])
def test_a_number_that_a_float_would_change_is_none(tmp_path: Path, value: str) -> None:
    """As a field of type float rejects it."""
    (tmp_path / "a.csv").write_text(f"id,v\n1,0.1\n2,{value}\n")

    assert refused(tmp_path, "a.csv", types={"v": "float"}).startswith(
        "a.csv: column 'v' has a value that is no float, or that a float would change, the first "
        "in row 2; correct them"
    )


@pytest.mark.parametrize(("content", "settings", "expected"), FILES)
def test_csv_of_every_writer(
    tmp_path: Path, content: bytes, settings: dict[str, Any], expected: object
) -> None:
    (tmp_path / "a.csv").write_bytes(content)

    if isinstance(expected, str):
        assert refused(tmp_path, "a.csv", **settings).startswith(f"a.csv: {expected}")
    else:
        assert read(tmp_path, "a.csv", **settings).rows() == expected


def test_settings_hold_for_a_column_that_is_watched(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("Bericht\nid;größe\n1;9\n2;10\n".encode("cp1252"))
    settings = CsvSettings(encoding="windows-1252", skip=1)
    files = [tmp_path / "a.csv"]

    assert watermark.largest(files, "größe", types={}, settings=settings) == "10"
    assert watermark.count(files, ("größe", "9"), types={}, settings=settings) == 1
