"""The commands about the dossier, its establishments and depots, and about where one is."""
