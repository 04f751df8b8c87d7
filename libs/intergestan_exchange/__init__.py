"""What two sites do by mail: partners and keys, mails out and in, what is booked of them, what waits."""
