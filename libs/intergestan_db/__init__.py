"""The site's database: its tables and their states, how they are read and written, and the files of tables.

`among.py` may import: nothing.
`at_rest.py` may import: enums, tables.
`bells.py` may import: nothing.
`bulk.py` may import: tables.
`database.py` may import: postgresql, problem.
`enums.py` may import: nothing.
`fresh_ids.py` may import: states, tables.
`leases.py` may import: at_rest, database, enums, tables.
`mail_kinds.py` may import: tables.
`migrate.py` may import: database, problem.
`named_ids.py` may import: tables.
`numbers.py` may import: tables.
`postgresql.py` may import: nothing.
`problem.py` may import: nothing.
`published.py` may import: tables.
`site_rows.py` may import: database, tables, views.
`states.py` may import: bulk, enums, tables.
`trace_context.py` may import: tables.
`views.py` may import: nothing.
`write_trial.py` may import: database, tables.
"""
