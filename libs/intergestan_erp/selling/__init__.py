"""Quotes and sales orders by hand, and what becomes of sales orders: deliveries and invoices (G03).

May import: agencies, amounts, books, credit, inputs, listing, parties, paying, site, stock, terms.
"""
