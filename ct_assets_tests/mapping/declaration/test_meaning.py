from typing import Any

import pytest

from ct_assets.mapping import parse
from ct_assets.mapping.declaration.meaning import event_key, meaning

ORDERS: dict[str, Any] = {
    "name": "orders",
    "object": "event",
    "source": "shop/order",
    "event": "Ordered",
    "event_key": "number",
    "ts": "at",
    "identify_by": [{"identity": "id"}, {"objectId": {"expr": "UPPER(device)"}}],
    "fields": {"Total": "total"},
}


def test_a_meaning_is_in_words() -> None:
    assert meaning(parse(ORDERS)) == {
        "source": "shop/order",
        "event": "Ordered",
        "identify_by": "identity: id, objectId: UPPER(device)",
        "destination": "",
    }


@pytest.mark.parametrize(
    ("event", "words"), [("kind", "kind"), ({"column": "kind"}, "column kind")]
)
def test_a_column_of_names_is_no_name(event: object, words: str) -> None:
    assert meaning(parse({**ORDERS, "event": event}))["event"] == words


@pytest.mark.parametrize(
    ("key", "words"), [("number", "number"), ({"template": "{number}-{line}"}, "{number}-{line}")]
)
def test_the_key_is_as_version_0_1_kept_it(key: object, words: str) -> None:
    assert event_key(parse({**ORDERS, "event_key": key})) == words


@pytest.mark.parametrize(
    "edit", [{"where": "total > 1"}, {"fields": {}}, {"ts": "seen"}, {"trigger": "@daily"}]
)
def test_other_settings_play_no_part(edit: dict[str, Any]) -> None:
    assert meaning(parse({**ORDERS, **edit})) == meaning(parse(ORDERS))
