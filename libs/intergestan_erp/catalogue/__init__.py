"""The catalogue, as rows and as files, and how far two sites' catalogues have drifted apart.

May import: inputs, parties, site, terms.
"""
