"""Does what operators ask for: erase, inspect, release, offer again."""
