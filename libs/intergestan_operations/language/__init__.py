"""The language that a process speaks: catalogue, sentences, words for what happened.

May import: nothing.
"""
