"""Lists, a page at a time: one for each subject over the same kind of page.

May import: agencies, inputs, parties, paying, purchasing, site.
"""
