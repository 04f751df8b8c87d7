"""Purchase orders from files that were taken from a watched folder: each file once, whatever is cut between."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode, Remark
from intergestan_db.tables import TakenFile
from intergestan_erp.agencies.places import Place
from intergestan_erp.order_files.file_order import USUAL, Options
from intergestan_erp.order_files.order_files import Imported, import_file

if TYPE_CHECKING:
    from intergestan_erp.order_files.order_reading import ReadOrders

_LONGEST_NAME = 255


def enter(
    database: Database,
    token: str,
    name: str,
    data: bytes,
    *,
    read: ReadOrders,
    by: str,
    draft: bool = False,
    options: Options = USUAL,
    place: Place | None = None,
) -> Imported:
    """Enter the orders of a taken file, unless that was done; what was entered then, or now.

    :raises FileProblems: with every fault of the file; nothing of it was entered.
    """
    with database.read() as connection:
        orders = connection.execute(select(TakenFile.orders).where(TakenFile.token == token)).scalar_one_or_none()
    if orders is not None:
        return Imported(
            tuple(orders["new"]),
            tuple(orders["there"]),
            doubts=tuple(
                Problem(kept["template"], ProblemCode.DOUBT, **kept["values"]) for kept in orders.get("doubts", ())
            ),
            said=tuple(map(_remark, orders.get("said", ()))),
        )
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
                    "doubts": [{"template": each.template, "values": _texts(each)} for each in imported.doubts],
                },
            )
        )

    who: Any = {"by": by, "draft": draft, "options": options, "place": place}
    return import_file(database, printable, data, read=read, also=note, **who)


def _plain(remark: Remark) -> dict[str, Any]:
    """A remark as a row keeps it."""
    place = {"row": remark.row, "column": remark.column, "part": remark.part}
    return {**place, "template": remark.template, "values": _texts(remark)}


def _texts(problem: Problem) -> dict[str, str]:
    return {name: str(value) for name, value in problem.values.items()}


def _remark(kept: Mapping[str, Any]) -> Remark:
    return Remark(kept["row"], kept["column"], kept["template"], part=kept.get("part"), **kept["values"])
