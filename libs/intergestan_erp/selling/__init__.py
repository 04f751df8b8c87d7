"""What becomes of sales orders: deliveries and invoices (G03).

May import: inputs, parties, paying, site, terms.
"""
