"""What two sites say of the mails between them, so that a lost one is found (ADR 0021).

May import: budgets, findings, outbox, partners, transfers.
"""
