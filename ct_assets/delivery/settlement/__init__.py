"""Settles deliveries: every record gets its outcome, and the state takes it in."""
