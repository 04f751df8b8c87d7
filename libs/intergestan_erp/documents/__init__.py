"""Rows as documents of the message library."""
