"""Accounts at mail providers: where their servers are, how one logs in there, what they allow.

May import: nothing.
"""
