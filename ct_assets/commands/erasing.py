"""Erases a person from what is staged: source rows, valid and rejected ones, reports."""

from collections.abc import Iterable
from pathlib import Path

import polars as pl

from ct_assets.components.splitting import KEYS
from ct_assets.delivery.forget import erase, theirs
from ct_assets.files import replacing
from ct_assets.io_managers.staging import Staging
from ct_assets.mapping import Mapped, SchemaError, Sync, bind

_ROW = "__row"
Person = frozenset[tuple[str, str]]
"""Everything that names somebody: pairs of an identifier's kind and its value."""


def erase_staged(staging: Staging, syncs: Iterable[Sync], kind: str, value: str) -> int:
    """How many rows; those of replaced snapshots, which are kept for a while, count too."""
    known = list(syncs)
    valid = {sync.name: staging.snapshots((sync.name, "valid")) for sync in known}
    person = _person([path for paths in valid.values() for path in paths], kind, value)
    rows = 0
    for sync in known:
        keys = _keys(valid[sync.name], person)
        rows += sum(erase(path, _named(person)) for path in valid[sync.name])
        for path in valid[sync.name]:
            if path.with_name(KEYS).exists():
                erase(path.with_name(KEYS), _named(person))
        for stage in ("clevertap", "undelivered"):
            paths = staging.snapshots((sync.name, stage))
            rows += sum(erase(path, pl.col("key").is_in(keys)) for path in paths)
        sources = staging.snapshots(sync.source.split("/"))
        for path in (*staging.snapshots((sync.name, "rejected")), *sources):
            rows += _erase_source(sync, path, person)
    return rows


def _person(valid: list[Path], kind: str, value: str) -> Person:
    """The pair, and the further identifiers that staged rows give the same person."""
    found = {(kind, value)}
    for path in valid:
        rows = (
            pl.scan_parquet(path).filter(theirs(kind, value)).select("_kind", "_identity", "_also")
        )
        for named_by, identity, also in rows.collect().iter_rows():
            found.add((named_by, identity))
            found |= {(k, v) for k, _, v in (text.partition(":") for text in also or ())}
    return frozenset(found)


def _named(person: Person) -> pl.Expr:
    return pl.any_horizontal(theirs(kind, value) for kind, value in sorted(person))


def _keys(valid: list[Path], person: Person) -> list[str]:
    """By which reports know them: of an event its own key."""
    found = {value for _, value in person}
    for path in valid:
        rows = pl.scan_parquet(path).filter(_named(person)).select("_key").collect()
        found |= set(rows.to_series())
    return sorted(found)


def _erase_source(sync: Sync, path: Path, person: Person) -> int:
    """Rows in the source's own columns."""
    frame = pl.scan_parquet(path)
    numbered = frame.with_row_index(_ROW)
    columns = [c for c in frame.collect_schema().items() if c[0] != "reasons"]
    try:
        mapped = bind(sync, pl.Schema(columns))
    except SchemaError:  # an old snapshot, from before the source or the declaration changed
        unwanted = numbered.filter(_raw(sync, dict(columns), person))
    else:
        told = mapped.prepared(numbered, mapped.identifying)
        unwanted = told.filter(_raw(sync, dict(columns), person) | _mapped(mapped, person))
    rows = unwanted.select(_ROW).collect(engine="streaming")
    if rows.height:
        kept = numbered.join(rows.lazy(), on=_ROW, how="anti", maintain_order="left")
        with replacing(path) as partial:
            kept.drop(_ROW).sink_parquet(partial)
    return rows.height


def _mapped(mapped: Mapped, person: Person) -> pl.Expr:
    identity = mapped.identity
    also = identity.also
    return pl.any_horizontal(
        ((identity.kind == kind) & (identity.value == value)).fill_null(value=False)
        | also.list.contains(f"{kind}:{value}").fill_null(value=False)
        for kind, value in sorted(person)
    )


def _raw(sync: Sync, columns: dict[str, pl.DataType], person: Person) -> pl.Expr:
    """What an identifier's column itself holds, were the row rejected for it."""
    named = [
        (pl.col(i.column).cast(pl.String, strict=False) == value).fill_null(value=False)
        for i in sync.identify_by
        for kind, value in sorted(person)
        if i.column in columns and i.column and i.kind == kind
    ]
    return pl.any_horizontal(pl.lit(value=False), *named)
