"""Whether this database is the newest that the site had, told by what cannot go back with it (ADR 0027).

May import: statements.
"""
