"""Begins a project, checks it, and tries it: its declarations, its sources, the sandbox."""
