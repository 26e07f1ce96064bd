"""meaning() says in words which people or events the rows of a sync are."""

from ct_assets.mapping.declaration.filling import Filling
from ct_assets.mapping.declaration.sync import Sync


def meaning(sync: Sync) -> dict[str, str]:
    """Settings that decide it, by name; empty where nothing is declared.

    Beside them stand `object` and `event_key`. Fields, conditions and schedules play no part.
    """
    return {
        "source": sync.source,
        "event": _words(sync.event),
        "identify_by": ", ".join(f"{i.kind}: {_column(i)}" for i in sync.identify_by),
        "destination": sync.destination or "",
    }


def event_key(sync: Sync) -> str | None:
    return _column(sync.event_key) or None


def _column(part: Filling | None) -> str:
    return _words(part).removeprefix("column ")


def _words(part: Filling | None) -> str:
    if part is None:
        return ""
    if part.column is not None:
        return f"column {part.column}"
    return str(part.template or part.expr or part.value)
