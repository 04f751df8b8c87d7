"""From the bytes of an archived mail to what it means for us. Writes nothing: the importer books it, and
`replay --dry-run` only shows it.
"""
