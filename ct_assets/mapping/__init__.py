"""Maps the rows of a source to records for CleverTap, or rejects them, as polars expressions.

sync = parse(declaration)
parts = split(sync, pl.scan_parquet("customer.parquet"), workdir)
parts.valid.sink_parquet("valid.parquet")
parts.rejected.sink_parquet("rejected.parquet")
"""

from ct_assets.mapping.binder.bind import bind
from ct_assets.mapping.binder.bound_sync import BoundSync
from ct_assets.mapping.declaration.problems import DeclarationError, Problem, SchemaError
from ct_assets.mapping.declaration.sync import Sync
from ct_assets.mapping.duplicates import rejected_keys
from ct_assets.mapping.parse import parse
from ct_assets.mapping.reasons import reason_counts
from ct_assets.mapping.split import Split, split

__all__ = [
    "BoundSync",
    "DeclarationError",
    "Problem",
    "SchemaError",
    "Split",
    "Sync",
    "bind",
    "parse",
    "reason_counts",
    "rejected_keys",
    "split",
]
