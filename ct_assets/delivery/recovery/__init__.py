"""Brings the state of a sync back: from what is left of it, or from a backup."""
