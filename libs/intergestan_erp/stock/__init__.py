"""What lies in depots: how much, at which cost, and each change of it.

May import: agencies, inputs, listing, site.
"""
