"""Keeps in Postgres what must be true at once for all hosts: leases, slots, and the journal."""
