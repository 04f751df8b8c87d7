"""The programs of a site: one folder each, with the same file names."""

import gc

gc.set_threshold(50_000)
"""A start makes some hundred thousand objects that stay. To look among them for garbage after each 700 new ones, as
Python does by itself, took a seventh of it. Garbage with cycles is rare here and may wait (ADR 0022).
"""
