"""Mails as bytes (RFC 5322): written, and read behind hard limits."""
