"""Serves the sandbox over HTTP: in the foreground, in a process of its own, in a test's thread."""
