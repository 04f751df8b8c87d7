"""How processes start: services, their series, the pollers of a mailbox.

May import: language, opening.
"""
