"""The books of each accounting folder: what documents and people enter, years and their closing, the tax office's file.

`chart`, `post`, `years`, `letters` and `fec` decide and know no database; documents come in by `posting`, in their own
transactions, and whatever is written goes through `entries`.

May import: agencies, parties, people, site.
"""
