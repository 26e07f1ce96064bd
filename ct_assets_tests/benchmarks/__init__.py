import ct_assets  # noqa: F401 -- before polars, as where Dagster loads a project: see what it sets
