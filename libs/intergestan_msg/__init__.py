"""The message that travels between sites: pure values and functions, no I/O, no clock, no settings."""
