"""What becomes of sales orders: deliveries and invoices (G03).

May import: amounts, credit, inputs, parties, paying, site, terms.
"""
