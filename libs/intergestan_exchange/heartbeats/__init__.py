"""Mails that only show that a route works (ADR 0018).

May import: budgets, findings, mail_accounts, outbox, statements, transfers.
"""
