"""Knows which rows of a source were split before as they are, so that they need not be again."""
