"""The base of one site: its tables, its states, its rules, and how a decision is booked."""
