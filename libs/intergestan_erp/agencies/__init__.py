"""The dossier with its accounting folders, establishments and depots, and where an act is done.

May import: inputs, parties.
"""
