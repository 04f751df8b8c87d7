"""Our customers' orders, and what they become."""
