"""What two sites say of the mails between them, so that a lost one is found (ADR 0021)."""
