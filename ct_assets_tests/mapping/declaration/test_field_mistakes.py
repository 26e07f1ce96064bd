"""Mistakes in the fields of a declaration, with what their author is told."""

from typing import Any

import pytest

from ct_assets.mapping import parse
from ct_assets_tests.mapping.declared import customers, purchases, told
from ct_assets_tests.mapping.splitting import SEGMENT

MISTAKES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "unknown key of a field",
        customers(fields={"Email": {"colum": "Email"}}),
        [
            "fields.Email.colum: unknown setting; did you mean 'column'? Known here: column, "
            "template, value, expr,"
        ],
    ),
    (
        "a number for a column",
        customers(fields={"Email": 5}),
        ["fields.Email: must be the name of a column or a mapping with column, template, value"],
    ),
    (
        "two fillings",
        customers(fields={"a": {"column": "x", "value": 1}}),
        ["fields.a: is filled by column and value. Keep one of them."],
    ),
    (
        "no filling",
        customers(fields={"a": {"on_null": "clear"}}),
        ["fields.a: is filled by nothing. Write one of column, template, value, expr."],
    ),
    (
        "region",
        customers(fields={"Phone": {"column": "p", "region": "Atlantis"}}),
        ["fields.Phone.region: 'Atlantis' is no country. Write its ISO code or English name"],
    ),
    (
        "region column",
        customers(fields={"Phone": {"column": "p", "region": {"colum": "c"}}}),
        ["fields.Phone.region.colum: unknown setting; did you mean 'column'?"],
    ),
    (
        "template",
        customers(fields={"a": {"template": "{A"}}),
        ["fields.a.template: has a { that belongs to no column. Write {Column} or {Column|"],
    ),
    (
        "sql",
        customers(fields={"a": {"expr": "a +"}}),
        ["fields.a.expr: cannot be read as SQL:"],
    ),
    (
        "window",
        customers(fields={"a": {"expr": "sum(b) over (partition by c)"}}),
        ["fields.a.expr: must be one value of the row. What looks at other rows"],
    ),
    (
        "forbidden name",
        customers(fields={"first.name": "a"}),
        ["fields.first.name: "],
    ),
    (
        "names that differ in case",
        customers(fields={"Plan": "a", "plan": "b"}),
        ["fields.plan: differs from 'Plan' only in upper and lower case"],
    ),
    ("a number as name", customers(fields={1: "a"}), ["fields[1]: must be text: put the name"]),
    (
        "our own column",
        customers(fields={"_Key": "a"}),
        ["fields._Key: a column of our own has this name: choose another."],
    ),
    (
        "write",
        customers(
            identify_by=[{"GPID": "g"}],
            fields={
                "a": {"column": "x", "write": "if_empty", "op": "add"},
                "b": {"column": "x", "write": "if_empty", "on_null": "clear"},
                "c": {"column": "x", "write": "if_changed", "op": "incr"},
                "d": {"column": "x", "write": "always", "nested": "flatten"},
                "e": {"column": "x", "write": "never"},
            },
        ),
        [
            "fields.e.write: must be one of always, if_empty, if_changed, not 'never'",
            "identify_by[0]: CleverTap cannot be asked for a GPID, as `write: if_empty` has to:",
            "fields.a.op: add and `write: if_empty` contradict each other.",
            "fields.b.on_null: clear and `write: if_empty` contradict each other.",
            "fields.c.op: incr counts whenever it is sent, and `write: if_changed` would send it "
            "only at times. Leave one of the two out.",
            "fields.d.write: is for one field, and `nested: flatten` makes several.",
        ],
    ),
    (
        "a segment of nothing",
        {**SEGMENT, "segment": None, "fields": {"a": "a"}, "on_unknown": "park"},
        [
            "fields: is for profiles and events; a segment has people alone. Leave it out.",
            "on_unknown: is for profiles and events; a segment has people alone. Leave it out.",
            "`segment` is missing. Write the list, such as `segment: {name: Jazz buyers, creator: ",
        ],
    ),
    (
        "a map that is none",
        customers(fields={"a": {"column": "x", "map": ["Y"]}}),
        ["fields.a.map: must be a mapping of the source's values to those to send, such as "],
    ),
    (
        "a map of several types",
        customers(fields={"a": {"column": "x", "map": {"a": 1, "b": "2"}}}),
        ["fields.a.map: gives values of several types: put all of them into quotes."],
    ),
    (
        "a map of nothing",
        customers(fields={"a": {"column": "x", "map": {None: 1}}}),
        ["fields.a.map: has an entry for nothing, but a row without a value has none"],
    ),
    (
        "otherwise of another type",
        customers(fields={"a": {"column": "x", "map": {"a": 1}, "otherwise": "none"}}),
        ["fields.a: has a `map` and an `otherwise` of different types."],
    ),
    (
        "otherwise, normalise",
        customers(fields={"a": {"column": "x", "otherwise": "drop", "normalise": "trim"}}),
        [
            "fields.a.otherwise: says what `map` leaves open, and there is no `map`.",
            "fields.a.normalise: says what is hashed, and there is no `hash`.",
        ],
    ),
    (
        "hash",
        customers(fields={"a": {"column": "x", "hash": "sha1"}}),
        ["fields.a.hash: must be one of sha256, sha512, md5, not 'sha1'"],
    ),
    (
        "hash and redact",
        customers(fields={"a": {"column": "x", "hash": "md5", "redact": True}}),
        ["fields.a.redact: and `hash` exclude each other. Keep one."],
    ),
    (
        "hash of CleverTap's own field",
        customers(fields={"Email": {"column": "x", "hash": "md5"}}),
        ["fields.Email.hash: cannot be sent as Email, a field of CleverTap's own that takes the"],
    ),
    (
        "hash of a number",
        customers(fields={"a": {"column": "x", "hash": "md5", "type": "integer"}}),
        ["fields.a.hash: makes a text, and the field has `type: integer`. Leave it out."],
    ),
    (
        "redact",
        customers(fields={"a": {"column": "x", "redact": {"tail": 4}}}),
        ["fields.a.redact.tail: unknown setting. Known here: first, last."],
    ),
    (
        "consent twice",
        customers(
            fields={"MSG-sms": "x"},
            consent=[
                {"column": "x", "channels": ["email", "sms"]},
                {"column": "y", "channels": ["email"]},
            ],
        ),
        [
            "fields.MSG-sms: is written by `consent:`, too. Leave out one of the two.",
            "consent: names the channel email twice. Keep one.",
        ],
    ),
    (
        "operator on a single value",
        customers(fields={"Name": {"column": "a", "op": "add"}}),
        ["fields.Name.op: add is not possible: Name holds one value."],
    ),
    (
        "operator and type",
        customers(fields={"n": {"column": "a", "op": "incr", "type": "string"}}),
        ["fields.n.op: incr changes a number, and the field has `type: string`."],
    ),
    (
        "operator on a field of CleverTap's own",
        customers(fields={"MSG-email": {"column": "a", "op": "incr"}}),
        ["fields.MSG-email.op: incr is not possible: MSG-email holds one value."],
    ),
    (
        "type of a field of CleverTap's own",
        customers(fields={"Phone": {"column": "a", "type": "string"}}),
        ["fields.Phone.type: Phone is a field of CleverTap's own, of type phone. Leave it out."],
    ),
    (
        "type of another place",
        customers(fields={"groups": {"column": "a", "type": "groups"}}),
        ["fields.groups.type: groups is no type for this field; CleverTap has places of its own"],
    ),
    (
        "items of another event",
        purchases(event="Viewed", fields={"Items": {"column": "a", "type": "items"}}),
        ["fields.Items.type: items is no type for this field"],
    ),
    (
        "constants that every row would be rejected for",
        customers(fields={"Gender": {"value": "X"}, "n": {"value": float("nan")}}),
        [
            "fields.Gender.value: neither male nor female, and the API takes only M and F",
            "fields.n.value: NaN or infinity, which cannot be sent",
        ],
    ),
    (
        "a constant of several types",
        customers(fields={"tags": {"value": ["a", 7]}, "levels": {"value": [1, 2.5]}}),
        ["fields.tags.value: mixes values of several types: put all of them into quotes."],
    ),
    (
        "a constant of a type that never fits",
        customers(fields={"Age": {"value": True}}),
        ["fields.Age.value: Age is given a column of type Boolean; an age is a whole number."],
    ),
    (
        "phone types",
        customers(fields={"Phone": {"column": "p", "accept": ["mobil"]}}),
        ["fields.Phone.accept: 'mobil' is no type of phone number; did you mean 'mobile'?"],
    ),
    (
        "format of no date",
        customers(
            fields={
                "n": {"column": "x", "format": "%d/%m/%Y", "type": "integer"},
                "Name": {"column": "x", "format": "%d/%m/%Y"},
                "Born": {"column": "x", "format": []},
            }
        ),
        [
            "fields.Born.format: is empty. Write a form such as '%d/%m/%Y', or leave it out.",
            "fields.n.format: is for dates, and the field is of type integer. Leave it out.",
            "fields.Name.format: is for dates, and the field is of type string. Leave it out.",
        ],
    ),
    (
        "field type",
        customers(fields={"a": {"column": "a", "type": "strin"}}),
        ["fields.a.type: must be one of string, integer,"],
    ),
]


@pytest.mark.parametrize(
    ("raw", "expected"), [m[1:] for m in MISTAKES], ids=[m[0] for m in MISTAKES]
)
def test_every_mistake_says_where_and_what_to_write(
    raw: dict[str, Any], expected: list[str]
) -> None:
    found = told(raw)

    assert [line[: len(start)] for line, start in zip(found, expected, strict=True)] == expected


def test_names_may_be_as_long_as_the_account_takes() -> None:
    long = {"a" * 121: "a"}

    assert "CleverTap takes 120" in told(customers(fields=long))[0]
    assert parse(customers(fields=long, limits={"key_bytes": 200})).fields


@pytest.mark.parametrize(
    ("field", "type_"), [("Age", "integer"), ("Amount", "integer"), ("Amount", "float")]
)
def test_a_narrower_type_of_a_field_of_clevertaps_own(field: str, type_: str) -> None:
    declared = {field: {"column": "a", "type": type_}}

    assert parse((customers if field == "Age" else purchases)(fields=declared)).fields
