"""The site itself: how it is made, and its users.

May import: geo, inputs, parties, people, terms.
"""
