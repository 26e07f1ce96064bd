"""A page as its reader sees it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

import httpx

_VOID = {"meta", "link", "img", "input", "br"}
_INLINE = {"a", "b", "bdi", "code", "small", "span", "strong", "time"}
_UNSEEN = {"script", "style", "title", "noscript"}


@dataclass
class Page:
    status: int
    text: str
    rows: list[list[str]]
    """Of every table, without its head."""
    links: dict[str, str]
    """Where each leads, by its words."""
    fields: dict[str, str]
    """Of every form: name and value, of a checkbox only when it is checked."""


@dataclass
class _Reader(HTMLParser):
    words: list[str] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    fields: dict[str, str] = field(default_factory=dict)
    open: list[tuple[str, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.fields[given["name"]] = given.get("value", "")
        if tag == "tr":
            self.rows.append([])
        self._part(tag)
        if tag not in _VOID:
            self.open.append((tag, len(self.words), given.get("href", "")))

    def handle_endtag(self, tag: str) -> None:
        opened, start, href = self.open.pop()
        assert opened == tag, f"<{opened}> is closed by </{tag}>"
        self._part(tag)
        text = " ".join("".join(self.words[start:]).split())
        if tag == "a":
            self.links[text] = href
        if tag == "td" or (tag == "th" and any(one[0] == "tbody" for one in self.open)):
            self.rows[-1].append(text)

    def _part(self, tag: str) -> None:
        if tag not in _INLINE:
            self.words.append(" ")

    def handle_data(self, data: str) -> None:
        if not any(one[0] in _UNSEEN for one in self.open):
            self.words.append(data)


def read(answer: httpx.Response) -> Page:
    reader = _Reader()
    reader.feed(answer.text)
    reader.close()
    text = " ".join("".join(reader.words).split())
    rows = [row for row in reader.rows if row]
    return Page(answer.status_code, text, rows, reader.links, reader.fields)
