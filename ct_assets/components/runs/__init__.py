"""Knows the runs of syncs: which are under way, which were lost, and why one failed."""
