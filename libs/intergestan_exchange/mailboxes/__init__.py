"""Who polls which mailbox, and what becomes of archived mails later: taken in again, purged."""
