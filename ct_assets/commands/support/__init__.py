"""Holds what several commands share: loaded definitions, runs, output."""
