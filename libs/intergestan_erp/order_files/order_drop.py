"""Purchase orders from files that were taken from a watched folder: each file once, whatever is cut between."""

from __future__ import annotations

import hashlib

from sqlalchemy import Connection, insert, select

from intergestan_db.database import Database
from intergestan_db.tables import TakenFile
from intergestan_erp.order_files.order_files import Imported, import_file

_LONGEST_NAME = 255


def enter(database: Database, token: str, name: str, data: bytes, *, by: str, draft: bool = False) -> Imported:
    """Enter the orders of a taken file, unless that was done; what was entered then, or now.

    :raises FileProblems: with every fault of the file; nothing of it was entered.
    """
    with database.read() as connection:
        orders = connection.execute(select(TakenFile.orders).where(TakenFile.token == token)).scalar_one_or_none()
    if orders is not None:
        return Imported(tuple(orders["new"]), tuple(orders["there"]))
    printable = name.encode("utf-8", "replace").decode()[:_LONGEST_NAME]

    def note(connection: Connection, imported: Imported) -> None:
        connection.execute(
            insert(TakenFile).values(
                token=token,
                name=printable,
                sha256=hashlib.sha256(data).hexdigest(),
                taken_at=database.now(),
                orders={"new": list(imported.new), "there": list(imported.there)},
            )
        )

    return import_file(database, printable, data, by=by, draft=draft, also=note)
