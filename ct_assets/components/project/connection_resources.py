"""ConnectionResources finds the connections of a project among its resources."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import dagster as dg

from ct_assets.components.project.locations import Place, component_of, message_at
from ct_assets.components.project.resource_urls import url_of
from ct_assets.components.project.yaml_documents import READ, documents_known
from ct_assets.errors import UserError, closest, hushed
from ct_assets.sources.connections.declared_connection import DeclaredConnection

_BEFORE = "connection_"


class ConnectionResource(dg.ResourceDefinition):
    """Holds a connection among the resources, where runs, sensors and commands find it."""

    def __init__(self, declared: DeclaredConnection, place: Place) -> None:
        super().__init__(
            resource_fn=lambda _: declared,
            description=f"The database that sources read by `connection: {declared.spec.name}`.",
        )
        self.declared = declared
        self.place = place


def key_of(name: str) -> str:
    """The key of a connection's resource."""
    return f"{_BEFORE}{name}"


def connections_of(resources: Mapping[str, Any]) -> Mapping[str, DeclaredConnection]:
    """The connections among the resources of definitions, of a job or of a repository."""
    return {
        resource.declared.spec.name: _connected(resource.declared, resources)
        for resource in resources.values()
        if isinstance(resource, ConnectionResource)
    }


def _connected(declared: DeclaredConnection, resources: Mapping[str, Any]) -> DeclaredConnection:
    """By the resource that it names, if it names one, with what the environment says now."""
    key = declared.spec.resource
    if key is None:
        return declared

    def url() -> str:
        if key not in resources:
            others = [name for name in resources if not name.startswith(_BEFORE)]
            raise UserError(f"no resource {key!r}{closest(key, others)}")
        try:
            with dg.build_resources({key: resources[key]}) as built:
                return url_of(getattr(built, key), key)
        except UserError:
            raise
        except Exception as error:  # whatever a resource of others raises
            hushed(error)
            why = type(error).__name__
            raise UserError(f"the resource {key!r} cannot be made ({why})") from None

    return replace(declared, url=url)


def connection_places(resources: Mapping[str, Any]) -> Mapping[str, Place]:
    """Where each of them is declared."""
    return {
        resource.declared.spec.name: resource.place
        for resource in resources.values()
        if isinstance(resource, ConnectionResource)
    }


def declared_connections(defs: Path) -> Iterator[tuple[str, Place]]:
    """The names of the connections that the YAML files of a folder declare, and where."""
    for file in sorted(file for name in READ for file in defs.rglob(name)):
        for number, lines in enumerate(documents_known(file)):
            declared: Any = lines.value()
            if component_of(declared) == "Connection":
                name = (declared.get("attributes") or {}).get("name")
                yield str(name), Place(file.parent, file, number)


def repeated_connections(defs: Path) -> Iterator[str]:
    """Connections of one name, which Dagster would tell as resources that do not go together."""
    first: dict[str, Place] = {}
    for name, at in declared_connections(defs):
        if name in first:
            taken = f"{name!r} is declared in {first[name]} too; give one another name"
            yield message_at(at, ("name",), taken)
        first.setdefault(name, at)


def unknown_connection(name: str, connections: Mapping[str, object]) -> str:
    known = sorted(connections)
    hint = closest(name, known) or f"; there are: {', '.join(known) or 'none'}"
    return f"no connection {name!r}{hint}"
