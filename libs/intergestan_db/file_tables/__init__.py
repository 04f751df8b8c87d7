"""Tables in files, CSV and XLSX: read behind limits, written plainly.

May import: problem, tables.
"""
