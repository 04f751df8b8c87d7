"""The story of an order: what happened to it, where and when.

May import: findings.
"""
