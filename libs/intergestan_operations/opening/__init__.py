"""How a site is opened: base, bell, keys, archive; and what is done while the base is away.

May import: nothing.
"""
