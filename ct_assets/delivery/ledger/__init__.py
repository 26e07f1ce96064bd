"""Notes each request that leaves, and what came of it: a file that only grows."""
