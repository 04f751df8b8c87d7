"""The site itself: how it is made, and its users.

May import: inputs, parties, people, terms.
"""
