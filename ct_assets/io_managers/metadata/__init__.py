"""Shows snapshots and deliveries in Dagster: columns, counts, tables, a line of the log."""
