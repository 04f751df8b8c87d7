"""What a partner with a valid key may make this site do in a while, by our clock; beyond it, it waits (ADR 0073).

May import: findings, transfers.
"""
