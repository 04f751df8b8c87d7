"""Lists, a page at a time: one for each subject over the same kind of page.

May import: agencies, amounts, inputs, parties, paying, purchasing, site.
"""
