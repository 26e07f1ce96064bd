from typing import Any

import polars as pl
import pytest

from ct_assets.mapping import SchemaError, bind, parse
from ct_assets_tests.mapping.splitting import EVENT, PROFILE

SCHEMA = pl.Schema(
    {
        "id": pl.String(),
        "Email": pl.String(),
        "n": pl.Int64(),
        "flag": pl.Boolean(),
        "blob": pl.Binary(),
        "took": pl.Duration(),
        "lines": pl.List(pl.Struct({"sku": pl.String()})),
        "place": pl.Struct({"city": pl.String(), "a.b": pl.String()}),
    }
)
TEXT = (
    "takes 'id' for a number, which is text: write TRY_CAST(id AS BIGINT), or put what it is "
    "compared with into single quotes."
)
NUMBER = (
    "takes 'n' for text, which is a number: write CAST(n AS VARCHAR), or leave out the quotes of "
    "what it is compared with."
)


def complaint(declaration: dict[str, Any], schema: pl.Schema = SCHEMA) -> str:
    with pytest.raises(SchemaError) as caught:
        bind(parse(declaration), schema)
    return str(caught.value)


def profile(**settings: Any) -> dict[str, Any]:
    return {**PROFILE, "fields": {"x": {"value": 1}}, **settings}


@pytest.mark.parametrize(
    ("declaration", "told"),
    [
        (
            profile(fields={"Email": "e_mail"}),
            "Sync s: src has no column 'e_mail', which Email wants; did you mean 'Email'? Mend the "
            "declaration, or bring the column back.",
        ),
        (
            profile(fields={"Phone": {"column": "id", "region": {"column": "land"}}}),
            "Sync s: src has no column 'land', which region of Phone wants; it has 'id'",
        ),
        (profile(where="age > 17"), "Sync s: src has no column 'age', which where wants."),
        (profile(where="n + 1"), "Sync s: where gives Int128 and must be a condition"),
        (profile(where="SUM(n) > 5"), "Sync s: where is one value for all. What looks at other"),
        (
            profile(fields={"x": {"template": "{id} {blob}"}}),
            "Sync s: the template of x has the column 'blob' of type Binary, which is no text.",
        ),
        (profile(fields={"x": {"expr": "UPPER(n)"}}), f"Sync s: x {NUMBER}"),
        (profile(where="n = 'x'"), f"Sync s: where {NUMBER}"),
        (profile(where="n LIKE '5%'"), f"Sync s: where {NUMBER}"),
        (profile(where="n IN ('1', '2')"), f"Sync s: where {NUMBER}"),
        (profile(where="id > 1"), f"Sync s: where {TEXT}"),
        (profile(where="id BETWEEN 1 AND 2"), f"Sync s: where {TEXT}"),
        (profile(where="id IN (1, 2)"), f"Sync s: where {TEXT}"),
        (profile(fields={"x": {"expr": "id + 1"}}), f"Sync s: x {TEXT}"),
        (profile(fields={"x": {"expr": "ROUND(id)"}}), f"Sync s: x {TEXT}"),
        (
            profile(where="STRPTIME(id, '%F') > '2024-01-31'"),
            "Sync s: where compares a date with a text: write a day like DATE('2024-01-31').",
        ),
        (profile(where="took - 1 > n"), "Sync s: where cannot be computed: "),
        (profile(identify_by=[{"identity": "flag"}]), "Sync s: identity is given a column of type"),
        (profile(fields={"x": "took"}), "Sync s: x is given a column of type Duration"),
        (
            profile(fields={"x": {"column": "place", "nested": "flatten"}}),
            "Sync s: x is flattened to 'x_a.b': ",
        ),
        (
            profile(fields={"x_city": "id", "x": {"expr": "place", "nested": "flatten"}}),
            "Sync s: ",
        ),
        (
            profile(duplicates={"keep_latest_by": "blob"}),
            "Sync s: rows cannot be told apart by 'blob', of type Binary.",
        ),
        (profile(other_columns={"except": ["gone"]}), "Sync s: src has no column 'gone'"),
        (profile(other_columns=True), "Sync s: blob is given a column of type Binary"),
        (
            {**EVENT, "fields": {"Items": "lines"}},
            "Sync s: Items is given a column of type List(Struct({'sku': String})); properties of "
            "events are single values (code 512)",
        ),
        ({**EVENT, "event_key": "flag"}, "Sync s: event_key is of type Boolean."),
    ],
)
def test_what_does_not_fit_the_source(declaration: dict[str, Any], told: str) -> None:
    assert complaint(declaration).startswith(told)


@pytest.mark.parametrize(
    ("declaration", "path"),
    [
        (profile(fields={"Email": "gone"}), ("fields", "Email")),
        (profile(where="gone"), ("where",)),
        (profile(identify_by=[{"identity": "id"}, {"GPID": "gone"}]), ("identify_by", 1, "GPID")),
        (profile(duplicates={"keep_latest_by": "gone"}), ("duplicates", "keep_latest_by")),
        (profile(other_columns={"except": ["gone"]}), ("other_columns", "except")),
        (profile(other_columns=True), ("other_columns",)),
        ({**EVENT, "event": {"column": "gone"}}, ("event",)),
        ({**EVENT, "event_key": "gone"}, ("event_key",)),
        ({**EVENT, "event_key": "n", "ts": "gone"}, ("ts",)),
    ],
)
def test_where_in_the_declaration_that_stands(
    declaration: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(SchemaError) as caught:
        bind(parse(declaration), SCHEMA)

    assert caught.value.path == path


def test_a_column_that_would_be_overwritten() -> None:
    assert complaint(profile(), pl.Schema({"id": pl.String(), "reasons": pl.String()})) == (
        "Sync s: the source has a column named 'reasons', a name that is needed here. Rename it in "
        "the source."
    )


@pytest.mark.parametrize("name", ["first.name", "_ts", "_Key"])
def test_a_forbidden_name_among_other_columns(name: str) -> None:
    schema = pl.Schema({"id": pl.String(), name: pl.String()})

    assert complaint(profile(other_columns=True), schema).startswith(
        f"Sync s: other_columns takes in {name!r}: "
    )


def test_all_forbidden_names_among_other_columns_are_told_at_once() -> None:
    schema = pl.Schema({"id": pl.String(), "first.name": pl.String(), " age": pl.String()})

    assert complaint(profile(other_columns=True), schema) == (
        "Sync s: other_columns takes in 'first.name': CleverTap forbids . in names: write, say, "
        "'first_name'. ' age': blanks at the start or the end of a name get lost: write 'age'. Map "
        "each under another name in `fields`, or list it under `except`."
    )


def test_the_column_of_a_region_is_one_of_the_other_columns() -> None:
    phone = {"column": "phone", "region": {"column": "country"}}
    schema = pl.Schema({"id": pl.String(), "phone": pl.String(), "country": pl.String()})

    assert bind(parse(profile(fields={"Phone": phone}, other_columns=True)), schema).others == (
        "country",
    )


@pytest.mark.parametrize("where", ["country = Germany", 'country = "Germany"'])
def test_a_text_without_its_quotes(where: str) -> None:
    schema = pl.Schema({"id": pl.String(), "country": pl.String()})

    assert complaint(profile(where=where), schema) == (
        "Sync s: src has no column 'Germany', which where wants. A text is written in single "
        "quotes: 'Germany'. Mend the declaration, or bring the column back."
    )


def test_fields_that_would_be_one() -> None:
    schema = pl.Schema({"id": pl.String(), "plan": pl.String(), "PLAN": pl.String()})

    assert complaint(profile(other_columns=True), schema) == (
        "Sync s: the fields 'plan' and 'PLAN' would be one. Map one of them under another name, or "
        "leave it out."
    )


def test_lineage_knows_the_other_columns() -> None:
    schema = pl.Schema({"id": pl.String(), "a": pl.String(), "b": pl.Int64()})
    declaration = profile(fields={"x": "a"}, other_columns=True)
    mapped = bind(parse(declaration), schema)

    assert mapped.others == ("b",)
    assert mapped.lineage() == {"identity": {"id"}, "x": {"a"}, "b": {"b"}}
