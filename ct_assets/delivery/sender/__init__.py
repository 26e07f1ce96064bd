"""Sends batches with up to 15 requests in flight, and notes every outcome."""
