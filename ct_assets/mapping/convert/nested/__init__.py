"""Converts lists and structs: into lists, flat values, items of a Charged event, or JSON."""
