"""Protobuf writes fields of messages in the wire format of that name.

It is told at protobuf.dev/programming-guides/encoding. To load protobuf's own package would take as
much CPU as a run may use for all its figures.
"""

import struct
from collections.abc import Sequence

VARINT, FIXED64, SIZED, FIXED32 = 0, 1, 2, 5
"""Wire types."""


def number(field: int, value: int) -> bytes:
    """An enum or a flag; not negative."""
    return _tag(field, VARINT) + _varint(value)


def text(field: int, value: str) -> bytes:
    return message(field, value.encode())


def message(field: int, *parts: bytes) -> bytes:
    """A message of these fields, or bytes."""
    content = b"".join(parts)
    return _tag(field, SIZED) + _varint(len(content)) + content


def fixed64(field: int, value: int) -> bytes:
    return _tag(field, FIXED64) + struct.pack("<q", value)


def fixed32(field: int, value: int) -> bytes:
    return _tag(field, FIXED32) + struct.pack("<I", value)


def double(field: int, value: float) -> bytes:
    return _tag(field, FIXED64) + struct.pack("<d", value)


def all_fixed64(field: int, values: Sequence[int]) -> bytes:
    """A repeated field, packed."""
    return message(field, struct.pack(f"<{len(values)}q", *values))


def all_doubles(field: int, values: Sequence[float]) -> bytes:
    """A repeated field, packed."""
    return message(field, struct.pack(f"<{len(values)}d", *values))


def _tag(field: int, kind: int) -> bytes:
    return _varint(field << 3 | kind)


def _varint(value: int) -> bytes:
    """Seven bits in each byte, the lowest first; the eighth says that more follow."""
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    found.append(value)
    return bytes(found)
