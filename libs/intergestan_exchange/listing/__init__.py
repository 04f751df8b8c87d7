"""Lists of mails and of what happened, a page at a time, the newest first.

May import: mail_accounts, outbox.
"""
