"""What people and their programs write, read in one way at every door. Imports the message and the base only.

May import: nothing.
"""
