"""The rules that decide about an order: one rule, one file, one explicit ordered list in `decide.py`."""
