"""IngestrImport on commands and assets in the shapes of ingestr's and Bruin's own documentation."""

from pathlib import Path

import pytest

from ct_assets.components.migration.imported_sync import ImportedSync
from ct_assets.components.migration.ingestr_import import imported
from ct_assets.errors import UserError

PROFILES = """\
#!/bin/sh
set -e
ingestr ingest \\
  --source-uri "postgres://reader:s3cret@db:5432/shop" \\
  --source-table "public.member" \\
  --dest-uri "clevertap://?account_id=TEST-1&passcode=$CT_PASSCODE&region=eu1" \\
  --dest-table "profiles?identity_column=mail" && echo done
"""
EVENTS = """\
uvx ingestr ingest --source-uri=duckdb:///data/shop.duckdb --source-table sales.invoice \
 --dest-uri 'clevertap://?account_id=T&passcode=p' \
 --dest-table 'events?identity_column=member&ts=paid_at&event_name=Charged&id_type=objectId'
"""
BRUIN = """\
name: profiles?identity_column=id
type: ingestr
connection: clevertap-live
parameters:
  source_connection: wh
  source_table: "query:select id, mail from person"
  destination: clevertap
  incremental_strategy: update
  enforce_schema: true
columns:
  - {name: id, type: integer, primary_key: true}
  - {name: ssn, type: string, mask: hash}
  - {name: note, type: string, mask: redact}
"""


def made(path: Path, text: str, connection: str | None = None) -> list[ImportedSync]:
    path.write_text(text)
    syncs = imported(path, connection)
    for sync in syncs:
        sync.documents()
    return syncs


def test_profiles_of_postgres(tmp_path: Path) -> None:
    (sync,) = made(tmp_path / "send.sh", PROFILES)

    assert [settings for _, settings in sync.documents()] == [
        {"name": "shop", "url": "{{ env.SHOP_URL }}"},
        {"asset": "source/member", "table": "public.member", "connection": "shop"},
        {
            "name": "member",
            "object": "profile",
            "source": "source/member",
            "identify_by": [{"identity": "mail"}],
            "fields": {},
            "other_columns": True,
        },
    ]
    assert sync.lost == [
        "the source's URI, which may have a password: set SHOP_URL to it, as the page Warehouses "
        "shows"
    ]
    assert "s3cret" not in repr(sync)


def test_events_send_none_that_were_sent(tmp_path: Path) -> None:
    (sync,) = made(tmp_path / "send.sh", EVENTS)

    assert sync.source == {
        "asset": "source/invoice",
        "table": "sales.invoice",
        "database": "data/shop.duckdb",
    }
    assert sync.sync == {
        "name": "invoice",
        "object": "event",
        "source": "source/invoice",
        "identify_by": [{"objectId": "member"}],
        "fields": {},
        "other_columns": True,
        "event": "Charged",
        "event_key": {"template": "{member}|{paid_at}"},
        "ts": "paid_at",
        "first_run": "from_now",
    }
    assert sync.lost == [
        "event_key: a command names none, so it is made of member, paid_at: two events that are "
        "equal in these are rejected as duplicates; write a column that differs"
    ]
    assert len(sync.documents()) == 2


def test_an_asset_of_bruin(tmp_path: Path) -> None:
    (sync,) = made(tmp_path / "person.asset.yml", BRUIN)

    assert [settings for _, settings in sync.documents()] == [
        {"name": "wh", "url": "{{ env.WH_URL }}"},
        {
            "asset": "source/profiles",
            "sql": "select id, mail from person",
            "connection": "wh",
        },
        {
            "name": "profiles",
            "object": "profile",
            "source": "source/profiles",
            "identify_by": [{"identity": "id"}],
            "fields": {"ssn": {"column": "ssn", "hash": "sha256"}},
            "other_columns": {"except": ["note"]},
            "mode": "update_only",
        },
    ]
    assert sync.lost[1:] == [
        "--mask note:redact: has no equal, so the column is left out",
        "enforce_schema: has no equal here",
    ]


@pytest.mark.parametrize(
    ("more", "settings"),
    [
        ("--primary-key number", {"event_key": "number"}),
        ("--primary-key shop --primary-key number", {"event_key": {"template": "{shop}|{number}"}}),
        (
            "--columns 'Total::amount,member::customer'",
            {"fields": {"Total": "amount"}, "identify_by": [{"objectId": "customer"}]},
        ),
        ("--sql-exclude-columns a,b", {"other_columns": {"except": ["a", "b"]}}),
        ("--yes --page-size 100 --primary-key number", {"event_key": "number"}),
    ],
)
def test_other_options_that_map(tmp_path: Path, more: str, settings: dict[str, object]) -> None:
    (sync,) = made(tmp_path / "send", f"{EVENTS.rstrip()} {more}\n")

    assert sync.sync is not None
    assert {name: sync.sync[name] for name in settings} == settings
    assert len(sync.documents()) == 2


@pytest.mark.parametrize(
    ("more", "lost"),
    [
        ("--sql-limit 10", "sql-limit: `ct-assets run SYNC --limit` does it once"),
        ("--columns 'amount:double'", "--columns amount:double: write `type` of the field"),
        ("--mask email:hash", "--mask email:hash: has no equal, so the column is left out"),
        ("--staging-bucket b", "staging-bucket: has no equal here"),
        ("--interval-start 2024-01-01", "interval-start: is not needed: what was sent is not sent"
         " again"),
    ],
)  # fmt: skip
def test_options_without_an_equal(tmp_path: Path, more: str, lost: str) -> None:
    (sync,) = made(tmp_path / "send", f"{EVENTS.rstrip()} --primary-key n {more}\n")

    assert sync.lost == [lost]


@pytest.mark.parametrize(
    ("old", "new", "lost"),
    [
        ("clevertap://?account_id=T&passcode=p", "duckdb:///x.db", "it goes to duckdb, not to"
         " CleverTap"),
        ("events?", "pushes?", "it writes to pushes; only profiles and events are known"),
        ("identity_column=member&", "", "names no `identity_column`; write `identify_by`"),
        ("ts=paid_at&", "", "names no column of a time, or no event; write `ts` and `event`"),
        ("duckdb:///data/shop.duckdb", "mssql://sa@db/shop", "its source is mssql: let an"
         " integration of Dagster make the asset, and write its key as `source`"),
        ("objectId'", "objectId' --mask member:hash", "the person's column member is masked; write"
         " `identify_by`"),
    ],
)  # fmt: skip
def test_commands_of_which_nothing_is_written(
    tmp_path: Path, old: str, new: str, lost: str
) -> None:
    assert old in EVENTS
    (sync,) = made(tmp_path / "send", EVENTS.replace(old, new))

    assert sync.documents() == ()
    assert lost in sync.lost


@pytest.mark.parametrize(
    ("uri", "table", "source"),
    [
        ("csv://data/people.csv", "x", {"file": "data/people.csv"}),
        ("parquet:///srv/people", "x", {"file": "/srv/people", "format": "parquet"}),
        ("s3://?access_key_id=k", "bucket/p/*.csv", {"file": "s3://bucket/p/*.csv"}),
        ("duckdb:////srv/x.db", "main.p", {"table": "main.p", "database": "/srv/x.db"}),
    ],
)
def test_sources(tmp_path: Path, uri: str, table: str, source: dict[str, str]) -> None:
    text = EVENTS.replace("duckdb:///data/shop.duckdb", f"'{uri}'").replace("sales.invoice", table)
    (sync,) = made(tmp_path / "send", text)

    assert sync.source is not None
    assert {k: v for k, v in sync.source.items() if k != "asset"} == source


def test_a_folder_declares_each_database_once(tmp_path: Path) -> None:
    (tmp_path / "b.sh").write_text(PROFILES.replace("public.member", "public.guest"))
    (tmp_path / "a.png").write_bytes(b"\x89ingestr ingest")

    syncs = made(tmp_path / "a.sh", PROFILES) and imported(tmp_path, None)

    assert [(sync.name, sync.connection is None) for sync in syncs] == [
        ("member", False),
        ("guest", True),
    ]
    assert [sync.source and sync.source["connection"] for sync in syncs] == ["shop", "shop"]
    assert [s.source and s.source["connection"] for s in imported(tmp_path, "wh")] == ["wh", "wh"]


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("x.sh", "echo", "has no command `ingestr ingest`"),
        ("x.yml", "a: 1", "has no command `ingestr ingest`"),
        ("x.yml", "a: [", "x.yml: is no YAML: "),
        ("x.sh", "ingestr ingest --source-uri 'a", "x.sh: a command has no closing quotation"),
    ],
)
def test_nothing_to_read(tmp_path: Path, name: str, text: str, told: str) -> None:
    (tmp_path / name).write_text(text)

    with pytest.raises(UserError, match=told):
        imported(tmp_path / name, None)
