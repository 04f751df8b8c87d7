"""Where addresses lie: what is asked, of whom, how often, and what follows from an answer (T25, T26, D30).

Nothing here opens a connection: the service `geocoder` asks, and only where a provider was chosen.

May import: nothing.
"""
