"""What people of either side do about an order that was sent: change it, or answer the other's change (ADR 0011).

May import: credit_holds, findings, inbox, outbox.
"""
