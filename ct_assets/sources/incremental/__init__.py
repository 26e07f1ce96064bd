"""Reads the rows that changed since a source was read last, and merges them with the others."""
