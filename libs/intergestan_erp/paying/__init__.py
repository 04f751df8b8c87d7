"""How customers pay: their payments, and what payments and credit notes settle of invoices' instalments.

Every act locks the customer first: what is open, and what of a payment is left, is decided under that lock.

May import: agencies, books, inputs, parties, site.
"""
