"""Alert is what people are told of a sync: that a state began which needs a person, or is over."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = ("info", "warning", "critical")
"""The least of them first."""


@dataclass(frozen=True, kw_only=True)
class Alert:
    """No text of an exception and no value of a row is in it."""

    sync: str
    destination: str | None
    about: tuple[str, ...]
    """The states, such as `failure`, or budgets by their names; of one that begins a single one."""
    severity: Severity
    run: str
    link: str
    what: str = ""
    todo: str = ""
    is_over: bool = False

    @property
    def title(self) -> str:
        to = f" to {self.destination}" if self.destination else ""
        return f"{self.sync}{to}: {'well again' if self.is_over else self._about[0]}"

    @property
    def text(self) -> str:
        told = [f"over: {' and '.join(self._about)}"]
        if not self.is_over:
            told = [self.what, f"What to do: {self.todo}."]
        return "\n".join([self.title, *told, self.link])

    @property
    def _about(self) -> list[str]:
        return [about.replace("_", " ") for about in self.about]

    def keyed(self, about: str) -> str:
        """A key that stays the same while a state lasts, for services that join what they hear."""
        return f"ct_assets/{self.destination or ''}/{self.sync}/{about}"
