"""Shows what a sync would do, without a run."""
