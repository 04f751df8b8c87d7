"""Mails of ours and mails that came, as lists; and what happened."""
