"""What one establishment orders from another for its customers: two orders for each pair (A12 to A18, A40 to A46).

May import: agencies, books, inputs, listing, parties, selling, site, stock.
"""
