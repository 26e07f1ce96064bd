"""Keeps the sender within limits: places in flight, pauses and repeats, refusals."""
