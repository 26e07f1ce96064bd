"""Keeps the log of a sync in a table of a database, too: DuckDB, Postgres or Snowflake."""
