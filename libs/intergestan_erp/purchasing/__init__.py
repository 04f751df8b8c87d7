"""Our purchase orders: their states, and the changes that we ask for.

May import: inputs, parties.
"""
