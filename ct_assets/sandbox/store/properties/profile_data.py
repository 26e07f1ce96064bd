"""Applies `profileData` to a profile."""

from ct_assets.clevertap.fields import PROFILE_FIELDS, SCALAR_FIELDS
from ct_assets.sandbox.json_types import Json
from ct_assets.sandbox.judge.identity_checks import IdentityReader, ProfileIdentifier
from ct_assets.sandbox.sandbox_settings import Settings
from ct_assets.sandbox.store.people.profile_table import ProfileRow, ProfileTable
from ct_assets.sandbox.store.properties.generated_schema import USER, Schema
from ct_assets.sandbox.store.properties.operators import Operators
from ct_assets.sandbox.store.properties.property_types import Cleaner, Note, type_of

_IDENTIFYING = {"identity": "identity", "Identity": "identity", "FBID": "FBID", "GPID": "GPID"}


class ProfileData:
    def __init__(
        self, settings: Settings, cleaner: Cleaner, schema: Schema, people: ProfileTable
    ) -> None:
        self._most = settings.limits.custom_fields
        self._nulls_delete = settings.null_values == "delete"
        self._drops_bad = settings.bad_system_values == "drop"
        self._discarded = settings.discarded_properties
        self._cleaner, self._schema, self._people = cleaner, schema, people
        self._operators = Operators(
            cleaner, settings.delete_operator, nested=settings.nested_objects
        )
        self._identities = IdentityReader(settings, known=lambda _: False)

    def apply(
        self, profile: ProfileRow, data: dict[str, Json], now: int, notes: list[Note]
    ) -> None:
        props = dict(profile.props)
        links = []
        for raw, given in data.items():
            if given is None and not self._nulls_delete:
                continue
            if (kind := _IDENTIFYING.get(raw)) is not None:
                links.append((kind, given))
                continue
            field = self._cleaner.name(raw, notes.append)
            if field != raw and field in PROFILE_FIELDS:  # under its own name it was not judged
                notes.append(Note("forbidden_characters", raw, f"would be {field}; dropped"))
                continue
            if field and field not in self._discarded:
                self._set(props, field, given, notes)
        profile.props = props
        for kind, given in links:
            self._link(profile, kind, given, now, notes)

    def _set(self, props: dict[str, Json], field: str, given: Json, notes: list[Note]) -> None:
        before = props.get(field)
        if _is_nested(given) and field in SCALAR_FIELDS:
            notes.append(Note("nested_value", field, "takes a single value; dropped"))
            return
        if self._drops_bad and is_bad(field, given):
            notes.append(Note("bad_system_value", field, "not of this property's type; dropped"))
            return
        if field == "Phone" and isinstance(given, str):
            given = int(given)
        value = self._operators.result(field, given, before, notes.append)
        if value is None:
            props.pop(field, None)
        elif (
            value is not before
            and self._fits(props, field, notes)
            and self._admits(field, given, before, value, notes)
        ):
            props[field] = value

    def _admits(
        self, field: str, given: Json, before: Json, value: Json, notes: list[Note]
    ) -> bool:
        """That a scalar becomes a list by `$add` or `$remove` is CleverTap's own doing."""
        operates = before is not None and isinstance(given, dict) and "$set" not in given
        if operates and isinstance(value, list):
            self._schema.keeps(USER, field, type_of(value))
            return True
        return self._schema.admits(USER, field, type_of(value), notes.append)

    def _fits(self, props: dict[str, Json], field: str, notes: list[Note]) -> bool:
        if field in props or field in PROFILE_FIELDS or len(props) < self._most:
            return True
        if sum(name not in PROFILE_FIELDS for name in props) < self._most:
            return True
        notes.append(Note("too_many_properties", field, f"the profile has {self._most}; dropped"))
        return False

    def _link(
        self, profile: ProfileRow, kind: str, given: Json, now: int, notes: list[Note]
    ) -> None:
        value = self._identities.text(given)
        if value is None:
            notes.append(Note("identity_error", kind, "not an identity; ignored"))
        else:
            self._people.link(profile, ProfileIdentifier(kind, value), now)


def _is_nested(given: Json) -> bool:
    """Whether it is a list or an object that is no operator."""
    if isinstance(given, dict):
        return not any(key.startswith("$") for key in given)
    return isinstance(given, list)


def is_bad(field: str, given: Json) -> bool:
    """Whether a property of CleverTap's own, for which no code is published, is of a wrong type."""
    if given is None or isinstance(given, dict):
        return False
    if field == "DOB":
        return type_of(given) != "Date"
    return field.startswith("MSG-") and not isinstance(given, bool)
