"""Writes declarations for `dg scaffold defs`."""
