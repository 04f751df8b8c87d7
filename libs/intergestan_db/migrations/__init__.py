"""The schema, step by step: Alembic's scripts, and what they share.

May import: problem, tables.
"""
