"""A mail account before it is stored: consent, logins, the network.

May import: finding, language, opening.
"""
