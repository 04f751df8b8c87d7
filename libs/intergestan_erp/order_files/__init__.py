"""Orders in files of other software: read, entered, written.

May import: catalogue, documents, inputs, parties, site.
"""
