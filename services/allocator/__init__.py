"""The allocator: sets goods aside for orders that came by mail, and serves remainders as goods come."""
