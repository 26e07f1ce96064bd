"""Holds the resources of a project: the account, the warehouse, what hosts share."""
