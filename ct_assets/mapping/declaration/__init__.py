"""Models a sync as its author declares it, and tells what is wrong in it."""
