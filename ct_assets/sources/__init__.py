"""Sources: declarations of rows in files, tables and queries, read into Parquet; no Dagster here.

A new kind of source is a module as `source_kind` describes it, a new format of files one as
`formats.source_format` does.
"""
