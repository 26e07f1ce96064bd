"""Judges strings of digits by the automaton that `compiler` makes, a whole column at once.

`current_automaton` gives that of the installed phonenumbers: from `cache`, or compiled and then
checked by `selfcheck`. `digit_columns` reads texts as digits, `lookup` asks the automaton about
them, and `decisions` turns its leaves into verdicts.
"""
