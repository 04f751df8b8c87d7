"""The programs of a site: one folder each, with the same file names."""
