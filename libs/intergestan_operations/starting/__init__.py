"""How processes start: services, their series, the pollers of a mailbox.

May import: checks, language, opening.
"""
