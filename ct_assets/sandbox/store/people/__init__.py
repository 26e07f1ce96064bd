"""Keeps profiles, their identifiers and channels, and the lists that they are members of."""
