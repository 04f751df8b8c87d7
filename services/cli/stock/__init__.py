"""The commands about what lies in depots."""
