"""Changes and cancellations of orders that were sent, the buyer's and the seller's (ADR 0011)."""
