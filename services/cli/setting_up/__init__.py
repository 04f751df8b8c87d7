"""What makes a site, and whom it trusts."""
