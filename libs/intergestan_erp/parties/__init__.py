"""Third parties: those we buy from, and those we sell to.

May import: geo.
"""
