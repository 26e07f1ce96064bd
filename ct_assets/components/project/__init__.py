"""Loads a project: its YAML, its declarations, where each mistake stands."""
