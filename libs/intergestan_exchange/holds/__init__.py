"""What waits for a person: why, what they may do about it, and how they are told (ADR 0015).

May import: budgets, credit_holds, findings, inbox, keys, outbox, partners, statements, transfers.
"""
