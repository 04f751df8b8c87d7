"""The demonstration: two or more sites on this machine, with real protocols between them."""
