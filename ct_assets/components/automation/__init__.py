"""Starts syncs, and tells people how runs ended: schedules, sensors, alerts."""
