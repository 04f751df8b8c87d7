"""The command `intergestan`: one file for each subject."""
