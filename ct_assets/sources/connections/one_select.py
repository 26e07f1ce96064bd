"""OneSelect lets one SELECT through to a server, and nothing that writes.

It reads words, not grammar: the server runs the query in a read-only transaction, or as a user who
may only read, and this stops before that whatever is plainly something else.
"""

import re
from collections.abc import Iterator, Mapping

from ct_assets.sources.query_errors import ONLY_READS, QueryError

_STANDARD = r"""[eE]'(?:[^'\\]|''|\\.)*'|'(?:[^']|'')*'|"(?:[^"]|"")*" """
_ESCAPED = r"""'(?:[^'\\]|''|\\.)*'|"(?:[^"\\]|""|\\.)*" """
_WORDS = r"""
  (?P<comment>{comment}/\*(?P<run>!|M!)?(?:[^*]|\*(?!/))*\*/)
| (?P<text>{text}|`(?:[^`]|``)*`|\$(?P<tag>\w*)\$.*?\$(?P=tag)\$)
| (?P<word>[A-Za-z_]\w*)
| (?P<other>\S)
"""
# MySQL reads 5--3 as 5 - (-3): a comment has a blank behind.
_MYSQL_COMMENT = r"\#[^\n]*|--(?=[\s\x00-\x1f]|$)[^\n]*|"
_PATTERNS: Mapping[bool, re.Pattern[str]] = {
    escapes: re.compile(_WORDS.format(comment=comment, text=text), re.DOTALL | re.VERBOSE)
    for escapes, comment, text in (
        (False, r"--[^\n]*|", _STANDARD),
        (True, _MYSQL_COMMENT, _ESCAPED),
    )
}
_READS = {"select", "with", "values", "table", "from", "("}
_WRITES = re.compile("insert|update|delete|merge")


def one_select(query: str, label: str, *, escapes: bool = False) -> str:
    r"""The query without a semicolon or a comment at its end.

    Args:
        query: What the author of a source wrote.
        label: The name of the query in messages.
        escapes: Whether the database takes `\'` in a text for a quote, as MySQL does.

    Raises:
        QueryError: It is not one SELECT.
    """
    end, ended, before, last = 0, False, "", ""
    for stop, said in _words(query, label, escapes=escapes):
        function = said == "(" and _WRITES.fullmatch(last)
        wrong = (
            ended
            or (not last and said not in _READS)
            or (_WRITES.fullmatch(last) and before in ("(", ")", "for") and not function)
            or (said == "into" and last != ".")
        )
        if wrong:
            raise QueryError(f"{label}: {ONLY_READS}")
        if said == ";":
            ended = True
        else:
            end, before, last = stop, last, said
    if not last or _WRITES.fullmatch(last):
        raise QueryError(f"{label}: {ONLY_READS}")
    return query[:end]


def _words(query: str, label: str, *, escapes: bool) -> Iterator[tuple[int, str]]:
    for token in _PATTERNS[escapes].finditer(query):
        if token["run"]:
            raise QueryError(f"{label}: has a comment that the server runs (/*!); take it out")
        if not token["comment"]:
            yield token.end(), "''" if token["text"] else token[0].lower()
