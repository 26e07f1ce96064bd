"""Judges records the way CleverTap does: one error per record, the first check that fails."""
