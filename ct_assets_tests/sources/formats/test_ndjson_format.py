import gzip
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from ct_assets.sources import watermark
from ct_assets.sources.file_kind import matching
from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import FileError


def read(
    folder: Path, files: Mapping[str, str | bytes], types: Mapping[str, str] | None = None
) -> pl.DataFrame:
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / name).write_bytes(data)
    pattern = next(iter(files)) if len(files) == 1 else "*.*"
    snapshot(matching(pattern, folder), folder / "out.pq.staged", types=types or {})
    return pl.read_parquet(folder / "out.pq.staged")


ORDERS = """\
{"id":"0171","total":5,"items":[{"sku":"a","n":2}],"ship":{"city":"Pune"}}

{"id":"2","total":2.5,"items":[],"ship":{"zip":7},"note":"x"}
"""


def test_lists_and_objects_arrive_as_they_are(tmp_path: Path) -> None:
    rows = read(tmp_path, {"orders.ndjson": ORDERS})

    assert rows.schema == {
        "id": pl.String,
        "total": pl.Float64,
        "items": pl.List(pl.Struct({"sku": pl.String, "n": pl.Int64})),
        "ship": pl.Struct({"city": pl.String, "zip": pl.Int64}),
        "note": pl.String,
    }
    assert rows.rows() == [
        ("0171", 5.0, [{"sku": "a", "n": 2}], {"city": "Pune", "zip": None}, None),
        ("2", 2.5, [], {"city": None, "zip": 7}, "x"),
    ]


def test_types_follow_all_lines(tmp_path: Path) -> None:
    rows = read(tmp_path, {"a.jsonl": '{"n":1}\n' * 2000 + '{"n":2.5,"late":true}\n'})

    assert rows.schema == {"n": pl.Float64, "late": pl.Boolean}
    assert rows.tail(1).rows() == [(2.5, True)]


def test_types_are_declared(tmp_path: Path) -> None:
    lines = '{"id":171,"born":"2001-02-03","vip":true,"n":"5"}\n{"id":"x","vip":0,"n":6}\n'
    types = {"id": "string", "born": "date", "vip": "boolean", "n": "integer"}

    assert read(tmp_path, {"a.ndjson": lines}, types).rows() == [
        ("171", date(2001, 2, 3), True, 5),
        ("x", None, False, 6),
    ]


def test_what_never_has_a_value_is_text(tmp_path: Path) -> None:
    rows = read(tmp_path, {"a.ndjson": '{"id":1,"a":null,"b":[],"c":{},"d":{"e":null}}\n'})

    assert rows.schema == {
        "id": pl.Int64,
        "a": pl.String,
        "b": pl.List(pl.String),
        "c": pl.String,
        "d": pl.Struct({"e": pl.String}),
    }
    assert rows.rows() == [(1, None, [], "{}", {"e": None})]


def test_files_are_read_as_one_whose_lines_lack_keys(tmp_path: Path) -> None:
    files = {
        "a.ndjson": '{"id":1,"x":null,"o":{"k":1},"l":[]}\n',
        "b.ndjson": '{"id":2.5,"x":"y","o":{"m":"n"},"l":[7],"new":true}\n',
        "c.ndjson": '{"id":3}\n',
    }

    assert read(tmp_path, files).rows() == [
        (1.0, None, {"k": 1, "m": None}, [], None),
        (2.5, "y", {"k": None, "m": "n"}, [7], True),
        (3.0, None, None, None, None),
    ]


def test_a_name_that_looks_like_a_pattern_is_none(tmp_path: Path) -> None:
    (tmp_path / "people1.ndjson").write_text('{"id":2}\n')

    assert read(tmp_path, {"people[1].ndjson": '{"id":1}\n'}).rows() == [(1,)]


def test_a_watermark_is_read_and_rows_beyond_it_are_counted(tmp_path: Path) -> None:
    file = tmp_path / "a.ndjson"
    file.write_text('{"at":"2026-01-02","n":9}\n{"at":"2026-01-10","n":10}\n')

    assert watermark.largest([file], "at", types={}) == "2026-01-10"
    assert watermark.largest([file], "n", types={"n": "integer"}) == "10"
    assert watermark.count([file], ("n", "9"), types={}) == 1
    assert watermark.count([file], None, types={}) == 2


ONE = "write one kind of value in all lines, or name the column in `types` to read it as text"
OBJECT = "is no whole JSON object; write each on one line (or is the file cut off?)"


@pytest.mark.parametrize(
    ("content", "wrong"),
    [
        (b"", "the file is empty; write its rows into it, or take it away"),
        (b"\n \n", "the file is empty; write its rows into it, or take it away"),
        (b'{"a":1}\n{"a":"secret}\n', f"line 2 {OBJECT}"),
        (b'{"a":1}\n\n{"a":"sec', f"line 3 {OBJECT}"),
        (b'{\n"a": "secret"\n}\n', f"line 1 {OBJECT}"),
        (b'{"a":1}{"a":2}\n', "line 1 has more behind its object; write each on a line of its own"),
        (b'{"a":1},\n{"a":2}\n', "line 1 has a comma behind its object; write each on a line of"),
        (b'{"a":NaN}\n', "line 1 has NaN or infinity, which JSON has no number for; write null"),
        (b'{"a":[-Infinity]}\n', "line 1 has NaN or infinity, which JSON has no number for"),
        (b'{"a":1e400}\n', "line 1 has a number that is too large to be read; write it as text"),
        (
            b'{"a":%b}\n' % (b"9" * 50),
            "line 1 has a number of more than 38 digits; write it as text",
        ),
        (b'[{"a":"secret"}]\n', "line 1 is no JSON object; write one for each row, on a line"),
        (b'{"a":1}\nnull\n', "line 2 is no JSON object; write one for each row, on a line"),
        (b'\xef\xbb\xbf{"a":1}\n', "line 1 begins with a byte order mark; save the file as UTF-8"),
        (b'{"a":"x"}\n{"a":"M\xfcller"}\n', "line 2 is not UTF-8; save the file as UTF-8"),
        ('{"a":"x"}\n'.encode("utf-16"), "line 1 is not UTF-8; save the file as UTF-8"),
        (b'{"a":1}\n{"a":true}\n', f"'a' is a number in line 1 and true or false in line 2; {ONE}"),
        (b'{"a":1}\n{"a":[1]}\n', f"'a' is a number in line 1 and a list in line 2; {ONE}"),
        (b'{"a":{"b":1}}\n{"a":7}\n', f"'a' is an object in line 1 and a number in line 2; {ONE}"),
        (
            b'{"a":[{"b":1}]}\n{"a":[{"b":true}]}\n',
            f"'a[].b' is a number in line 1 and true or false in line 2; {ONE}",
        ),
    ],
)
def test_a_bad_line_is_told_and_no_value_of_it(tmp_path: Path, content: bytes, wrong: str) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, {"a.ndjson": content})

    assert str(caught.value).startswith(f"a.ndjson: {wrong}")
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    ("second", "wrong"),
    [
        (b'{"a":2}\n{"a":\n', f"line 2 of b.ndjson {OBJECT}"),
        (b"", "b.ndjson is empty; write its rows into it, or take it away"),
        (b'{"a":"x"}\n', "column 'a' is Int64 in a.ndjson and String in b.ndjson; name it in"),
        (b'{"a":2,"l":[]}\n', "column 'l' is Int64 in a.ndjson and List(Null) in b.ndjson; name"),
    ],
)
def test_of_many_files_the_one_that_is_bad_is_named(
    tmp_path: Path, second: bytes, wrong: str
) -> None:
    with pytest.raises(FileError) as caught:
        read(tmp_path, {"a.ndjson": b'{"a":1,"l":5}\n', "b.ndjson": second})

    assert str(caught.value).startswith(f"a.ndjson and 1 more: {wrong}")


def test_unlike_columns_can_be_declared_as_text(tmp_path: Path) -> None:
    files = {"a.ndjson": '{"a":1}\n', "b.ndjson": '{"a":"x"}\n'}

    assert read(tmp_path, files, {"a": "string"}).rows() == [("1",), ("x",)]


HALF = "has an escape that is half of a character (such as \\ud83d alone); a text was cut in the "


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        (rb'{"a": "\ud83d\ude00"}', "😀"),
        (rb'{"a": "\\ud83d"}', "\\ud83d"),
        (rb'{"a": "\u00e9\\\ud83d\ude00"}', "é\\😀"),
        (rb'{"a": "x\ud83d"}', None),
        (rb'{"a": "\uD83Dx"}', None),
        (rb'{"a": "x\ude00"}', None),
        (rb'{"a": "\ud83d\ud83d\ude00"}', None),
        (rb'{"a": "\\\ud83d"}', None),
    ],
)
@pytest.mark.parametrize("piece", [7, 1 << 22])
def test_half_of_a_character_is_refused_with_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: bytes, found: str | None, piece: int
) -> None:
    """Polars would read a NUL."""
    monkeypatch.setattr("ct_assets.sources.formats.json_lines._PIECE", piece)
    file = tmp_path / "a.ndjson"
    file.write_bytes(b'{"a": "x"}\n{"a": "y"}\n' + lines + b"\n")

    if found is None:
        with pytest.raises(FileError) as caught:
            snapshot([file], tmp_path / "out.parquet", types={})
        assert str(caught.value).startswith(f"a.ndjson: line 3 {HALF}")
    else:
        snapshot([file], tmp_path / "out.parquet", types={})
        assert pl.read_parquet(tmp_path / "out.parquet")["a"].to_list() == ["x", "y", found]


TWICE = "twice in one object, and only one of its values can be read; write each key once"


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('{"id":2,"a":1,"a":2}', "a"),
        ('{"id":2,"id":2}', "id"),
        (r'{"id":2,"\u0069d":3}', "id"),
        ('{"id":2,"o":{"x y":1,"x y":2}}', "x y"),
        ('{"id":2,"l":[{"x":1},{"x":1,"x":2}]}', "x"),
        ('{"id":2,"m":[[{"x":{"y":1,"y":null}}]]}', "y"),
        (r'{"id":2,"a\"b":{"x":1,"x":2}}', "x"),
        (f'{{"id":2,"a":"{"x" * 17_000_000}","id":3}}', "id"),
        ('{"id":2,"a":{"id":1},"l":[{"id":1},{"id":2}]}', None),
    ],
)
def test_a_key_that_an_object_has_twice_is_refused(
    tmp_path: Path, line: str, key: str | None
) -> None:
    """Readers take the first value, or the last one."""
    content = f'\n{{"id":1}}\n{line}\n'
    if key is None:
        assert read(tmp_path, {"a.ndjson": content})["id"].to_list() == [1, 2]
        return
    with pytest.raises(FileError) as caught:
        read(tmp_path, {"a.ndjson": content})

    assert str(caught.value) == f"a.ndjson: line 3 has the key {key!r} {TWICE}"


def test_of_many_files_the_one_with_the_key_is_named(tmp_path: Path) -> None:
    content = gzip.compress(b'{"a":1}\n{"a":1,"a":1}\n')

    with pytest.raises(FileError) as caught:
        read(tmp_path, {"a.ndjson": '{"a":1}\n', "b.ndjson.gz": content})

    assert (
        str(caught.value) == f"a.ndjson and 1 more: line 2 of b.ndjson.gz has the key 'a' {TWICE}"
    )


def test_whole_numbers_that_a_float_changes_are_refused(tmp_path: Path) -> None:
    exact = '{"n":9007199254740992}\n{"n":1e300}\n{"n":1.5}\n'
    assert read(tmp_path, {"a.ndjson": exact})["n"].to_list() == [2.0**53, 1e300, 1.5]

    with pytest.raises(FileError) as caught:
        read(tmp_path, {"a.ndjson": '{"n":1.5}\n{"n":9007199254740993}\n'})

    assert str(caught.value) == (
        "a.ndjson: line 2 has a whole number in 'n' of more digits than a float keeps, and others "
        "there are floats; name the column in `types` as string to read all digits"
    )
