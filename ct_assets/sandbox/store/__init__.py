"""Stores profiles, events, their generated schema, the error stream and the request log."""
