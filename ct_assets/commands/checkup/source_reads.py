"""Reads every source as a run would, and checks that it has the columns of its syncs."""

from collections.abc import Iterator, Mapping

import polars as pl

from ct_assets.commands.checkup.diagnosis import Diagnosis, failed, note, ok
from ct_assets.commands.support.loaded_definitions import Project
from ct_assets.commands.support.output import counted
from ct_assets.components.preview.workspace import UnseenSourceError
from ct_assets.components.project import locations
from ct_assets.components.project.registry import Declared
from ct_assets.errors import UserError
from ct_assets.mapping import SchemaError, bind
from ct_assets.mapping.declaration.problems import knowing
from ct_assets.mapping.json_texts.found_shapes import found_shapes


def sources(project: Project) -> Iterator[Diagnosis]:
    wanted: dict[str, list[Declared]] = {}
    for name in sorted(project.syncs):
        declared = project.syncs[name]
        wanted.setdefault(declared.sync.source, []).append(declared)
    for source, syncs in sorted(wanted.items()):
        yield from _source(project, source, syncs)


def _source(project: Project, source: str, syncs: list[Declared]) -> Iterator[Diagnosis]:
    name = f"source {source}"
    try:
        with project.source(syncs[0]) as read:
            frame, left_out = read.rows, read.left_out
            rows = int(frame.select(pl.len()).collect().item())
            schema = frame.collect_schema()
            if rows:
                yield ok(name, f"{counted(rows, 'row')}, {counted(len(schema), 'column')}")
            else:
                yield failed(name, "no rows", "Look at what fills it; an empty table is rare.")
            for declared in syncs:
                yield _columns(declared, frame, left_out)
    except UnseenSourceError as error:
        yield note(name, str(error))
    except UserError as error:
        yield failed(name, error, "Make it readable, or correct the source's declaration.")


def _columns(declared: Declared, frame: pl.LazyFrame, left_out: Mapping[str, str]) -> Diagnosis:
    name = f"columns of {declared.sync.name}"
    try:
        with knowing(left_out):
            mapped = bind(declared.sync, frame.collect_schema(), found_shapes(declared.sync, frame))
    except SchemaError as error:
        problem = locations.message_at(declared.place, error.path, str(error))
        fix = (
            f"Correct what it names; `ct-assets preview {declared.sync.name}` shows the rows then."
        )
        return failed(name, problem, fix)
    columns = set[str]().union(*mapped.lineage().values())
    used = f"{counted(len(columns), 'column')} for {counted(len(mapped.fields), 'field')}"
    return ok(name, f"there: {used}")
