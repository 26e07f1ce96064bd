"""Keeps what hosts share where all of them reach it: in Postgres and a bucket."""
