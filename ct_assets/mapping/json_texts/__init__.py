"""Reads texts of JSON as lists, structs and single values: `json:` of a field."""
