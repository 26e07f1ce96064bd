"""Counts the Python that runs while polars computes."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import Any
from unittest import mock

import polars as pl


@dataclass
class Work:
    calls: int = 0
    """Of functions, in this thread and those that it starts."""
    instructions: int = 0
    """Of functions that polars calls: it has threads of its own, which no profiler of ours sees."""

    @property
    def total(self) -> int:
        return self.calls + self.instructions


@contextlib.contextmanager
def counted() -> Iterator[Work]:
    work, given = Work(), pl.Expr.map_batches

    def called(*_: object) -> None:
        work.calls += 1

    def traced(frame: FrameType, event: str, _: object) -> Any:
        frame.f_trace_opcodes = True
        work.instructions += event == "opcode"
        return traced

    def watched(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: object, **named: object) -> Any:
            before = sys.gettrace()
            sys.settrace(traced)
            try:
                return function(*arguments, **named)
            finally:
                sys.settrace(before)

        return call

    def map_batches(self: pl.Expr, function: Callable[..., Any], *args: Any, **kw: Any) -> pl.Expr:
        return given(self, watched(function), *args, **kw)

    with mock.patch.object(pl.Expr, "map_batches", map_batches):
        threading.setprofile(called)
        sys.setprofile(called)
        try:
            yield work
        finally:
            sys.setprofile(None)
            threading.setprofile(None)
