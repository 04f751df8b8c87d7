"""Verified manifests, and the mails that brought them.

May import: partners.
"""
