"""Orders by mail that wait because their customer owes too much: looked at again as soon as there may be room (D29).

The acts of the ERP that make room return for whom; the acts of the same names here do both in one transaction, and are
what the faces call.

May import: findings, transfers.
"""
