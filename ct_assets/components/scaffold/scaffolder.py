"""Writes declarations for `dg scaffold defs`: they load as they are, and show more in comments."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from pprint import pformat
from typing import Any, Literal

import click
import dagster as dg
import polars as pl
import yaml
from pydantic import BaseModel, Field

from ct_assets.components.project.locations import component_of
from ct_assets.components.scaffold import suggestions
from ct_assets.components.scaffold.proposed_source import ProposedSource, plain, propose_source
from ct_assets.sources import formats

PLACEHOLDERS = {
    "profile": ("customer_id", "name", "email"),
    "event": ("event_id", "customer_id", "created_at"),
}


class SyncParams(BaseModel):
    source: str | None = Field(
        default=None, description="Asset whose rows are sent. Left out: one that is declared."
    )
    object: Literal["profile", "event"] = Field(
        default="profile", description="What a row becomes in CleverTap."
    )
    event: str | None = Field(
        default=None, description="Name of the events. Left out: made of the sync's name."
    )


class SourceParams(BaseModel):
    asset: str | None = Field(default=None, description="Key of the asset, such as shop/customer.")
    file: str | None = Field(default=None, description=f"{formats.NAMES}, from the project's root.")
    table: str | None = Field(default=None, description="A table or view of the warehouse.")
    sql: str | None = Field(default=None, description="One SELECT, run in the warehouse.")
    connection: str | None = Field(default=None, description="The Connection of table or sql.")


class SyncScaffolder(dg.Scaffolder[SyncParams]):
    @classmethod
    def get_scaffold_params(cls) -> type[SyncParams]:
        return SyncParams

    def scaffold(self, request: dg.ScaffoldRequest[SyncParams]) -> None:
        name = plain(request.target_path.stem if request.append else request.target_path.name)
        root = request.project_root or Path.cwd()
        source = propose_source(name, request.params.source, request.target_path, root)
        _write(request, sync_text(name, request.params, source, request.type_name))
        click.echo(source.note, err=True)


class SourceScaffolder(dg.Scaffolder[SourceParams]):
    @classmethod
    def get_scaffold_params(cls) -> type[SourceParams]:
        return SourceParams

    def scaffold(self, request: dg.ScaffoldRequest[SourceParams]) -> None:
        name = plain(request.target_path.name)
        _write(request, source_text(name, request.params, request.type_name))


def sync_text(name: str, params: SyncParams, source: ProposedSource, type_name: str) -> str:
    """A declaration, with a comment for each line that deserves a look."""
    event = params.event or suggestions.event_name(name)
    is_event = params.object == "event"
    schema = source.schema or dict.fromkeys(PLACEHOLDERS[params.object], pl.String())
    offer = suggestions.event(schema, event) if is_event else suggestions.profile(schema)
    condition = f"{_sql(next(iter(schema)))} is not null"
    id_note = "" if offer.identity else "  # no column looks like an id: name it here"
    lines = [
        *(f"# {line}" for line in source.note.splitlines()),
        f"type: {type_name}",
        "attributes:",
        f"  name: {name}",
        f"  object: {params.object}",
        f"  source: {_flow(source.asset)}",
        f"  # where: {_flow(condition)}  # in SQL; other rows are left out",
        *(_event_lines(event, offer) if is_event else []),
        "  # identity, objectId, FBID or GPID, in order: the first that a row has is used",
        f"  identify_by: {_flow([{'identity': offer.identity or 'customer_id'}])}{id_note}",
        *_field_lines(offer, active=is_event),
        *(_EVENT_ENDING if is_event else [*_samples(schema), *_PROFILE_ENDING]),
        *_ENDING,
    ]
    return "\n".join(lines) + "\n"


def source_text(name: str, params: SourceParams, type_name: str) -> str:
    origin = params.model_dump(exclude_none=True)
    asset = origin.pop("asset", f"source/{name}")
    lines = [
        f"type: {type_name}",
        "attributes:",
        f"  asset: {_flow(asset)}  # what syncs name as their `source`",
        f"  # one of file ({formats.NAMES}, from the project's root; may have *), table,",
        "  # sql and sql_file (beside this file); all but file are read from the `connection`, or",
        "  # from <CT_DATA_DIR>/warehouse.duckdb",
        *(f"  {kind}: {_flow(value)}" for kind, value in (origin or {"table": name}).items()),
        "  # types: {}  # of columns of files, such as birthday: date; CSV is text otherwise",
        "  # watermark: null  # a column that grows with every change, such as updated_at",
        "  # upstream: []  # assets that make these rows, such as dbt/customer",
        f"  description: {_flow(f'Rows of {asset}.')}",
    ]
    return "\n".join(lines) + "\n"


def _event_lines(event: str, offer: suggestions.Proposal) -> list[str]:
    key_note = "" if offer.event_key else "  # no column looks like a key: name it here"
    ts_note = "" if offer.ts else "  # no column looks like a time: name it here"
    return [
        f"  event: {_flow(event)}  # or {{column: event_name}}",
        "  # makes an event unique, which is never sent again once CleverTap has acknowledged it",
        f"  event_key: {_flow(offer.event_key or 'event_id')}{key_note}",
        f"  ts: {_flow({'column': offer.ts or 'created_at', 'timezone': 'UTC'})}{ts_note}",
    ]


def _field_lines(offer: suggestions.Proposal, *, active: bool) -> Iterator[str]:
    """All columns of an event are sent; of a person those that CleverTap has fields for."""
    own, active = {column: column for column in offer.others}, active or not offer.fields
    fields = {**offer.fields, **own} if active else offer.fields
    yield "  fields:" if fields else "  fields: {}"
    for name, value in fields.items():
        yield f"    {_flow(name)}: {_flow(value)}"
        if value == offer.fields.get("Phone") and isinstance(value, str):
            yield f"    # numbers without + need a country, as in {{column: {value}, region: IN}}"
    if own and not active:
        yield "    # more columns, sent as properties of their own once the # is gone:"
        yield from (f"    # {_flow(column)}: {_flow(column)}" for column in own)


def _samples(schema: Mapping[str, pl.DataType]) -> list[str]:
    """Fields that go through as they are, of a column that is there."""
    numbers = [name for name, dtype in schema.items() if dtype.is_numeric()]
    column = next(iter([*numbers, *schema]))
    computed = f"round(try_cast({_sql(column)} as double), 2)"
    return [
        "    # From warehouse: {value: true}  # the same for everybody",
        f"    # Computed: {_flow({'expr': computed, 'type': 'float'})}",
    ]


def _sql(column: str) -> str:
    plain_name = re.fullmatch(r"[a-z_][a-z0-9_]*", column)
    return column if plain_name else '"{}"'.format(column.replace('"', '""'))


_PROFILE_ENDING = [
    "  duplicates: reject  # or {keep_latest_by: updated_at}",
    "  on_removed: keep  # keep | clear | delete: what becomes of people who left the source",
]
_EVENT_ENDING = [
    "  # after: []  # the sync of the people whom these events are about, such as customers",
    "  on_unknown: resend  # or park: what becomes of a batch whose answer was lost",
]
_ENDING = [
    "  max_rejected: 0.10  # above this share of rejected rows nothing is sent",
    '  # trigger: "0 * * * *"  # a cron line, or on_change; left out: by hand',
]


def _flow(value: Any) -> str:  # noqa: ANN401 - whatever YAML can say
    text = yaml.safe_dump(
        value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=10_000
    )
    return text.removesuffix("\n").removesuffix("\n...")


def _write(request: dg.ScaffoldRequest[Any], text: str) -> None:
    if request.scaffold_format == "python":
        (request.target_path / "component.py").write_text(_python(text))
    elif request.append:
        with request.target_path.open("a") as file:
            file.write(f"---\n{text}")
    else:
        (request.target_path / "defs.yaml").write_text(text)


def _python(text: str) -> str:
    """The same declaration as arguments, which editors and mypy know."""
    document = yaml.safe_load(text)
    module, _, name = document["type"].rpartition(".")
    component, imported = name, f"from {module} import {name}"
    if component_of(document):
        component, imported = f"ct_assets.{name}", "import ct_assets"
    settings = "".join(
        f"        {setting}={_indented(value)},\n"
        for setting, value in document["attributes"].items()
    )
    return (
        f"import dagster as dg\n\n{imported}\n\n\n"
        f"@dg.component_instance\ndef load(context: dg.ComponentLoadContext) -> {component}:\n"
        f"    return {component}(\n{settings}    )\n"
    )


def _indented(value: object) -> str:
    return pformat(value, sort_dicts=False, width=80).replace("\n", "\n" + " " * 8)
