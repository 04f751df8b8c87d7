"""Tables in files, CSV and XLSX: read behind limits, written plainly.

May import: limited_child, problem, tables.
"""
