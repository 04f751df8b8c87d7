"""Watching a site, and telling its people.

May import: opening.
"""
