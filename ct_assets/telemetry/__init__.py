"""Publishes figures of deliveries by OpenTelemetry, if the environment names a collector."""
