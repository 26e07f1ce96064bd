"""Ledger tables: the deliveries, what was sent with which outcome, and refused records."""

VERSION = 2

TABLES = """
create table if not exists deliveries (
    id integer primary key autoincrement, run text not null, at text not null
);
create table if not exists sends (
    id integer primary key autoincrement, delivery integer not null, batch integer not null,
    first integer not null, until integer not null, outcome text not null, why text,
    at text not null default (strftime('%Y-%m-%dT%H:%M:%fZ'))
);
create table if not exists refusals (
    send integer not null, delivery integer not null, position integer not null,
    code integer not null, message text not null
);
create index if not exists sends_of_delivery on sends (delivery);
create index if not exists refusals_of_delivery on refusals (delivery);
"""
SECOND = (
    "create table meta (name text primary key, value text not null)",
    "alter table deliveries add column outbox integer",
    "alter table sends add column checksum integer",
)
"""Since version 2: the state's id, a checksum of each outbox, and one of each entry."""
