"""The books of accounting folders: entries, years, files for the tax office."""
