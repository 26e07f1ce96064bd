"""Lists rows that did not arrive, says why, and settles or offers them again."""
