"""Watching a site, and telling its people.

May import: checks, language, opening.
"""
