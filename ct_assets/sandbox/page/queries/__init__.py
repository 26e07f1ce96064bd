"""Reads what the page shows: by index, or a bounded part of a table."""
