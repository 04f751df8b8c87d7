"""What an ERP does with the base: products, orders both ways, deliveries, invoices. It knows nothing of mail.

`amounts.py` may import: nothing.
"""
