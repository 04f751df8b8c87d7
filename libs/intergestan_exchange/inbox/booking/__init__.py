"""What is written when orders are booked, a file per table; `book.py` puts the parts together."""
