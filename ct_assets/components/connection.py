"""Connection names a database whose tables and queries are sources."""

import os
from collections.abc import Mapping
from typing import Any, Self, Unpack

import dagster as dg
from pydantic import BaseModel

from ct_assets.components.declaration_types import ConnectionSettings
from ct_assets.components.json_schema import connection_schema
from ct_assets.components.project.connection_resources import ConnectionResource, key_of
from ct_assets.components.project.locations import RawAttributes, parsed, place_of
from ct_assets.components.project.template_values import filled_url
from ct_assets.sources.connections.connection_spec import parse
from ct_assets.sources.connections.declared_connection import DeclaredConnection


class ConnectionAttributes(RawAttributes):
    json_schema = staticmethod(connection_schema)


class Connection(dg.Component):
    """Names a database: its URL, or a resource of the project that connects to it.

    The URL is looked at when a source is read, so that one that is wrong, or not set, fails the
    syncs of its own sources alone. It is in no metadata and no message.
    """

    attributes = ConnectionAttributes

    def __init__(self, **declaration: Unpack[ConnectionSettings]) -> None:
        """Check the declaration; its settings are those of the YAML.

        Raises:
            DeclarationError: With every mistake in it.
        """
        self.spec = parse(declaration)
        self._url = declaration.get("url")
        self._scope: Mapping[str, Any] = {}

    @classmethod
    def get_model_cls(cls) -> type[BaseModel]:
        return cls.attributes

    @classmethod
    def load(cls, attributes: BaseModel | None, context: dg.ComponentLoadContext) -> Self:
        written = attributes.model_dump() if attributes else {}
        # Not filled in here, where one that is not set would fail the whole project.
        url = {name: written.pop(name) for name in ("url",) if name in written}
        raw = cls.attributes(written)
        component = parsed(raw, context, lambda declaration: cls(**declaration, **url))
        component._scope = context.resolution_context.scope  # noqa: SLF001 - its own
        return component

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        declared = DeclaredConnection(self.spec, self.url)
        resource = ConnectionResource(declared, place_of(context))
        return dg.Definitions(resources={key_of(self.spec.name): resource})

    def url(self) -> str:
        """The URL as it is now in the environment.

        Raises:
            UserError: A variable is not set, which the message names.
        """
        written = self._url or ""
        if isinstance(written, dg.EnvVar):
            written = "{{ env." + written.env_var_name + " }}"
        return filled_url(written, self._scope or {"env": os.environ})
