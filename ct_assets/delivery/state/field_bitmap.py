"""A field bitmap says which fields of a profile CleverTap has from us: 64-bit words, as SQL.

Field i of the sync is bit i % 64 of word i // 64; lists of words grow as the sync gains fields.
"""

from collections.abc import Mapping, Sequence

import orjson

from ct_assets.sql import literal, name_sql

BITS = 64


def count(positions: Mapping[str, int]) -> int:
    return max(1, -(-len(positions) // BITS))


def present(columns: Mapping[str, str], positions: Mapping[str, int]) -> list[str]:
    """The words of a row: a bit for each field whose column is not null."""
    tests = {name: f"v.{name_sql(column)} is not null" for name, column in columns.items()}
    return _words(tests, positions)


def listed(column: str, names: Sequence[str], positions: Mapping[str, int]) -> list[str]:
    """The words of a list of field names."""
    held = {name: f"list_contains({column}, {literal(name)})" for name in names}
    return _words({name: f"coalesce({test}, false)" for name, test in held.items()}, positions)


def stored(column: str, words: int) -> list[str]:
    """The words of a stored list, which may be null or shorter."""
    return [f"coalesce({column}[{word + 1}], 0::ubigint)" for word in range(words)]


def zip_with(operator: str, left: Sequence[str], right: Sequence[str]) -> list[str]:
    return [f"(({a}) {operator} ({b}))" for a, b in zip(left, right, strict=True)]


def without(left: Sequence[str], right: Sequence[str]) -> list[str]:
    return [f"(({a}) & ~({b}))" for a, b in zip(left, right, strict=True)]


def some(words: Sequence[str]) -> str:
    return "(" + " or ".join(f"({word}) <> 0" for word in words) + ")"


def has(column: str, position: int) -> str:
    """Whether a stored list has the field at that position."""
    word, bit = divmod(position, BITS)
    return f"(coalesce({column}[{word + 1}], 0::ubigint) & {1 << bit}::ubigint) <> 0"


def merged(left: str, right: str) -> str:
    """The stored list with the bits of both, whatever their lengths."""
    word = f"coalesce({left}[i + 1], 0::ubigint) | coalesce({right}[i + 1], 0::ubigint)"
    longer = f"range(greatest(len({left}), len({right})))"
    return f"list_transform({longer}, lambda i: {word})"


def moved(column: str, before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    """The words of a stored list, of fields that were at other positions."""
    return _words({name: has(column, position) for name, position in before.items()}, after)


def as_list(words: Sequence[str]) -> str:
    return "[" + ", ".join(words) + "]"


def deletions(words: Sequence[str], names: Sequence[str], positions: Mapping[str, int]) -> str:
    """`"A":{"$delete":1},"B":{"$delete":1}` for those of `names` whose bit is set."""
    parts = []
    for name in names:
        word, bit = divmod(positions[name], BITS)
        text = orjson.dumps(name).decode() + ':{"$delete":1}'
        parts.append(f"if((({words[word]}) & {1 << bit}::ubigint) <> 0, {literal(text)}, null)")
    return f"concat_ws(',', {', '.join(parts)})" if parts else "''"


def _words(tests: Mapping[str, str], positions: Mapping[str, int]) -> list[str]:
    terms: list[list[str]] = [[] for _ in range(count(positions))]
    for name, test in tests.items():
        word, bit = divmod(positions[name], BITS)
        terms[word].append(f"if({test}, {1 << bit}::ubigint, 0::ubigint)")
    return [" | ".join(word) if word else "0::ubigint" for word in terms]
