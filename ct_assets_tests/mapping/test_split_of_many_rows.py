"""The split works on columns, in bounded memory, whatever the number of rows."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import parse, split
from ct_assets.phone.automaton.current_automaton import WORTH_COMPILING, installed
from ct_assets.staging import Staging
from ct_assets_tests.mapping.python_work import counted
from ct_assets_tests.mapping.splitting import EVENT, PROFILE, profiles


def test_same_rows_give_the_same_bytes() -> None:
    rows = pl.DataFrame({"id": [f"u{n}" for n in range(5000)], "n": list(range(5000))})

    first, second = (profiles(rows, {"n": "n"}).valid["_record"] for _ in range(2))

    assert first.to_list() == second.to_list()


EVERYTHING: dict[str, Any] = {
    "identify_by": [{"identity": "id"}, {"FBID": "day"}],
    "where": "n >= 0",
    "fields": {
        "Name": {"template": "{id} {n|none}"},
        "Email": "mail",
        "Phone": {"column": "phone", "region": {"column": "country"}, "on_invalid": "drop"},
        "Gender": {"column": "word", "on_invalid": "drop"},
        "Married": {"column": "word", "on_invalid": "drop"},
        "DOB": {"column": "day", "timezone": "Europe/Rome"},
        "Age": {"expr": "n % 100"},
        "MSG-email": {"value": True},
        "score": {"column": "half", "type": "float"},
        "tags": "tags",
        "visits": {"column": "n", "op": "incr"},
    },
}

EMAIL = {"fields": {"Email": "mail"}}
SOME = {"fields": {name: EVERYTHING["fields"][name] for name in ("Name", "Phone")}}


def work(folder: Path, rows: int, declaration: dict[str, Any] = EVERYTHING) -> int:
    """How much Python runs while `rows` rows are split."""
    number = pl.int_range(rows)
    pl.select(
        id=pl.format("u{}", pl.when(number < 7).then(0).otherwise(number)),
        n=number,
        mail=pl.format("u{}@{}", number, pl.when(number % 9 > 0).then(pl.lit("x.example"))),
        phone=pl.format("055 {}", number % 9_000 + 1_000_000),
        country=pl.when(number % 2 > 0).then(pl.lit("IT")).otherwise(pl.lit("France")),
        word=pl.when(number % 3 > 0).then(pl.lit("female")).otherwise(pl.lit("yes")),
        day=pl.format("1990-01-{}", (number % 28 + 1).cast(pl.String).str.zfill(2)),
        half=pl.format("{}.5", number),
        tags=pl.concat_list(pl.lit("x"), number.cast(pl.String)),
    ).write_parquet(folder / "source.parquet")
    with counted() as python:
        parts = split(
            parse({**PROFILE, **declaration}), pl.scan_parquet(folder / "source.parquet"), folder
        )
        parts.valid.sink_parquet(folder / "valid.parquet")
        parts.rejected.sink_parquet(folder / "rejected.parquet")
    return python.total


def test_no_python_runs_per_row(tmp_path: Path) -> None:
    """Less than a call or an instruction for each row; the shortest loop takes four of them."""
    installed.lookup(WORTH_COMPILING)  # or a first run on a machine would compile in between
    work(tmp_path, 10)

    assert work(tmp_path, 100_000) - work(tmp_path, 1_000) < 100_000
    assert work(tmp_path, 1_000_000, SOME) - work(tmp_path, 1_000, SOME) < 1_000_000


def test_python_that_runs_per_row_would_be_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(source: pl.Expr, *_: object) -> pl.Expr:
        return source.map_batches(
            lambda rows: pl.Series([text and text.strip() for text in rows]),
            return_dtype=pl.String,
            is_elementwise=True,
        )

    before = work(tmp_path, 10_000, EMAIL)
    monkeypatch.setattr("ct_assets.mapping.convert.contacts.trimmed", slow)

    assert work(tmp_path, 10_000, EMAIL) - before > 3 * 10_000


def test_the_plans_can_be_streamed(tmp_path: Path) -> None:
    source = pl.LazyFrame({"id": ["a", "a", "b"], "n": [1, 2, 3], "key": [1, 2, 3]})
    for declaration in ({**PROFILE, "fields": {"n": "n"}}, EVENT):
        parts = split(parse(declaration), source, tmp_path)
        plan = parts.valid.explain(engine="streaming")

        assert "PYTHON" not in plan.upper()


def test_a_condition_on_text_that_is_longer_than_what_a_file_says_of_it(tmp_path: Path) -> None:
    """Of texts, Parquet keeps the first 64 bytes of the least and the greatest of each part."""
    names = [f"{'A very long title of a film ' * 3}|{year}" for year in [*range(1970, 2000)] * 66]
    staging = Staging(tmp_path)
    with staging.draft(("films",)) as draft:
        pl.DataFrame({"id": [str(i) for i in range(len(names))], "name": names}).write_parquet(
            draft.path
        )
        films = staging.publish(draft)
    raw = {**PROFILE, "fields": {"Name": {"value": "x"}}}
    raw["where"] = "CAST(SPLIT_PART(name, '|', 2) AS BIGINT) > 1995"

    parts = split(parse(raw), films.scan(), tmp_path)

    assert parts.valid.collect(engine="streaming").height == 4 * 66
    assert parts.counts.cut == 26 * 66
