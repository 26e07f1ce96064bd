"""Implements the commands of `ct-assets`, one in each module."""
