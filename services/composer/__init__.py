"""The composer: turns requests into frozen, signed mails."""
