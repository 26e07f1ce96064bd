"""Reads each kind of database: a module with a `Database`, and one line in `DRIVERS`."""
