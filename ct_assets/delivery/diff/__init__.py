"""Compares valid rows with what CleverTap has."""
