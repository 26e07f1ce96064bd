"""Prints tables for people and JSON for programs."""

import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import click
import orjson
from rich.console import Console
from rich.table import Table

PIPED_WIDTH = 160
"""Characters in a line where no terminal sets the width."""
BEGIN = "ct-assets init FILE declares the rows of a file, and a sync of them."

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def console() -> Console:
    """Text is printed as it is: names and messages have brackets of their own."""
    width = None if sys.stdout.isatty() else PIPED_WIDTH
    return Console(width=width, highlight=False, markup=False)


def table(*columns: str, title: str | None = None, numbers: tuple[str, ...] = ()) -> Table:
    """An empty table; columns named in `numbers` are aligned to the right.

    A path that is longer than its column goes on below, and is not cut.
    """
    empty = Table(title=title, title_justify="left")
    for column in columns:
        justify: Literal["right", "left"] = "right" if column in numbers else "left"
        empty.add_column(column, justify=justify, overflow="fold")
    return empty


def print_json(value: Any) -> None:  # noqa: ANN401 -- dataclasses, mappings and lists of them
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2, default=str).decode())


def reason_text(reason: Mapping[str, Any]) -> str:
    """A reason or warning of a row: `<field>: <message> [<code>]`."""
    return f"{reason['field']}: {reason['message']} [{reason['code']}]"


def local(moment: datetime) -> str:
    """A moment in this machine's time zone."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
