"""What was found about a mail or an order, and the sentences that say it to a person.

May import: nothing.
"""
