"""Third parties as people enter them: typed one by one, or in files of other software.

May import: credit, inputs, parties, site.
"""
