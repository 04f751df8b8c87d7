"""Whether what a site keeps is whole.

May import: nothing.
"""
