"""Converts days and moments, whatever form the source gives them, into epoch seconds."""
