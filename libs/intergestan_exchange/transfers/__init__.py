"""Verified manifests, and the mails that brought them."""
