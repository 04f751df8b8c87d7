"""Lists, a page at a time: one for each subject over the same kind of page.

May import: inputs, parties, paying, purchasing.
"""
