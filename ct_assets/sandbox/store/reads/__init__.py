"""Reads what is stored, in the shapes of CleverTap's APIs and in pages."""
