"""Binds a declaration to the columns of its source, as polars expressions."""
