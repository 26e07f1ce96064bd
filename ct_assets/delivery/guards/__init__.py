"""Stops deliveries that would do harm, until a person allows them."""
