"""Tells in our words what went wrong at a database; a server's own may quote rows and secrets."""
