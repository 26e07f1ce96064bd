"""Reads databases that a `Connection` names: one SELECT, streamed into Parquet, nothing written."""
