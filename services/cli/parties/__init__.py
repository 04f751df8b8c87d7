"""Third parties, their accounts, and how they are found."""
