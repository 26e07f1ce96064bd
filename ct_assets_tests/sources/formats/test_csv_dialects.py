"""CSV in any way of writing it arrives unchanged, or is refused with file and line."""

import csv
import io
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import CsvSettings, FileError

HEADER = ["id", "name", "city"]
QUOTING = (csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC)
TEXT = st.one_of(
    st.text(st.sampled_from("ab \"',;|\t\r\n\\€é\x00\x1a\ufeff\u2028N-"), max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
)
ROWS = st.lists(st.tuples(TEXT, TEXT, TEXT), min_size=1, max_size=6)


class _Escaping(csv.excel):
    """Quotes behind a backslash, as MySQL, Hive and Spark write them."""

    doublequote = False
    escapechar = "\\"


class _Unquoted(csv.excel):
    quoting = csv.QUOTE_NONE
    escapechar = "\\"


DIALECTS = {name: (csv.get_dialect(name), CsvSettings()) for name in csv.list_dialects()} | {
    "escaping": (_Escaping, CsvSettings(escape="\\")),
    "unquoted": (_Unquoted, CsvSettings(escape="\\", quote="none")),
}
DELIMITERS = {",": CsvSettings(), ";": CsvSettings(), "\t": CsvSettings(), "|": CsvSettings()} | {
    "\x01": CsvSettings(separator="\x01"), "^": CsvSettings(separator="^"),
}  # fmt: skip


def written(rows: Sequence[Sequence[str]], **dialect: object) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, **dialect).writerows([HEADER, *rows])  # type: ignore[arg-type]
    return out.getvalue()


def arrived(folder: Path, content: bytes, csv_settings: CsvSettings) -> list[tuple[str, ...]]:
    file = folder / "a.csv"
    file.write_bytes(content)
    snapshot([file], folder / "out.parquet", types={}, settings=csv_settings)
    rows = pl.read_parquet(folder / "out.parquet").fill_null("")
    assert rows.columns == HEADER
    return rows.rows()


def check(folder: Path, rows: Sequence[Sequence[str]], text: str, known: CsvSettings) -> None:
    given_rows = [tuple(row) for row in rows if any(row)]
    try:
        got = [row for row in arrived(folder, text.encode(), known) if any(row)]
    except FileError as error:
        refusal = str(error)
    else:
        assert got == given_rows
        return
    assert re.match(r"a\.csv: (line \d+ |.*noncharacter)", refusal), refusal


LAW = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@LAW
@given(ROWS, st.sampled_from(sorted(DIALECTS)), st.sampled_from(QUOTING))
def test_every_dialect_of_python_arrives_unchanged(
    tmp_path: Path, rows: list[tuple[str, ...]], name: str, quoting: int
) -> None:
    dialect, known = DIALECTS[name]
    how = {} if name in ("unix", "unquoted") else {"quoting": quoting}

    check(tmp_path, rows, written(rows, dialect=dialect, **how), known)


@LAW
@given(ROWS, st.sampled_from(sorted(DELIMITERS)), st.sampled_from(['"', "'"]))
def test_every_delimiter_and_quote_arrives_unchanged(
    tmp_path: Path, rows: list[tuple[str, ...]], delimiter: str, quote: str
) -> None:
    known = CsvSettings(separator=DELIMITERS[delimiter].separator, quote=quote)

    check(tmp_path, rows, written(rows, delimiter=delimiter, quotechar=quote), known)


@LAW
@given(st.text(st.sampled_from('ab",\r\n\\;'), max_size=30))
def test_whatever_is_no_csv_is_refused_with_its_line(tmp_path: Path, rest: str) -> None:
    """Python's reader, strict, is the judge of what the text means."""
    text = f"id,name,city\n1,{rest},Rome\n"
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))[1:]
    except csv.Error:
        expected = None
    try:
        got = arrived(tmp_path, text.encode(), CsvSettings())
    except FileError:
        return
    assert expected is not None
    assert got == [tuple(row) for row in expected if any(row)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("id,name,city\n1,a\rb,Rome\n", "line 2 has a CR that no LF follows; save the file"),
        ("id,name,city\r\n1,a,Rome\r2,b,Oslo\r\n", "line 2 has a CR that no LF follows"),
        ("id,name,city\n1,a,Rome\r", "line 2 has a CR that no LF follows"),
        ('id,name,city\n1,"a\rb",Rome\r\r2,b,Oslo\n', "line 2 has a CR that no LF follows"),
        ('id,name,city\n1,"a\rb",Rome\r\r\n2,b,Oslo\n', "line 2 ends in CR CR LF; save the"),
        ('id,name,city\n1,"a\rb","\r\n\r"\r\n', None),
    ],
)
def test_a_cr_alone_outside_of_quotes_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, told: str | None
) -> None:
    # At an edge it is not known yet what follows.
    for piece in (1 << 18, *(() if told and "CR CR" in told else range(1, 8))):
        monkeypatch.setattr("ct_assets.sources.formats.csv_quotes._PIECE", piece)
        if told is None:
            assert arrived(tmp_path, content.encode(), CsvSettings()) == [("1", "a\rb", "\r\n\r")]
            continue
        with pytest.raises(FileError) as caught:
            arrived(tmp_path, content.encode(), CsvSettings())
        assert str(caught.value).startswith(f"a.csv: {told}")


PIECES = ["x", '""', "\r\n", ",", "é"]


@pytest.mark.parametrize("parts", list(itertools.permutations(PIECES, 3))[::5])
def test_a_quote_at_the_edge_of_what_is_read_at_once_is_no_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, parts: Sequence[str]
) -> None:
    value = "".join(parts).replace('""', '"') * 3
    text = written([("1", value, value), ("2", "", value)])
    for piece in range(1, 8):
        monkeypatch.setattr("ct_assets.sources.formats.csv_quotes._PIECE", piece)
        assert arrived(tmp_path, text.encode(), CsvSettings())[0] == ("1", value, value)
