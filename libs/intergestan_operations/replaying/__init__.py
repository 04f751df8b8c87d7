"""Archived mails go through the import again: which, what would change, and doing it in batches.

May import: opening.
"""
