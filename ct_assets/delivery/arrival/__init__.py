"""Looks whether what CleverTap acknowledged is there, and names what was lost in silence."""
