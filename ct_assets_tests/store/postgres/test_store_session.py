import threading
import time
from collections.abc import Iterator

import pytest

from ct_assets.store.postgres.store_session import DatabaseError, SessionLostError, StoreSession
from ct_assets.store.store_settings import StoreError, StoreSettings
from ct_assets_tests.sources.connections.postgres_server import PASSWORD, PostgresServer
from ct_assets_tests.store.databases import run
from ct_assets_tests.store.proxy import Proxy, proxied


def test_a_session_runs_statements(shared: StoreSettings) -> None:
    with StoreSession(shared) as session:
        assert session.rows("select %s + 1", (2,)) == [(3,)]
        assert session.rows("select count(*) from ct_assets.syncs") == [(0,)]


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"password": "wrong"}, "does not let this user in"),
        ({"user": "nobody-here"}, "does not let this user in"),
        ({"database": "missing"}, "the server has no such database"),
    ],
)
def test_a_refusal_is_told_in_words(
    postgres: PostgresServer, changes: dict[str, str], error: str
) -> None:
    settings = StoreSettings.of(postgres.url(**changes), "/tmp/bucket")
    assert settings

    with pytest.raises(DatabaseError, match=error) as told:
        StoreSession(settings)

    shown = f"127.0.0.1:{postgres.port}/{changes.get('database', 'postgres')}"
    assert str(told.value).startswith(f"{shown}: ")
    assert not {PASSWORD, "canary", "wrong"} & set(str(told.value).split())


def test_a_server_out_of_reach_is_told_by_its_host() -> None:
    settings = StoreSettings.of("postgresql://shop:canary@127.0.0.1:1/db", "/tmp/bucket")
    assert settings

    with pytest.raises(DatabaseError) as told:
        StoreSession(settings)

    assert str(told.value) == (
        "127.0.0.1:1/db: the database cannot be reached; are host and port right, and is it "
        "running?"
    )
    link: BaseException | None = told.value
    while link is not None:
        assert "canary" not in str(link.args)
        link = link.__cause__ or link.__context__


def test_a_newer_schema_is_refused(shared: StoreSettings) -> None:
    StoreSession(shared).close()
    run(shared, "update ct_assets.version set version = 99")

    with pytest.raises(StoreError, match=r"written by a newer ct_assets \(version 99, this one"):
        StoreSession(shared)


def test_hosts_that_start_together_make_one_schema(shared: StoreSettings) -> None:
    errors: list[Exception] = []

    def start() -> None:
        try:
            StoreSession(shared).close()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=start) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert run(shared, "select * from ct_assets.version") == [(1,)]


def test_a_lost_connection_ends_the_session(shared: StoreSettings) -> None:
    with StoreSession(shared) as session:
        run(
            shared,
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity"
            " where application_name like 'ct-assets%%'",
        )

        with pytest.raises(SessionLostError, match="the connection to the database was lost"):
            session.rows("select 1")
        assert not session.is_open


@pytest.fixture
def proxy(shared: StoreSettings) -> Iterator[tuple[Proxy, StoreSettings]]:
    with proxied(shared) as both:
        yield both


def test_a_session_that_gets_no_answer_is_given_up(
    proxy: tuple[Proxy, StoreSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CT_LEASE_SECONDS", "1")
    between, settings = proxy
    with StoreSession(settings) as session:
        between.silent.set()
        began = time.monotonic()

        with pytest.raises(SessionLostError):
            session.rows("select 1")

    assert time.monotonic() - began < 20


def test_the_server_ends_a_session_that_says_nothing(
    proxy: tuple[Proxy, StoreSettings], shared: StoreSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As of a host that stands still: no clock of it takes part in that."""
    monkeypatch.setenv("CT_LEASE_SECONDS", "1")
    between, settings = proxy
    with StoreSession(settings) as session:
        session.rows("select pg_advisory_lock(7)")
        between.silent.set()

        held = "select 1 from pg_locks where locktype = 'advisory'"
        until = time.monotonic() + 20
        while run(shared, held) and time.monotonic() < until:
            threading.Event().wait(0.05)

        assert run(shared, held) == []


@pytest.mark.parametrize("value", ["x", "0.5", "inf", "-1"])
def test_a_lease_is_a_number_of_seconds(
    shared: StoreSettings, monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("CT_LEASE_SECONDS", value)

    with pytest.raises(StoreError, match=rf"CT_LEASE_SECONDS={value} is no number of seconds"):
        StoreSession(shared)
