"""Mails as bytes (RFC 5322): written, and read behind hard limits.

May import: answer, diagnosis, email_address, errors, key_notice, manifest, order, pages, plain_text, seal,
signature_form, statement.
"""
