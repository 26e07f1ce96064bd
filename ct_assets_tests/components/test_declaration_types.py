"""The types of settings say of every setting what the models say."""

from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from pydantic import BaseModel

from ct_assets.clevertap.contract import CONTACTS, IDENTIFIERS, Limits
from ct_assets.components import declaration_types as types
from ct_assets.mapping.declaration import field, filling, sync, sync_parts, value_settings
from ct_assets.sources.connections.connection_spec import ConnectionSpec
from ct_assets.sources.source import Source

PAIRS: Mapping[type, type[BaseModel]] = {
    types.SyncSettings: sync.Sync,
    types.SourceSettings: Source,
    types.ConnectionSettings: ConnectionSpec,
    types.RegionSettings: filling.Region,
    types.FillingSettings: filling.Filling,
    types.FieldSettings: field.Field,
    types.MomentSettings: field.Moment,
    types.RedactionSettings: value_settings.Redaction,
    types.ConsentSettings: value_settings.Consent,
    types.IdentifierSettings: field.Identifier,
    types.DuplicatesSettings: sync_parts.Duplicates,
    types.OtherColumnsSettings: sync_parts.OtherColumns,
    types.OnChangeSettings: sync_parts.OnChange,
    types.TriggerSettings: sync_parts.Trigger,
    types.PartitionSettings: sync_parts.Partition,
    types.LimitSettings: Limits,
    types.LogSettings: sync_parts.Log,
    types.SegmentSettings: sync_parts.Segment,
}
PLAIN = (str, bool, int, float, type(None))


def settings_of(model: type[BaseModel]) -> dict[str, Any]:
    hidden = {"kind"} if model is field.Identifier else set()
    return {f.alias or n: f for n, f in model.model_fields.items() if n not in hidden}


def choices(annotation: object) -> Iterator[object]:
    """The values of every `Literal`, and the plain types, that stand in an annotation."""
    if get_origin(annotation) is Literal:
        yield from get_args(annotation)
    elif isinstance(annotation, type) and issubclass(annotation, Enum):
        yield from (member.value for member in annotation)
    elif get_origin(annotation) in (Union, UnionType):
        for arm in get_args(annotation):
            yield from choices(arm)
    elif get_origin(annotation) is Annotated:
        yield from choices(get_args(annotation)[0])
    elif annotation in PLAIN:
        yield annotation


def has_short_form(annotation: object) -> bool:
    arms = get_args(annotation) or (annotation,)
    models = [arm for arm in arms if isinstance(arm, type) and issubclass(arm, BaseModel)]
    return bool(models) or annotation in (object, date)


@pytest.mark.parametrize("typed", PAIRS, ids=lambda typed: typed.__name__)
def test_every_setting_of_a_model_has_its_type(typed: Any) -> None:
    settings = settings_of(PAIRS[typed])

    assert set(typed.__annotations__) == set(settings)
    assert typed.__required_keys__ == {n for n, f in settings.items() if f.is_required()}


@pytest.mark.parametrize("typed", PAIRS, ids=lambda typed: typed.__name__)
def test_choices_and_plain_types_are_those_of_the_model(typed: Any) -> None:
    hints = get_type_hints(typed)
    for name, setting in settings_of(PAIRS[typed]).items():
        kept, typed_so = set(choices(setting.annotation)), set(choices(hints[name]))
        # A type has the short forms, too, which a model's validators turn into the long one.
        short = typed_so - kept if has_short_form(setting.annotation) else set()
        assert kept | short == typed_so, f"{name}: declaration_types, or FieldTypeName, lacks it"


def test_identifiers_are_clevertaps() -> None:
    assert set(types.IdentifiedBy.__annotations__) == {*IDENTIFIERS, *CONTACTS}
