"""What lies in depots: how much, at which cost, each change of it, and which order it is for (A05, A11, A32).

May import: agencies, books, inputs, listing, parties, site.
"""
