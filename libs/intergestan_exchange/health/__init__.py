"""How the site is: its state at a glance, its vital signs, and the alarms that they give.

May import: credit_holds, heartbeats, history, keys, mailboxes, partners, statements.
"""
