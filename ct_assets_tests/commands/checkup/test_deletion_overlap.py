from typing import Any

from ct_assets.commands.checkup.deletion_overlap import removals
from ct_assets.mapping import Sync, parse


def sync(name: str, **changes: Any) -> Sync:
    declared = {
        "name": name,
        "object": "profile",
        "source": "shop/customer",
        "identify_by": [{"identity": "id"}],
        "fields": {"Name": "name"},
    }
    return parse(declared | changes)


def test_whoever_deletes_what_others_send_is_named() -> None:
    events = {"object": "event", "event": "Bought", "event_key": "number", "ts": "at"}
    (check,) = removals(
        [
            sync("customers", on_removed="delete"),
            sync("loyalty", on_removed="clear"),
            sync("abroad", destination="ABROAD", on_removed="delete"),
            sync("purchases", **events),
        ]
    )

    assert (check.name, check.status) == ("removals of customers", "note")
    assert "whole profiles, also those of loyalty, whose rows" in check.found
