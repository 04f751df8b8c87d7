"""The programs of a site: one folder each, with the same file names."""

import atexit
import gc

gc.set_threshold(50_000)
"""A start makes some hundred thousand objects that stay. To look among them for garbage after each 700 new ones, as
Python does by itself, took a seventh of it. Garbage with cycles is rare here and may wait (ADR 0022).
"""
atexit.register(gc.freeze)
"""When it ends, the interpreter looks for garbage among them several times more, though the system takes back all that
it has: a fifth of what a command costs. What is frozen it leaves alone. Registered first, this is what runs last.
"""
