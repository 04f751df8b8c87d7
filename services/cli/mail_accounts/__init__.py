"""Mailboxes and the relay: their servers, their logins, and whether they work."""
