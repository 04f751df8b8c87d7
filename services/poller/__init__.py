"""The poller: mails from the site's mailboxes into the archive, each once, none lost."""
