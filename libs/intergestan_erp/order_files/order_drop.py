"""Purchase orders from files that were taken from a watched folder: each file once, whatever is cut between."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from intergestan_db.database import Database
from intergestan_db.problem import Remark
from intergestan_db.tables import TakenFile
from intergestan_erp.order_files.file_order import USUAL, Options
from intergestan_erp.order_files.order_files import Imported, import_file

_LONGEST_NAME = 255


def enter(
    database: Database,
    token: str,
    name: str,
    data: bytes,
    *,
    by: str,
    draft: bool = False,
    options: Options = USUAL,
) -> Imported:
    """Enter the orders of a taken file, unless that was done; what was entered then, or now.

    :raises FileProblems: with every fault of the file; nothing of it was entered.
    """
    with database.read() as connection:
        orders = connection.execute(select(TakenFile.orders).where(TakenFile.token == token)).scalar_one_or_none()
    if orders is not None:
        said = tuple(map(_remark, orders.get("said", ())))
        return Imported(tuple(orders["new"]), tuple(orders["there"]), said=said)
    printable = name.encode("utf-8", "replace").decode()[:_LONGEST_NAME]

    def note(connection: Connection, imported: Imported) -> None:
        connection.execute(
            insert(TakenFile).values(
                token=token,
                name=printable,
                sha256=hashlib.sha256(data).hexdigest(),
                taken_at=database.now(),
                orders={
                    "new": list(imported.new),
                    "there": list(imported.there),
                    "said": list(map(_plain, imported.said)),
                },
            )
        )

    return import_file(database, printable, data, by=by, draft=draft, options=options, also=note)


def _plain(remark: Remark) -> dict[str, Any]:
    """A remark as a row keeps it."""
    values = {name: str(value) for name, value in remark.values.items()}
    return {"row": remark.row, "column": remark.column, "template": remark.template, "values": values}


def _remark(kept: Mapping[str, Any]) -> Remark:
    return Remark(kept["row"], kept["column"], kept["template"], **kept["values"])
