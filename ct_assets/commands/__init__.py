"""Implements the commands of `ct-assets`, one in each module; `cli.py` says where each one is."""
