"""Payment terms: when an invoice falls due, in how many instalments, and what the law says of it (D20).

May import: nothing.
"""
