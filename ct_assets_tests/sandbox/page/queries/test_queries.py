"""No page gets slow as the sandbox fills: large tables are read by index or in part."""

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from ct_assets.sandbox.page.queries import (
    event_queries,
    log_queries,
    people_queries,
    schema_queries,
)
from ct_assets.sandbox.page.queries.event_queries import TimelinePosition
from ct_assets.sandbox.store.sqlite_database import open_reader
from ct_assets.sandbox.testing import SandboxInTest

Query = Callable[[sqlite3.Connection], object]

# Of `profiles` the newest are scanned, up to a limit.
READ_THROUGH = {"SCAN events", "SCAN identifiers", "SCAN errors"}


@pytest.mark.parametrize(
    "query",
    [
        lambda reader: people_queries.newest(reader, 10, 50),
        lambda reader: people_queries.search(reader, "351210000000"),
        lambda reader: people_queries.one(reader, 1),
        lambda reader: people_queries.devices(reader, 1),
        lambda reader: event_queries.counts(reader, 1, [0, 1, 2]),
        lambda reader: event_queries.of_name(reader, 1, TimelinePosition(1, 1), 20),
        lambda reader: event_queries.of_person(reader, 1, TimelinePosition(1, 1), 20),
        lambda reader: event_queries.counts_of_person(reader, 1),
        lambda reader: event_queries.titles(reader, [1, 2]),
        lambda reader: schema_queries.sample(reader, 0),
        lambda reader: schema_queries.sample(reader, 1),
        lambda reader: log_queries.errors(reader, "type_mismatch", 9, 50),
        lambda reader: log_queries.kinds(reader),
        lambda reader: log_queries.errors_of(reader, 1, 50),
    ],
)
def test_no_large_table_is_read_through(clevertap_sandbox: SandboxInTest, query: Query) -> None:
    with closing(open_reader(clevertap_sandbox.sandbox.store.path)) as reader:
        plans = [step for sql in _statements(reader, query) for step in _plan(reader, sql)]

    assert plans
    assert not READ_THROUGH.intersection(plans)


def test_all_events_are_counted_in_an_index(clevertap_sandbox: SandboxInTest) -> None:
    with closing(open_reader(clevertap_sandbox.sandbox.store.path)) as reader:
        plans = [
            step
            for query in (event_queries.total, event_queries.names)
            for sql in _statements(reader, query)
            for step in _plan(reader, sql)
        ]

    about_events = [step for step in plans if " events" in step or " e " in step]
    assert about_events
    assert all("COVERING INDEX" in step for step in about_events)


def _statements(reader: sqlite3.Connection, query: Query) -> list[str]:
    found: list[str] = []
    reader.set_trace_callback(found.append)
    query(reader)
    reader.set_trace_callback(None)
    return found


def _plan(reader: sqlite3.Connection, sql: str) -> list[str]:
    return [row["detail"] for row in reader.execute(f"explain query plan {sql}")]
