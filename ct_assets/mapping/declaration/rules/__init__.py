"""Finds mistakes in a declaration that no single setting shows."""
