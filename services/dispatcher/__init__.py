"""The dispatcher: rings for every row that is due, and measures what the base says."""
