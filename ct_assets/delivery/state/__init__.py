"""Keeps what is known of a sync at one destination: state, ledger, locks."""
