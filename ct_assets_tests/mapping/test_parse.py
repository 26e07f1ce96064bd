from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from ct_assets.clevertap.contract import Limits
from ct_assets.mapping import DeclarationError, Sync, parse
from ct_assets.mapping.declaration.field import Field
from ct_assets_tests.mapping.splitting import SEGMENT

CUSTOMERS = """
name: customers
object: profile
source: chinook/customer
where: "Country is not null"
identify_by: [{identity: CustomerId}]
fields:
  Name: {template: "{FirstName} {LastName}"}
  Email: Email
  Phone: {column: Phone, region: {column: Country}}
  Company: {column: Company, on_null: clear}
  MSG-email: {value: true}
duplicates: reject
max_rejected: 0.10
trigger: "0 * * * *"
"""
PURCHASES = """
name: purchases
object: event
source: chinook/purchase
event: Charged
event_key: InvoiceId
ts: {column: InvoiceDate, timezone: UTC}
identify_by: [{identity: CustomerId}]
fields: {Amount: Total, "Charged ID": InvoiceId, City: BillingCity, Items: Items}
after: [customers]
on_unknown: park
"""


def customers(**changed: Any) -> dict[str, Any]:
    return {**yaml.safe_load(CUSTOMERS), **changed}


def purchases(**changed: Any) -> dict[str, Any]:
    return {**yaml.safe_load(PURCHASES), **changed}


def told(raw: dict[str, Any]) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        parse(raw)
    return [str(problem) for problem in caught.value.problems]


def test_a_profile_sync() -> None:
    sync = parse(customers())

    assert sync.identify_by[0].kind == "identity"
    assert sync.fields["Email"].column == "Email"
    assert sync.duplicates.keep_latest_by is None
    assert sync.trigger is not None
    assert (sync.trigger.cron, sync.trigger.timezone) == ("0 * * * *", "UTC")
    assert sync.idempotent
    assert sync.columns() == {
        "Country", "CustomerId", "FirstName", "LastName", "Email", "Phone", "Company",
    }  # fmt: skip
    assert sync.lineage() == {
        "identity": {"CustomerId"},
        "Name": {"FirstName", "LastName"},
        "Email": {"Email"},
        "Phone": {"Phone", "Country"},
        "Company": {"Company"},
        "MSG-email": set(),
    }


def test_an_event_sync() -> None:
    sync = parse(purchases())

    assert sync.event_name == "Charged"
    assert sync.event_key is not None
    assert sync.event_key.column == "InvoiceId"
    assert (sync.on_unknown, sync.first_run, sync.after) == ("park", "backfill", ("customers",))
    assert not sync.idempotent
    assert sync.lineage()["ts"] == {"InvoiceDate"}


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("trigger", "on_change", {"on_change": {}}),
        ("trigger", {"on_change": True}, {"on_change": {}}),
        (
            "trigger",
            {"on_change": {"rows": 100, "minutes": 15}},
            {"on_change": {"rows": 100, "minutes": 15}},
        ),
        (
            "trigger",
            {"cron": "0 6 * * *", "timezone": "Europe/Rome"},
            {"cron": "0 6 * * *", "timezone": "Europe/Rome"},
        ),
        ("duplicates", {"keep_latest_by": "At"}, {"keep_latest_by": "At"}),
        ("other_columns", {"except": ["Fax"]}, {"except": ("Fax",)}),
        ("limits", {"event_fields": 256}, {"event_fields": 256}),
    ],
)
def test_short_and_long_forms(setting: str, value: object, expected: dict[str, Any]) -> None:
    sync = parse(customers(**{setting: value}))

    read = getattr(sync, setting).model_dump(by_alias=True, exclude_defaults=True)
    assert read == expected


def test_the_digest_is_of_what_decides_the_records() -> None:
    digest = parse(customers()).digest

    assert digest == "a6a12358f756ffafa10eacbbe9149457"
    assert parse(customers(trigger=None, max_rejected=0.5, description="x")).digest == digest
    assert parse(customers(where="Country = 'Italy'")).digest != digest
    assert parse(customers(fields={"Email": "Email"})).digest != digest


def test_the_short_form_is_the_same_declaration() -> None:
    long = {**customers()["fields"], "Email": {"column": "Email"}}

    assert parse(customers(fields=long)).digest == parse(customers()).digest


MISTAKES: list[tuple[str, dict[str, Any], list[str]]] = [
    (
        "unknown key",
        customers(max_reject=0.1),
        ["max_reject: unknown setting; did you mean 'max_rejected'? Known here: name,"],
    ),
    (
        "unknown key of a field",
        customers(fields={"Email": {"colum": "Email"}}),
        [
            "fields.Email.colum: unknown setting; did you mean 'column'? Known here: column, "
            "template, value, expr,"
        ],
    ),
    (
        "no name, no source",
        {"object": "profile", "identify_by": [{"identity": "a"}], "fields": {"a": "a"}},
        ["`name` is missing. Write `name: customers`", "`source` is missing. Write the asset"],
    ),
    (
        "object",
        customers(object="profiles"),
        [
            "object: must be one of profile, event, segment, token, subscription, not 'profiles'; "
            "did you mean 'profile'?"
        ],
    ),
    (
        "an identifier that does not exist",
        customers(identify_by=[{"identitty": "CustomerId"}]),
        [
            "identify_by[0]: CleverTap knows no identifier 'identitty'; did you mean 'identity'? "
            "It has identity, objectId, FBID and GPID."
        ],
    ),
    (
        "identifier without kind",
        customers(identify_by=["CustomerId"]),
        ["identify_by[0]: must be one identifier and its column, such as `identity: CustomerId`"],
    ),
    ("no identifier", customers(identify_by=[]), ["identify_by: is empty. Write which column"]),
    (
        "type of an identifier",
        customers(identify_by=[{"identity": {"column": "P", "type": "fax"}}]),
        ["identify_by[0].identity.type: must be one of phone, email, not 'fax'."],
    ),
    (
        "one identifier twice",
        customers(identify_by=[{"identity": "a"}, {"identity": "b"}]),
        ["identify_by[1]: identity is listed twice. Choose between columns with"],
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
    ("where", customers(where="1 = 1"), ["where: names no column."]),
    (
        "subquery",
        customers(where="a in (select b from c)"),
        ["where: must be one value of the row, and sees nothing else: 'select' is not possible"],
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
        "a mode of other identifiers",
        customers(mode="update_only", identify_by=[{"FBID": "f"}]),
        ["identify_by[0]: CleverTap cannot be asked for a FBID, as `mode: update_only` has to:"],
    ),
    (
        "hours without a mode",
        customers(look_again_hours=3),
        [
            "look_again_hours: is for `mode: update_only`, `mode: create_only` and "
            "`write: if_empty` of a field. Leave it out."
        ],
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
        "a segment of other identifiers",
        {**SEGMENT, "identify_by": [{"FBID": "f"}]},
        ["identify_by[0]: FBID names nobody in a list: use identity or objectId."],
    ),
    (
        "a segment without a name",
        {**SEGMENT, "segment": {"creator": "c", "email": "a@b.example", "shrink": 1}},
        [
            "segment: `name` is missing. Write `name: customers`",
            "segment.shrink: unknown setting; did you mean 'max_shrink'? Known here: name, creator",
        ],
    ),
    (
        "a segment in a sync of people",
        customers(segment={"name": "n", "creator": "c", "email": "a@b.example"}),
        ["segment: is for `object: segment`. Leave it out."],
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
        "hash of an identifier",
        customers(identify_by=[{"identity": {"column": "mail", "hash": "sha256"}}]),
        [
            "identify_by[0]: `identity` takes no `hash`: an identifier has to be the same in all "
            "syncs, in the app and in what was sent before. Where all of them have a hash, make it "
            "in the source, and name its column."
        ],
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
        "channels",
        customers(consent=[{"column": "x", "channels": ["fax"]}]),
        ["consent[0].channels[0]: must be one of email, sms, whatsapp, push, not 'fax'"],
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
        "share",
        customers(max_rejected=10),
        ["max_rejected: must be at most 1, not 10."],
    ),
    (
        "share as text",
        customers(max_rejected="10%"),
        ["max_rejected: must be a number, not '10%'."],
    ),
    (
        "time zone",
        purchases(ts={"column": "at", "timezone": "Europe/Roma"}),
        ["ts.timezone: 'Europe/Roma' is no time zone; did you mean 'Europe/Rome'?"],
    ),
    (
        "duplicates",
        customers(duplicates="keep"),
        ["duplicates: must be reject or `keep_latest_by: COLUMN`, not 'keep'."],
    ),
    ("owner", customers(owners=["ada"]), ["owners: 'ada' must be an e-mail address or team:NAME."]),
    ("name", customers(name="my sync"), ["name: 'my sync' may have letters, digits and _ only"]),
    (
        "what belongs to events",
        customers(event_key="a", first_run="from_now"),
        [
            "event_key: is for events, and this sync has `object: profile`. Leave it out.",
            "first_run: is for events",
        ],
    ),
    (
        "what belongs to profiles",
        purchases(on_removed="delete", fields={"a": {"column": "a", "op": "incr"}}),
        ["on_removed: is for profiles", "fields.a.op: is for profiles"],
    ),
    (
        "an event without name and key",
        {k: v for k, v in purchases().items() if k not in ("event", "event_key")},
        ["`event` is missing. Write its name", "`event_key` is missing. Write the column"],
    ),
    ("no fields", customers(fields={}), ["`fields` is missing. Write at least one"]),
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
        "a name that only CleverTap raises",
        purchases(event="app launched"),
        ["event: only CleverTap raises this event (code 513; case and spaces do not count)"],
    ),
    (
        "a name with a forbidden character",
        purchases(event={"value": "50% off"}),
        ["event: CleverTap forbids % in names: write, say, '50_ off'."],
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
        "after itself",
        customers(after=["customers"]),
        ["after: names the sync itself."],
    ),
    (
        "phone types",
        customers(fields={"Phone": {"column": "p", "accept": ["mobil"]}}),
        ["fields.Phone.accept: 'mobil' is no type of phone number; did you mean 'mobile'?"],
    ),
    (
        "partition",
        purchases(partition={"by": "InvoiceDate", "every": "week"}),
        [
            "partition.every: must be one of day, month, not 'week'",
            "partition: `start` is missing. Write the first day, such as `start: 2021-01-01`.",
        ],
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


@pytest.mark.parametrize("model", [Field, Limits, Sync])
def test_editors_get_a_description_of_every_setting(model: type[BaseModel]) -> None:
    plain = {"description", "owners", "tags", "group"}
    settings = model.model_json_schema()["properties"]

    assert [n for n, s in settings.items() if "description" not in s and n not in plain] == []


def test_all_mistakes_are_told_at_once() -> None:
    found = told(
        customers(
            max_reject=1,
            object="profile",
            event_key="x",
            where="a +",
            fields={"a.b": "x", "c": {"colum": "x"}, "d": 5},
            trigger={"timezone": "UTC"},
        )
    )

    assert [line.split(": ")[0] for line in sorted(found)] == [
        "event_key", "fields.a.b", "fields.c.colum", "fields.d", "max_reject", "trigger",
        "where",
    ]  # fmt: skip


def test_the_error_names_the_sync_and_lists_the_problems() -> None:
    with pytest.raises(DeclarationError) as caught:
        parse(customers(object="x", max_rejected=2))

    assert str(caught.value) == (
        "The declaration of customers cannot be used:\n"
        "  object: must be one of profile, event, segment, token, subscription, not 'x'. Write "
        "`object: profile` for people, `object: event` for what they did, `object: segment` for a "
        "list of people, `object: token` for push tokens of devices, or `object: subscription` for "
        "who may be written to.\n"
        "  max_rejected: must be at most 1, not 2."
    )


@pytest.mark.parametrize("junk", [None, [], "x", 5, {"a": 1}])
@pytest.mark.parametrize("setting", sorted({*customers(), *purchases(), "partition", "limits"}))
def test_nothing_that_yaml_can_say_is_answered_with_pydantics_words(
    setting: str, junk: object
) -> None:
    text = ""
    try:
        parse(customers(**{setting: junk}))
    except DeclarationError as error:
        text = str(error)

    for unwanted in ("Input should", "validation", "pydantic", "valid dictionary"):
        assert unwanted not in text
