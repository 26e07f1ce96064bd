import atexit
import itertools
import os
from collections import defaultdict
from collections.abc import Iterator
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import hypothesis
import pytest

from ct_assets import settings
from ct_assets.delivery.sender import account_witness
from ct_assets.delivery.sender.limits import account_slots
from ct_assets.store import store_settings

if TYPE_CHECKING:
    from ct_assets_tests.sources.connections.postgres_server import PostgresServer

os.environ.setdefault("DAGSTER_DISABLE_TELEMETRY", "1")
os.environ.setdefault("DO_NOT_TRACK", "1")
os.environ.pop("DAGSTER_HOME", None)  # that of whoever runs the tests is theirs
hypothesis.settings.register_profile("without a clock", deadline=None)
hypothesis.settings.load_profile("without a clock")
if "PYTEST_XDIST_WORKER" in os.environ:
    # Registered first, so called last: DuckDB's binding would report leaks of its own at the end
    # of a worker, below the results of the tests.
    atexit.register(os._exit, 0)


_tests = itertools.count()


@pytest.fixture(autouse=True)
def notes_of_states(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """No test finds what another one noted of an account at a port that both were given."""
    root = tmp_path_factory.getbasetemp() / f"slots-{next(_tests)}"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(account_slots, "ROOT", root)
        patched.setattr(account_witness, "ROOT", root / "states")
        yield root


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What mostly waits comes first, so that others use the time; of large tables a sample runs."""
    tests_of = defaultdict(list)
    for item in items:
        if mark := item.get_closest_marker("sampled"):
            tests_of[id(mark)].append((mark, item))
    for tests in tests_of.values():
        _keep_a_sample(tests[0][0].args[0], [item for _, item in tests])
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


def _keep_a_sample(one_in: int, tests: list[pytest.Item]) -> None:
    """Mark all tests but one in n as long: the same ones each time, of every kind."""
    tests.sort(key=lambda test: crc32(test.nodeid.encode()))
    for test in tests[ceil(len(tests) / one_in) :]:
        test.add_marker(pytest.mark.long)


@pytest.fixture(autouse=True)
def own_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test stands in the project whose definitions another one has loaded."""
    monkeypatch.setattr(settings, "_entered", None)
    monkeypatch.setattr(store_settings, "_named", store_settings.of_environment)


@pytest.fixture(scope="session")
def postgres() -> "Iterator[PostgresServer]":
    """A real Postgres, one for all tests of a process that ask for it."""
    from ct_assets_tests.sources.connections.postgres_server import (
        postgres_server,
    )

    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def _database(postgres: "PostgresServer") -> str:
    postgres.run("create database store")
    return postgres.url(database="store")


@pytest.fixture
def database(postgres: "PostgresServer", _database: str) -> str:
    """The URL of a database with nothing in it, and nobody connected to it."""
    postgres.run(
        "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = 'store'"
    )
    postgres.run("drop schema if exists ct_assets cascade", database="store")
    return _database
