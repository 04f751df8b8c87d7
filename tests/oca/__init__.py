"""Our orders before OCA's importer for Odoo: its own parsing functions, on a stub of names.

The modules are AGPL-3, in `requirements/oca.txt` and `schemas.txt`: installed for tests, never shipped, never copied.
"""
