"""Checks all that a sync needs, for `ct-assets doctor`."""
