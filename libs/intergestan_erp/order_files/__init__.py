"""Orders in files of other software: read, entered, written.

May import: agencies, catalogue, documents, inputs, parties, selling, site.
"""
