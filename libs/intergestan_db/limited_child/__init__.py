"""Children that read what others made: mails, tables, documents. Warm, limited, replaceable (decisions 7 and 34).

May import: problem.
"""
