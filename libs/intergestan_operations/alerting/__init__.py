"""Watching a site, and telling its people."""
