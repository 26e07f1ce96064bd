"""Keeps properties of profiles and events as CleverTap would: cleaned, typed, within limits."""
