"""Answers CleverTap's APIs, one family in each module."""
