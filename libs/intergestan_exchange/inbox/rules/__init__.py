"""The rules that look at an order: one rule, one file, one explicit ordered list in `decide.py`.

A rule is a pure function of the order and the facts. It returns what it found; whether a finding holds the
order, refuses it or is merely told to the buyer is the partner's policy, which `decide.py` applies.
"""
