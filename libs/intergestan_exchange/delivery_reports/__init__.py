"""What mail servers report about mails of ours (ADR 0012).

May import: findings, outbox, transfers.
"""
