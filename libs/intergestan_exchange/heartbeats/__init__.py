"""Mails that only show that a route works (ADR 0018).

May import: mail_accounts, outbox, statements, transfers.
"""
