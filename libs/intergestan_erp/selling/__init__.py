"""Quotes and sales orders by hand, and what becomes of sales orders: deliveries and invoices (G03).

May import: inputs, listing, parties, site.
"""
