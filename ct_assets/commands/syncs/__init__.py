"""Plans, runs and shows syncs, and brings their state back."""
