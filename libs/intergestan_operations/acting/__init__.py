"""What an act of a person does beside the database: it rings for what became due, and hands on its trace.

May import: opening.
"""
