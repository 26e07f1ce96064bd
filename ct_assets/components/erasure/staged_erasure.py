"""StagedErasure erases a person from staged source rows, valid and rejected ones, and reports."""

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import polars as pl

from ct_assets.delivery.operations.person_rows import (
    Person,
    about_person,
    erase_rows,
    identifiers_of,
    log_lines,
    report_lines,
)
from ct_assets.errors import UserError
from ct_assets.files import checksum, replacing
from ct_assets.io_managers.delivery_requests import CHANGED, KEYS
from ct_assets.mapping import BoundSync, SchemaError, Sync, bind
from ct_assets.mapping.declaration.rules.catalog_names import LOG, STAGES
from ct_assets.staging import Snapshot, Staging

_ROW = "__row"


def named_by(staging: Staging, syncs: Iterable[Sync], kind: str, value: str) -> Person:
    """The identifier, and the further ones that staged rows give the same person."""
    named: set[tuple[str, str]] = {(kind, value)}
    for sync in syncs:
        for path in staging.snapshots((sync.name, "valid")):
            with _undamaged(path):
                named |= set(identifiers_of(path, kind, value))
    return named


def erase_staged(staging: Staging, syncs: Iterable[Sync], person: Person) -> int:
    """Rows that were erased; those of replaced snapshots, which are kept for a while, count too."""
    rows = 0
    for sync in syncs:
        source, valid = sync.source.split("/"), staging.snapshots((sync.name, "valid"))
        assets = [source, *((sync.name, stage) for stage in (*STAGES, LOG))]
        for key in assets:
            staging.sweep(key)
        keys = _keys(sync, valid, person)
        rows += sum(_erase(path, about_person(person)) for path in valid)
        for path in valid:
            for beside in (path.with_name(KEYS), path.with_name(CHANGED)):
                if beside.exists():
                    _erase(beside, about_person(person))
        for stage in ("clevertap", "undelivered"):
            paths = staging.snapshots((sync.name, stage))
            rows += sum(_erase(path, report_lines(keys)) for path in paths)
        for path in staging.snapshots((sync.name, LOG)):
            rows += _erase(path, log_lines(keys, person))
        for path in (*staging.snapshots((sync.name, "rejected")), *staging.snapshots(source)):
            with _undamaged(path):
                rows += _erase_source(sync, path, person)
        for key in assets:
            staging.keep_edits(key)
        _recount(staging, sync)
    return rows


def _erase(path: Path, unwanted: pl.Expr) -> int:
    with _undamaged(path):
        return erase_rows(path, unwanted)


@contextlib.contextmanager
def _undamaged(path: Path) -> Iterator[None]:
    """Names a staged file that cannot be read: nobody can tell whose rows are in it."""
    try:
        yield
    except pl.exceptions.PolarsError:
        raise UserError(
            f"{path} is damaged, and may have rows of the person; remove its folder, "
            f"{path.parent}, and run it again. The next run stages its rows anew"
        ) from None


def _recount(staging: Staging, sync: Sync) -> None:
    """Have the counts of the current snapshots agree with the rows that are left in them."""
    staged = (set(staging.partitions((sync.name, stage))) for stage in ("valid", "rejected"))
    for part in set.intersection(*staged):
        valid, rejected = (staging.current((sync.name, s), part) for s in ("valid", "rejected"))
        if split := valid.meta.split:
            counts = split.counts.recounted(valid=_rows(valid), rejected=_rows(rejected))
            sums = {name: checksum(valid.beside(name)) for name in split.checksums}
            kept = replace(split, counts=counts, checksums=sums, inputs="")
            kept = replace(kept, rules="", base="")  # its rows have moved in their files
            meta = replace(valid.meta, split=kept)
            staging.amend((sync.name, "valid"), part, meta)


def _rows(snapshot: Snapshot) -> int:
    return int(snapshot.scan().select(pl.len()).collect().item())


def _keys(sync: Sync, valid: list[Path], person: Person) -> Person:
    """The keys by which reports know them: of an event its own key."""
    kind = pl.lit("event") if sync.object == "event" else pl.col("_kind")
    keys = set(person)
    for path in valid:
        theirs = pl.scan_parquet(path, glob=False).filter(about_person(person))
        with _undamaged(path):
            keys |= set(theirs.select(kind.alias("kind"), "_key").collect().iter_rows())
    return sorted(keys)


def _erase_source(sync: Sync, path: Path, person: Person) -> int:
    """Rows in the source's own columns."""
    frame = pl.scan_parquet(path, glob=False)
    numbered = frame.with_row_index(_ROW)
    columns = [c for c in frame.collect_schema().items() if c[0] != "reasons"]
    try:
        mapped = bind(sync, pl.Schema(columns))
    except SchemaError:  # an old snapshot, from before the source or the declaration changed
        unwanted = numbered.filter(_raw(sync, dict(columns), person))
    else:
        prepared = mapped.prepared(numbered, mapped.identifying)
        unwanted = prepared.filter(_raw(sync, dict(columns), person) | _mapped(mapped, person))
    rows = unwanted.select(_ROW).collect(engine="streaming")
    if rows.height:
        kept = numbered.join(rows.lazy(), on=_ROW, how="anti", maintain_order="left")
        with replacing(path) as partial:
            kept.drop(_ROW).sink_parquet(partial)
    return rows.height


def _mapped(mapped: BoundSync, person: Person) -> pl.Expr:
    identity = mapped.identity
    also = identity.also
    return pl.any_horizontal(
        ((identity.kind == kind) & (identity.value == value)).fill_null(value=False)
        | also.list.contains(f"{kind}:{value}").fill_null(value=False)
        for kind, value in sorted(person)
    )


def _raw(sync: Sync, columns: dict[str, pl.DataType], person: Person) -> pl.Expr:
    """By the identifier's own column: the row may have been rejected for what is in it."""
    named = [
        (pl.col(i.column).cast(pl.String, strict=False) == value).fill_null(value=False)
        for i in sync.identify_by
        for kind, value in sorted(person)
        if i.column in columns and i.column and i.kind == kind
    ]
    return pl.any_horizontal(pl.lit(value=False), *named)
