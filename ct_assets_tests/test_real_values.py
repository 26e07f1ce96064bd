"""What real data did to us: a file by its real writer in, the exact records and reasons out.

One line for each kind of value, beside its neighbours; tables of single conversions are with the
modules (`mapping/convert`), those of files in `sources/test_real_files`.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from ct_assets.sources.file_snapshot import snapshot
from ct_assets.sources.formats import CsvSettings, FileError
from ct_assets_tests.mapping.splitting import events, profiles

Write = Callable[[Path], object]


class Case(NamedTuple):
    write: Write
    """Makes the file at this path, whose name ends as its format wants it."""
    suffix: str
    fields: dict[str, Any]
    sent: list[dict[str, Any]]
    """`profileData` or `evtData` of the records, in the order of the rows."""
    rejected: Sequence[tuple[str, str]] = ()
    """Field and code of the rows that are not sent."""
    csv: Mapping[str, Any] = MappingProxyType({})
    sync: Mapping[str, Any] = MappingProxyType({})
    event: bool = False


def text(content: str) -> Write:
    return lambda path: path.write_text(content, newline="")


def parquet(columns: dict[str, Any], **how: Any) -> Write:
    return lambda path: pq.write_table(pa.table(columns), path, **how)


def moments(*years: int) -> pa.Array:
    return pa.array([datetime(year, 1, 1) for year in years], pa.timestamp("us"))


DAY = {"on": {"column": "on", "type": "date"}}
NAME = {"Name": "name"}
PHONE = {"Phone": {"column": "phone", "region": "DE"}}
SPARK = {"use_deprecated_int96_timestamps": True, "store_schema": False, "flavor": "spark"}
DATES = "id,on\na,31/01/2024\nb,2024-01-31\nc,soon\nd,31.01.2024\n"
BARE = "id,phone\na,4915112345678\nb,015112345678\n"
LONG = "A very long title of a film of which nobody has heard, in a collection of such|"

CASES: dict[str, Case] = {
    "INT96 of Spark": Case(
        parquet({"id": ["a", "b", "c"], "on": moments(1000, 2500, 1)}, **SPARK), ".parquet", DAY,
        [{"on": "$D_-30610224000"}, {"on": "$D_16725225600"}], [("on", "date_out_of_range")]),
    "the same as microseconds": Case(
        parquet({"id": ["a", "b", "c"], "on": moments(1000, 2500, 1)}), ".parquet", DAY,
        [{"on": "$D_-30610224000"}, {"on": "$D_16725225600"}], [("on", "date_out_of_range")]),
    "quotes behind backslashes": Case(
        text('id,name\na,"Ann \\"A\\" Bell"\n'), ".csv", NAME, [{"Name": 'Ann "A" Bell'}],
        csv={"escape": "\\"}),
    "quotes that are doubled": Case(
        text('id,name\na,"Ann ""A"" Bell"\n'), ".csv", NAME, [{"Name": 'Ann "A" Bell'}]),
    "quotes that are none": Case(
        text('id\tname\na\tAnn "A" Bell\n'), ".tsv", NAME, [{"Name": 'Ann "A" Bell'}],
        csv={"quote": "none"}),
    "NULL and \\N": Case(
        text("id,name\na,NULL\nb,\\N\nc,Nil\n"), ".csv", NAME, [{}, {}, {"Name": "Nil"}],
        csv={"nulls": ("NULL", "\\N")}),
    "CSV of Windows in Germany": Case(
        lambda path: path.write_bytes("id;name\r\na;Jürgen Groß\r\n".encode("cp1252")), ".csv",
        NAME, [{"Name": "Jürgen Groß"}], csv={"encoding": "windows-1252"}),
    "identities of pandas' nothing": Case(
        lambda path: pd.DataFrame({"id": ["a", str(None), str(pd.NA)], "name": "x"}).to_csv(
            path, index=False), ".csv", NAME, [{"Name": "x"}], [("identity", "identity_junk")] * 2),
    "identities of spreadsheets and databases": Case(
        text("id,name\n#N/A,x\n\\N,x\n(null),x\n-,x\na,y\n"), ".csv", NAME, [{"Name": "y"}],
        [("identity", "identity_junk")] * 4),
    "identities of one's own list": Case(
        text("id,name\n#N/A,x\ntest,x\n"), ".csv", NAME, [{"Name": "x"}],
        [("identity", "identity_junk")], sync={"junk_identities": ["TEST"]}),
    "a profile with nothing but its identity": Case(text("id,name\na,\n"), ".csv", NAME, [{}]),
    "keys of events with blanks": Case(
        text("id,key\nu,1\nu,2 \nu, 2\n"), ".csv", {}, [{}],
        [("event_key", "event_key_duplicate")] * 2, event=True),
    "a date of 0": Case(
        text("id,on\na,0\nb,1706722200\n"), ".csv", DAY, [{"on": "$D_1706722200"}],
        [("on", "date_ambiguous")]),
    "seconds where milliseconds are declared": Case(
        text("id,on\na,1706722200\nb,1706722200000\n"), ".csv",
        {"on": {**DAY["on"], "unit": "ms"}}, [{"on": "$D_1706722200"}], [("on", "date_unit")]),
    "decimals of more digits than a float has": Case(
        parquet({"id": ["a", "b"], "n": pa.array(
            [Decimal("1234567890123.12345"), Decimal("12.50000")], pa.decimal128(38, 5))}),
        ".parquet", {"n": "n"}, [{"n": 12.5}], [("n", "number_too_precise")]),
    "lists of JSON": Case(
        text('id,tags\na,"[""a"",""b, c""]"\nb,"a,b"\nc,"[""a"\n'), ".csv",
        {"tags": {"column": "tags", "type": "list", "separator": ","}},
        [{"tags": ["a", "b, c"]}, {"tags": ["a", "b"]}], [("tags", "list_unreadable")]),
    "a phone that may have its calling code": Case(
        text(BARE), ".csv", PHONE, [{"Phone": "+494915112345678"}, {"Phone": "+4915112345678"}]),
    "a phone that has it": Case(
        text(BARE), ".csv", {"Phone": {**PHONE["Phone"], "doubled_code": "plus"}},
        [{"Phone": "+4915112345678"}, {"Phone": "+4915112345678"}]),
    "phones of spreadsheets and floats": Case(
        text("id,phone\na,9.15112E+11\nb,15112345678.0\nc,15112345678\n"), ".csv", PHONE,
        [{"Phone": "+4915112345678"}], [("Phone", "phone_damaged")] * 2),
    "dates of two formats": Case(
        text(DATES), ".csv", {"on": {"column": "on", "format": ["%d/%m/%Y", "%d.%m.%Y"]}},
        [{"on": "$D_1706659200"}, {"on": "$D_1706659200"}], [("on", "date_unreadable")] * 2),
    "a condition behind the 64th byte": Case(
        parquet({"id": [str(n) for n in range(2000)],
                 "name": [f"{LONG}{1900 + n % 100}" for n in range(2000)]}),
        ".parquet", {"x": {"value": 1}}, [{"x": 1}] * 80,
        sync={"where": "CAST(SPLIT_PART(name, '|', 2) AS BIGINT) > 1995"}),
    "a decimal of BigQuery that nobody uses": Case(
        parquet({"id": ["a"], "name": ["x"], "big": pa.array([Decimal(1)], pa.decimal256(76, 38))}),
        ".parquet", NAME, [{"Name": "x"}]),
    "nested values of an event": Case(
        parquet({"id": ["u"], "key": ["k"], "tags": [["a", None]], "geo": [{"lat": 59.9}]}),
        ".parquet", {name: {"column": name, "nested": "json"} for name in ("tags", "geo")},
        [{"tags": '["a",null]', "geo": '{"lat":59.9}'}], event=True),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_file_of_real_data(tmp_path: Path, case: Case) -> None:
    file = tmp_path / f"rows{case.suffix}"
    case.write(file)
    snapshot([file], tmp_path / "out.parquet", types={}, settings=CsvSettings(**case.csv))
    rows = pl.read_parquet(tmp_path / "out.parquet")

    split = events if case.event else profiles
    ts = {"ts": None} if case.event else {}
    outcome = split(rows, case.fields, **ts, **case.sync)

    assert outcome.data == case.sent
    assert [reason for reasons in outcome.reasons for reason in reasons] == [*case.rejected]


REFUSED = {
    "a quote inside": ('id,n\n1,"Ann "A" Bell"\n', "line 2 has a quote inside a value in quotes;"),
    "a quote behind a backslash": (
        'id,n\n1,x\n2,"{\\"a\\": 1}"\n',
        "line 3 has a quote behind a backslash; declare `escape: '\\'`, or double such quotes",
    ),
    "line ends of three characters": (
        "id,n\r\r\n1,x\r\r\n",
        "line 1 ends in CR CR LF; save the file with line ends of LF or CRLF",
    ),
}


@pytest.mark.parametrize(("content", "wrong"), REFUSED.values(), ids=REFUSED)
def test_a_file_that_says_two_things_is_refused(tmp_path: Path, content: str, wrong: str) -> None:
    (tmp_path / "a.csv").write_text(content, newline="")

    with pytest.raises(FileError) as caught:
        snapshot([tmp_path / "a.csv"], tmp_path / "out.parquet", types={})

    assert str(caught.value).startswith(f"a.csv: {wrong}")
