"""Connects Dagster to staged snapshots and to the delivery."""
