"""What happened: to an order, to the mails of a partner, over time, and around a restore."""
