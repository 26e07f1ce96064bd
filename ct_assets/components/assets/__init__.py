"""Makes the assets of a sync and their checks."""
