"""Judges strings of digits by the automaton that `compiler` makes, a whole column at once.

`installed` gives the automaton of the installed phonenumbers: from `cache`, or compiled and then
checked by `selfcheck`. `cleaning` reads texts as digits, `lookup` asks the automaton about them,
and `decisions` turns its leaves into verdicts.
"""
