"""Who polls which mailbox, which of its mails the archive has, and which of them may leave it.

May import: nothing.
"""
