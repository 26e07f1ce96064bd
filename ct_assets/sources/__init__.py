"""Reads rows of files, tables and queries into Parquet; knows nothing of Dagster.

A new kind of source is a module as `source_kind` describes it, a new format of files one as
`formats.source_format` does.
"""
