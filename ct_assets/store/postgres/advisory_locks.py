"""Advisory locks of Postgres have numbers; this module finds those of our names."""

import hashlib
from typing import LiteralString

TRY: LiteralString = "select pg_try_advisory_lock(%s)"
UNLOCK: LiteralString = "select pg_advisory_unlock(%s)"


def lock_number(*names: str) -> int:
    """In the range of a bigint; the lowest byte is free."""
    digest = hashlib.sha256("\0".join(("ct_assets", *names)).encode()).digest()
    return int.from_bytes(digest[:8], signed=True) & ~0xFF
