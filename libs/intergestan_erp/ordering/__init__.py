"""Purchase orders by hand: entered, changed, copied and deleted, as long as they are drafts.

They are judged as those of files are, and get the numbers of the site's own series.

May import: agencies, inputs, order_files, purchasing, site.
"""
