"""The plumbing that every process shares; it knows nothing of orders."""
