"""Mails that came: collected, kept, held, taken in again, removed."""
