"""Picking slips: what depots prepare for customers, until it leaves with a delivery note (A34, A35, A52 to A54).

`cascade` and `offers` decide and know no database.

May import: agencies, credit, inputs, listing, parties, selling, site, stock.
"""
