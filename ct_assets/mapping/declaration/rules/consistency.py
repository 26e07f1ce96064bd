"""Settings of one declaration that contradict each other are mistakes.

Read from the raw mapping, so that these mistakes are named together with those inside the settings.
"""

from collections.abc import Iterator, Mapping
from typing import cast, get_args

from ct_assets.clevertap.fields import PROFILE_FIELDS, FieldType
from ct_assets.mapping.convert import field_type
from ct_assets.mapping.convert.hidden_values import HIDEABLE
from ct_assets.mapping.convert.names import Fielded
from ct_assets.mapping.declaration.field import JSON, LIST_OPERATORS, NUMBER_OPERATORS
from ct_assets.mapping.declaration.problems import Problem
from ct_assets.mapping.declaration.rules.catalog_names import LOG, STAGES
from ct_assets.mapping.declaration.rules.object_settings import problems_of_object

_ONLY_EVENTS = ("event", "event_key", "require_profile", "first_run", "partition")
_ONLY_PROFILES = ("on_removed", "max_removed", "consent", "mode", "look_again_hours", "send")
_NUMBERS = (FieldType.INTEGER, FieldType.FLOAT, FieldType.AGE)
# Types that a field of CleverTap's own may be declared as, besides its own.
_NARROWER = {FieldType.AGE: (FieldType.INTEGER,), FieldType.FLOAT: (FieldType.INTEGER,)}
# Types of parts of a record that are no fields, or of fields that have theirs built in.
_BUILT_IN = (
    FieldType.TIMESTAMP,
    FieldType.IDENTITY,
    FieldType.OBJECT_ID,
    FieldType.EVENT_NAME,
    FieldType.GROUPS,
    FieldType.ITEMS,
    FieldType.PUSH_TOKEN,
    FieldType.PUSH_SERVICE,
    FieldType.SUBSCRIPTION,
)


def problems_between(raw: Mapping[str, object]) -> Iterator[Problem]:
    if raw.get("object") == "event":
        yield from _of_event(raw)
    elif raw.get("object") == "profile":
        yield from _of_profile(raw)
    yield from problems_of_object(raw)
    for name, field in _long_fields(raw):
        yield from _of_field(name, field, str(raw.get("object")))
        yield from _of_type(name, field.get("type"), raw)
        yield from _of_values(name, field, raw)
    yield from _of_identifiers(raw.get("identify_by"))
    yield from _of_consent(raw)
    yield from _of_itself(raw)


def _of_itself(raw: Mapping[str, object]) -> Iterator[Problem]:
    name, source = raw.get("name"), raw.get("source")
    if name is None:
        return
    if name in _names(raw.get("after")):
        yield Problem(("after",), "names the sync itself. Name the syncs that must come before it.")
    if raw.get("require_profile") == name:
        yield Problem(("require_profile",), "names the sync itself. Name the sync of the people.")
    if source in [f"{name}/{stage}" for stage in (*STAGES, LOG)]:
        yield Problem(
            ("source",), "is an asset of the sync itself. Name the one that has the rows."
        )


def _of_event(raw: Mapping[str, object]) -> Iterator[Problem]:
    if raw.get("event") is None:
        yield Problem(
            (),
            "`event` is missing. Write its name, such as `event: Charged`, or "
            "`event: {column: event_name}`.",
        )
    if raw.get("event_key") is None:
        yield Problem(
            (),
            "`event_key` is missing. Write the column that makes an event unique, such as "
            "`event_key: InvoiceId`: an event is sent once for each of its values.",
        )
    for setting in _ONLY_PROFILES:
        if setting in raw:
            yield Problem(
                (setting,), "is for profiles; events stay once they were sent. Leave it out."
            )


def _of_profile(raw: Mapping[str, object]) -> Iterator[Problem]:
    for setting in _ONLY_EVENTS:
        if setting in raw:
            yield Problem(
                (setting,), "is for events, and this sync has `object: profile`. Leave it out."
            )
    yield from _of_mode(raw)
    yield from _of_send(raw)
    if raw.get("fields", {}) == {} and not (raw.get("other_columns") or raw.get("consent")):
        yield Problem(
            (),
            "`fields` is missing. Write at least one, such as `fields: {Email: email_column}`, "
            "or `other_columns: true` for all columns under their own names.",
        )


def _of_send(raw: Mapping[str, object]) -> Iterator[Problem]:
    """Of fields that do not go with every record."""
    changed = "`send: changed_fields`" if raw.get("send") == "changed_fields" else None
    for name, field in _long_fields(raw):
        write, op = field.get("write"), field.get("op")
        setting = f"`write: {write}`" if write else changed
        if op in NUMBER_OPERATORS and setting and write != "always":
            yield Problem(
                ("fields", name, "op"),
                f"{op} counts whenever it is sent, and {setting} would send it only at times. "
                "Leave one of the two out.",
            )
        elif write == "if_empty" and op in LIST_OPERATORS:
            yield Problem(("fields", name, "op"), f"{op} and {setting} contradict each other.")
        if write and field.get("nested") == "flatten":
            yield Problem(
                ("fields", name, "write"), "is for one field, and `nested: flatten` makes several."
            )
        if write == "if_empty" and field.get("on_null") == "clear":
            yield Problem(
                ("fields", name, "on_null"), f"clear and {setting} contradict each other."
            )


def _of_mode(raw: Mapping[str, object]) -> Iterator[Problem]:
    """Of what is looked for before it is sent."""
    mode = raw.get("mode")
    looks = [f"`mode: {mode}`"] if mode in ("update_only", "create_only") else []
    if any(field.get("write") == "if_empty" for _, field in _long_fields(raw)):
        looks.append("`write: if_empty`")
    if "look_again_hours" in raw and not looks:
        yield Problem(
            ("look_again_hours",),
            "is for `mode: update_only`, `mode: create_only` and `write: if_empty` of a field. "
            "Leave it out.",
        )
    listed = raw.get("identify_by") if looks else ()
    for place, entry in enumerate(listed if isinstance(listed, list | tuple) else ()):
        kind = next(iter(entry), None) if isinstance(entry, Mapping) else None
        if kind in ("FBID", "GPID"):
            yield Problem(
                ("identify_by", place),
                f"CleverTap cannot be asked for a {kind}, as {looks[0]} has to: use "
                "identity or objectId.",
            )


def _of_field(name: str, field: Mapping[str, object], kind: str) -> Iterator[Problem]:
    path, op = ("fields", name), field.get("op", "set")
    if kind == "event" and "write" in field:
        yield Problem(
            (*path, "write"), "is for profiles; an event has its values once and for all."
        )
    if kind == "event" and op != "set":
        yield Problem((*path, "op"), "is for profiles; an event has its values once and for all.")
    if kind == "event" and field.get("on_null") == "clear":
        yield Problem(
            (*path, "on_null"), "clear is for profiles; an event keeps what it was sent with."
        )
    if kind == "profile" and op != "set":
        yield from _of_operator(name, field, str(op))
    if field.get("value") is not None and (field.get("json") or field.get("type") == JSON):
        yield Problem((*path, "json"), "is for text of the source. Write the value as it is.")
    if field.get("on_null") == "clear" and field.get("value") is not None:
        yield Problem((*path, "on_null"), "clear has no meaning beside a constant `value`.")


def _of_type(name: str, given: object, raw: Mapping[str, object]) -> Iterator[Problem]:
    path = ("fields", name, "type")
    if given in (None, JSON) or raw.get("object") not in get_args(Fielded):
        return
    own = own_type(raw, name)
    if own is not None and given not in (own, *_NARROWER.get(own, ())):
        yield Problem(path, f"{name} is a field of CleverTap's own, of type {own}. Leave it out.")
    elif own is None and given in _BUILT_IN:
        yield Problem(
            path, f"{given} is no type for this field; CleverTap has places of its own for it."
        )


def _of_values(
    name: str, field: Mapping[str, object], raw: Mapping[str, object]
) -> Iterator[Problem]:
    """Of settings that change what a field's values are."""
    path = ("fields", name)
    sent_as = own_type(raw, name) or field.get("type")
    if field.get("format") and sent_as not in (None, FieldType.DATE):
        yield Problem(
            (*path, "format"), f"is for dates, and the field is of type {sent_as}. Leave it out."
        )
    if "otherwise" in field and field.get("map") is None:
        yield Problem((*path, "otherwise"), "says what `map` leaves open, and there is no `map`.")
    if "normalise" in field and field.get("hash") is None:
        yield Problem((*path, "normalise"), "says what is hashed, and there is no `hash`.")
    hiding = [setting for setting in ("hash", "redact") if field.get(setting)]
    if len(hiding) > 1:
        yield Problem((*path, "redact"), "and `hash` exclude each other. Keep one.")
    for setting in hiding[:1]:
        own, given = own_type(raw, name), field.get("type")
        if own not in (None, FieldType.STRING):
            yield Problem(
                (*path, setting),
                f"cannot be sent as {name}, a field of CleverTap's own that takes the value "
                f"itself. Send it under a name of your own, with `type: {own}` if it is one.",
            )
        elif given not in (None, *HIDEABLE):
            yield Problem(
                (*path, setting), f"makes a text, and the field has `type: {given}`. Leave it out."
            )
        if field.get("op", "set") != "set":
            yield Problem((*path, setting), f"makes a text, and `op: {field['op']}` takes none.")


def _of_consent(raw: Mapping[str, object]) -> Iterator[Problem]:
    given, fields = raw.get("consent"), raw.get("fields")
    consents = [given] if isinstance(given, Mapping) else _names(given)
    seen: set[object] = set()
    for consent in consents:
        channels = consent.get("channels") if isinstance(consent, Mapping) else None
        if channels == []:
            yield Problem(("consent",), "names no channel. Write `channels: [email, sms]`.")
        for channel in _names(channels):
            flag = f"MSG-{channel}"
            if channel in seen:
                yield Problem(("consent",), f"names the channel {channel} twice. Keep one.")
            elif isinstance(fields, Mapping) and flag in fields:
                yield Problem(
                    ("fields", flag), "is written by `consent:`, too. Leave out one of the two."
                )
            seen.add(channel)


def own_type(raw: Mapping[str, object], name: str) -> FieldType | None:
    """The type that CleverTap gives the field itself."""
    kind = raw.get("object")
    if kind not in get_args(Fielded):
        return None
    return field_type(cast("Fielded", kind), name, _constant(raw.get("event")))


def _of_operator(name: str, field: Mapping[str, object], op: str) -> Iterator[Problem]:
    path, type_ = ("fields", name, "op"), field.get("type")
    if name in PROFILE_FIELDS:
        yield Problem(path, f"{op} is not possible: {name} holds one value. Leave `op` out.")
    if op in LIST_OPERATORS and type_ not in (None, FieldType.LIST):
        yield Problem(path, f"{op} changes a list, and the field has `type: {type_}`.")
    if op in NUMBER_OPERATORS and type_ not in (None, *_NUMBERS):
        yield Problem(path, f"{op} changes a number, and the field has `type: {type_}`.")
    if field.get("on_null") == "clear":
        yield Problem(
            ("fields", name, "on_null"), f"clear and `op: {op}` contradict each other. Keep one."
        )


def _of_identifiers(listed: object) -> Iterator[Problem]:
    seen: set[object] = set()
    for place, entry in enumerate(listed if isinstance(listed, list | tuple) else ()):
        kind = next(iter(entry)) if isinstance(entry, Mapping) and len(entry) == 1 else None
        if kind in seen:
            yield Problem(
                ("identify_by", place),
                f"{kind} is listed twice. Choose between columns with "
                f"`{kind}: {{expr: 'COALESCE(a, b)'}}`.",
            )
        if kind is not None:
            seen.add(kind)


def _long_fields(raw: Mapping[str, object]) -> Iterator[tuple[str, Mapping[str, object]]]:
    fields = raw.get("fields")
    for name, field in fields.items() if isinstance(fields, Mapping) else ():
        if isinstance(name, str) and isinstance(field, Mapping):
            yield name, field


def _constant(event: object) -> str | None:
    """The one name of all events, if that is what is declared."""
    name = event.get("value") if isinstance(event, Mapping) else event
    return None if name is None else str(name)


def _names(listed: object) -> tuple[object, ...]:
    return tuple(listed) if isinstance(listed, list | tuple) else ()
