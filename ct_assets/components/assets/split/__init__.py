"""Splits the rows of a source into valid and rejected ones, anew or as they were split last."""
