"""Knows CleverTap: its HTTP API, limits, names, codes, records and answers."""
