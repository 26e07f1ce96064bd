"""What goes wrong at Postgres is told in our words, without a value or a password."""

import threading
from pathlib import Path

import pytest

from ct_assets.errors import UserError
from ct_assets.sources.connections.connection_rows import ConnectionRows
from ct_assets_tests.sources.connections.postgres_server import PASSWORD, PostgresServer
from ct_assets_tests.sources.connections.warehouses.postgres_kit import read, rows

TIME = "has infinity, or a time outside of the years 1 to 9999; write nullif(x, 'infinity') or cast"
LISTS = "(int4[]) has lists in lists; write cast(x as text) in the query"
NO_NUMBER = "has NaN or infinity, which no decimal is; write nullif(x, 'NaN') or cast(x as text) in"
LONG = "has numbers of more than 38 digits; write round(x, 10), or cast(x as text) to send every"

REFUSED = [
    ("'infinity'::date", f"(date) {TIME}"),
    ("date '0044-03-15 BC'", f"(date) {TIME}"),
    ("'-infinity'::timestamp", f"(timestamp) {TIME}"),
    ("'infinity'::timestamptz", f"(timestamptz) {TIME}"),
    ("array[array[1], array[2]]", LISTS),
    ("'NaN'::numeric", f"(numeric) {NO_NUMBER}"),
    ("'infinity'::numeric", f"(numeric) {NO_NUMBER}"),
    ("'NaN'::numeric(9,2)", f"(numeric(9,2)) {NO_NUMBER}"),
    ("10::numeric ^ 38", f"(numeric) {LONG}"),
]


@pytest.mark.parametrize(("sql", "told"), REFUSED)
def test_a_value_that_no_type_keeps_is_refused_with_its_column(
    sql: str, told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, f"select 1 as id, {sql} as x"), tmp_path)

    assert f"shop/person (sql): column 'x' {told}" in str(caught.value)


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ("select * from persn", "relation \"persn\" does not exist; did you mean 'person'?"),
        ("select * from public.Persons", "did you mean 'public.person'?"),
        ('select * from "Person"', "relation \"Person\" does not exist; there is public.person"),
        ("select mial from person", 'column "mial" does not exist. Perhaps you meant'),
        ("selec 1", "shop/person (sql): must be one SELECT statement; it only reads"),
        ("select from where", 'syntax error at or near "where"'),
        ("select mail::int from person", "a value is not of the type that the query casts it to"),
        ("select 1 / (id - 3) from person", "the query divides by zero"),
        ("select 1 as a, 2 as a", "two columns are called 'a'; name them apart with `as`"),
        ("select lo_create(1)", "must be one SELECT statement; it only reads"),
    ],
)  # fmt: skip
def test_a_query_that_gives_no_rows_says_why_and_quotes_none(
    query: str, told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, query), tmp_path)

    assert told in str(caught.value)
    assert "shop/person (sql): " in str(caught.value)
    assert everything(caught.value).count("canary") == 0


def everything(error: BaseException | None) -> str:
    """The texts of an exception, and of all that led to it."""
    if error is None:
        return ""
    return f"{error!r}{everything(error.__cause__)}{everything(error.__context__)}"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"password": "canary"}, "the password of user 'shop' is wrong, or there is no such user"),
        ({"user": "nobody", "password": "canary"}, "the password of user 'nobody' is wrong"),
        ({"database": "shpo"}, "there is no database 'shpo' on 127.0.0.1:{port}"),
    ],
)
def test_a_wrong_url_is_told_without_its_password(
    wrong: dict[str, str], told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, "select 1", url=shop.url(**wrong)), tmp_path)

    named = f"shop/person (sql): connection shop: {told.format(port=shop.port)}"
    assert str(caught.value).startswith(named)
    assert "canary" not in everything(caught.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://shop:canary@no-such-host.invalid/x", "there is no host 'no-such-host"),
        ("postgresql://shop:canary@127.0.0.1:1/x", "nothing answers at 127.0.0.1:1; is the server"),
        ("postgresql://shop:canary@127.0.0.1:1/x?sslmode=canary", "look at sslmode in the url"),
    ],
)
def test_a_server_that_is_not_there(
    url: str, told: str, shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as caught:
        read(rows(shop, "select 1", url=url), tmp_path)

    assert told in str(caught.value)
    assert "canary" not in everything(caught.value)


def test_a_missing_grant_says_what_to_grant(shop: PostgresServer, tmp_path: Path) -> None:
    url = shop.url(user="reader", password="canary", database="shop")

    with pytest.raises(UserError) as caught:
        read(rows(shop, "select * from person", url=url), tmp_path)

    assert str(caught.value) == (
        "shop/person (sql): connection shop: permission denied for table person; let user reader "
        "read it: grant select"
    )


def test_a_query_that_takes_too_long_is_ended_by_the_server(
    shop: PostgresServer, tmp_path: Path
) -> None:
    with pytest.raises(UserError, match="it took longer than it may"):
        read(rows(shop, "select pg_sleep(60)", timeout_minutes=0.001), tmp_path)


def test_a_cancel_ends_the_query_on_the_server(
    shop: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = "select count(*) from pg_stat_activity where query like '%pg_sleep(61)%' and"
    running += " state = 'active' and pid <> pg_backend_pid()"
    monkeypatch.setattr("ct_assets.sources.connections.connection_rows.TELL_SECONDS", 0.01)

    class CancelError(BaseException):
        pass

    def tell(_: str) -> None:
        if shop.rows(running) == [(1,)]:
            raise CancelError

    source = rows(shop, "select id, pg_sleep(61) from person")
    source = ConnectionRows(source.database, source.query, source.label, tell)

    with pytest.raises(CancelError):
        source.snapshot(tmp_path / "x.parquet")

    assert shop.rows(running) == [(0,)]
    assert threading.active_count() < 20


def test_the_password_needs_its_signs_written_as_percent(shop: PostgresServer) -> None:
    assert "/" in PASSWORD
    assert "@" in PASSWORD
    assert rows(shop, "select 7").value() == "7"
