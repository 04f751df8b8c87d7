"""The sites that we trade with: their policies, their customers and their codes.

May import: nothing.
"""
