"""Erases a person here and in CleverTap, for `ct-assets forget` and the job of that name."""
