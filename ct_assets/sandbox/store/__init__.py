"""What the sandbox keeps: profiles, events, their generated schema, the error stream, the log."""
