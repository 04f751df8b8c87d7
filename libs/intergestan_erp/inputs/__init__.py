"""Numbers, days, identifiers, units, currencies and countries as people write them: one reader for every door.

Files, the command line and later the API read through these files, so that one cell means the same everywhere.
They are pure. `docs/files.md` has the table of what is read how.

May import: parties.
"""
