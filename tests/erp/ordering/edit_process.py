"""`python -m tests.erp.ordering.edit_process URL NUMBER QUANTITY`: a process that changes a draft's first line.

It prints `started`, waits for a line, then prints `done`, or the code of the problem that it was told.
"""

from __future__ import annotations

import sys
from decimal import Decimal

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_erp.ordering.draft_edits import DraftEdits
from intergestan_erp.ordering.drafts import change_order


def main(url: str, number: str, quantity: str) -> None:
    database = Database(url)
    print("started", flush=True)
    sys.stdin.readline()
    try:
        change_order(database, number, DraftEdits(quantities={"1": Decimal(quantity)}), by=f"of {quantity}")
    except Problem as problem:
        print(problem.code, flush=True)
    else:
        print("done", flush=True)
    database.dispose()


if __name__ == "__main__":
    main(*sys.argv[1:])
