"""Compiles the metadata of phonenumbers into an automaton that gives the same verdicts.

`patterns` reads the metadata's regular expressions and `matcher` runs them over digits;
`diagrams` hold sets of strings of digits, on which `validity` says what `is_valid_number` says and
`numbering` what `parse` makes of each, with the help of `prefixes` and `edits`. `automaton`
flattens all that into arrays.
"""
