"""What programs are told of what was found or done: the fields of `--json` and of the HTTP API, which are the same.

A value of a library that is told as it is needs nothing here. What is told otherwise, with a sentence in the language
of whoever asks, with fewer fields or other names, has its shape here.

May import: nothing.
"""
