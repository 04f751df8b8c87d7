"""Somebody else vouches for who is there: the firm's own login (OpenID Connect).

May import: nothing.
"""
