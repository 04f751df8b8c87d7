"""Tables in files: CSV, XLSX and ODS are read behind limits, CSV and XLSX written plainly.

May import: limited_child, problem, tables.
"""
