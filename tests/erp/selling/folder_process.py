"""`python -m tests.erp.selling.folder_process URL NUMBER FOLDER`: a process that gives an establishment other books.

It prints `started`, waits for a line, then prints `done`, or the code of the problem that it was told.
"""

from __future__ import annotations

import sys

from intergestan_db.database import Database, utc_now
from intergestan_db.problem import Problem
from intergestan_erp.agencies.establishments import set_establishment


def main(url: str, number: str, folder: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    try:
        with database.transaction() as connection:
            set_establishment(connection, int(number), {"folder": int(folder)}, by="m", at=utc_now())
    except Problem as problem:
        print(problem.code, flush=True)
    else:
        print("done", flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
