"""ReviewedPlan is a plan in a file, for people to look at and for a run to keep to."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple, Self

from pydantic import BaseModel, ValidationError

from ct_assets.components.preview.sync_plan import SyncPlan, remarks, row_lines, samples
from ct_assets.errors import UserError


class _Options(BaseModel):
    full: bool
    limit: int | None
    allow: list[str]


class _Report(BaseModel):
    digest: str


class _Plan(BaseModel):
    """The part of a plan that a run needs."""

    sync: str
    destination: str
    partition: str | None
    options: _Options
    report: _Report


class ReviewedPlan(NamedTuple):
    destination: str
    partition: str | None
    options: dict[str, Any]
    """Of the run: `DeliveryOptions`, with the digest that nothing else is sent than was planned."""

    @classmethod
    def read(cls, file: Path, sync: str) -> Self:
        """Raises UserError if the file is no plan of the sync, or does not say which records go."""
        try:
            plan = _Plan.model_validate_json(file.read_bytes())
        except (ValidationError, json.JSONDecodeError):
            raise UserError(
                f"{file} is no plan: make one with `ct-assets plan {sync} --out {file}`"
            ) from None
        if plan.sync != sync:
            raise UserError(f"{file} is a plan of {plan.sync}, not of {sync}")
        if not plan.report.digest:
            raise UserError(
                f"{file} binds no run: which records of {sync} go is known only once profiles were "
                "looked for, as its `mode` needs. Run it without --plan"
            )
        options = {**plan.options.model_dump(), "reviewed": plan.report.digest}
        return cls(plan.destination, plan.partition, options)


def markdown(plan: SyncPlan) -> str:
    """The plan for a comment on a pull request; values are masked."""
    of = f", of {plan.partition}" if plan.partition else ""
    lines = [
        f"### {plan.sync}: what the next run would send to {plan.destination}{of}",
        "",
        *_table(("rows", "count"), [(n, f"{rows:,}") for n, rows in row_lines(plan).items()]),
    ]
    if plan.report.properties:
        changes = [(c.field, f"{c.rows:,}", samples(c)) for c in plan.report.properties]
        lines += ["", *_table(("property", "rows", "for example (masked)"), changes)]
    lines += [f"\n{_escaped(remark)}" for remark in remarks(plan)]
    return "\n".join(lines) + "\n"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    rule = "|".join(["---", *("---:" if name in ("rows", "count") else "---" for name in head[1:])])
    cells = (" | ".join(_escaped(cell).strip() for cell in row) for row in rows)
    return [f"| {' | '.join(head)} |", f"|{rule}|", *(f"| {row} |" for row in cells)]


def _escaped(text: str) -> str:
    for character in "\\|<>`*_":
        text = text.replace(character, f"\\{character}")
    return text
