"""ImportedSync has the declarations that came of a sync of another tool, and what has no equal."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ct_assets.clevertap.contract import IDENTIFIERS
from ct_assets.clevertap.fields import PROFILE_FIELDS
from ct_assets.components.project.locations import SHORT
from ct_assets.components.scaffold.proposed_source import plain
from ct_assets.mapping import DeclarationError
from ct_assets.mapping import parse as parse_sync
from ct_assets.sources.connections.connection_spec import parse as parse_connection
from ct_assets.sources.source import parse as parse_source

SYNC, SOURCE, CONNECTION = (
    next(kind for kind in SHORT if kind.endswith(name))
    for name in ("ClevertapSync", "SourceTable", "Connection")
)
_PARSERS: Mapping[str, Callable[[Mapping[str, Any]], object]] = {
    SYNC: parse_sync,
    SOURCE: parse_source,
    CONNECTION: parse_connection,
}
_FIELDS = {name.casefold(): name for name in PROFILE_FIELDS}
_KINDS = {kind.casefold(): kind for kind in IDENTIFIERS}


@dataclass
class ImportedSync:
    """The settings of its source and of the sync; none where nothing could be made of it."""

    name: str
    source: dict[str, Any] | None = None
    sync: dict[str, Any] | None = None
    connection: dict[str, Any] | None = None
    """Of a database that the export names itself."""
    lost: list[str] = field(default_factory=list)
    """Sentences on what has no equal, and why."""

    @classmethod
    def named(cls, label: str, taken: Sequence["ImportedSync"] = ()) -> "ImportedSync":
        """A sync whose name none of `taken` has."""
        name, others = plain(label.strip().lower()), {sync.name for sync in taken}
        numbered = (f"{name}_{number}" for number in range(2, len(others) + 3))
        return cls(name if name not in others else next(n for n in numbered if n not in others))

    def declare_connection(self, declared: set[str]) -> None:
        """Declares the connection that the source names, unless `declared` has it; adds it."""
        name = (self.source or {}).get("connection")
        if name is None:
            return
        if name in declared and self.connection is not None:
            self.connection = None
            self.lost.append(f"connection {name}: is declared already; see that it is the same")
        elif name not in declared and self.connection is None:
            variable = f"{plain(name).upper()}_URL"
            self.connection = {"name": name, "url": f"{{{{ env.{variable} }}}}"}
            self.lost.append(
                f"the URL of the connection {name}: set {variable} to it, as the page Warehouses "
                "shows"
            )
        declared.add(name)

    def documents(self) -> Sequence[tuple[str, Mapping[str, Any]]]:
        """Each with its `type`; none if a declaration would be wrong, which `lost` tells then."""
        made = ((CONNECTION, self.connection), (SOURCE, self.source), (SYNC, self.sync))
        if self.source is None or self.sync is None:
            return ()
        try:
            for kind, settings in made:
                if settings is not None:
                    _PARSERS[kind](settings)
        except DeclarationError as error:
            self.lost += [str(problem) for problem in error.problems]
            return ()
        return [(kind, settings) for kind, settings in made if settings is not None]


def identifier(kind: object, column: object) -> dict[str, Any]:
    """An entry of `identify_by`; whatever CleverTap has no kind of is an identity."""
    return {_KINDS.get(str(kind).casefold(), "identity"): column}


def own_name(name: str) -> str:
    """CleverTap's own spelling of a field's name, if it has one."""
    return _FIELDS.get(name.casefold(), name)


def within(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The settings below `key`; none if they are not there, or are of another shape."""
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}


def unequal(settings: Mapping[str, Any], known: Mapping[str, str | None]) -> Iterator[str]:
    """A sentence for each setting that is given; those that `known` has None for do no harm."""
    for name, value in settings.items():
        reason = known.get(name, "has no equal here")
        if reason is not None and value not in (None, False, [], {}, ""):
            yield f"{name}: {reason}"
