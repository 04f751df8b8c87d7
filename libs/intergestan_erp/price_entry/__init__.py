"""Price lists in files of other software.

May import: inputs, site.
"""
