"""The sender: submits frozen mails to the relay and records how far it came."""
