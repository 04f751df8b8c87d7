"""Mails on their way out: asked for, listed, sent again.

May import: partners.
"""
