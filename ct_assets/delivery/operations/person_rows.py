"""PersonRows finds the rows of a person in Parquet files, by any identifier, and removes them."""

from collections.abc import Collection
from pathlib import Path

import polars as pl

from ct_assets.files import replacing

Person = Collection[tuple[str, str]]
"""All identifiers of somebody, as pairs of a kind and a value."""


def about_person(person: Person) -> pl.Expr:
    """Selects rows of a valid snapshot that are about somebody."""
    return pl.any_horizontal(bearing(kind, value) for kind, value in person)


def bearing(kind: str, value: str) -> pl.Expr:
    """Selects rows of a valid snapshot that have this identifier."""
    owner = (pl.col("_kind") == kind) & (pl.col("_identity") == value)
    return owner | pl.col("_also").list.contains(f"{kind}:{value}").fill_null(value=False)


def erase_rows(path: Path, unwanted: pl.Expr) -> int:
    """Removes rows from a Parquet file in one step, and returns their number.

    What its metadata say stays: of a report, for instance, which delivery it is of.
    """
    frame = pl.scan_parquet(path, glob=False)
    rows = int(frame.filter(unwanted).select(pl.len()).collect().item())
    if rows:
        metadata = pl.read_parquet_metadata(path)
        metadata.pop("ARROW:schema", None)
        with replacing(path) as partial:
            frame.filter(unwanted.not_()).sink_parquet(partial, metadata=metadata)
    return rows


def report_lines(keys: Person) -> pl.Expr:
    """Selects lines of a report that are about records of these kinds and keys."""
    name = pl.concat_str("kind", pl.lit(":"), "key")
    return name.is_in([f"{kind}:{key}" for kind, key in keys]).fill_null(value=False)


def log_lines(keys: Person, person: Person) -> pl.Expr:
    """Selects lines of a sync's log that are about such records, or name the person."""
    named = pl.col("identity").is_in([value for _, value in person]).fill_null(value=False)
    return report_lines(keys) | named


def identifiers_of(valid: Path, kind: str, value: str) -> list[tuple[str, str]]:
    """Finds all identifiers in the person's rows of a valid snapshot."""
    rows = pl.scan_parquet(valid, glob=False).filter(bearing(kind, value))
    pairs: set[tuple[str, str]] = set()
    for named_by, identity, also in (
        rows.select("_kind", "_identity", "_also").collect().iter_rows()
    ):
        pairs.add((named_by, identity))
        pairs |= {(k, v) for k, _, v in (text.partition(":") for text in also or ())}
    return sorted(pairs)
