"""Signing keys, our own and the partners': which counts when, and how one follows another (ADR 0013).

May import: budgets, findings, outbox, transfers.
"""
