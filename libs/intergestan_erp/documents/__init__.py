"""Rows as documents of the message library.

May import: nothing.
"""
