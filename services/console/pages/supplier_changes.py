"""What suppliers changed of our orders: lines that nobody agreed to, and what a person decides of those of an order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.filters import paging_of
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.changes.answer_seller_change import SellerChange

PATH: Final = "/a-traiter/modifications"
TICK: Final = "ligne."
"""Before the id of a line, as the name of the box that is ticked for it."""


def show_list(visit: Visit) -> Response:
    """A page of these lines, by order."""
    from intergestan_exchange.changes.answer_seller_change import list_seller_changes_page

    paging = paging_of(visit, PATH, ())
    with visit.database.read() as connection:
        page = list_seller_changes_page(connection, size=paging.size, after=paging.after)
    rows = _said(visit, page.rows)
    return visit.html("to_do/changes.html", page=page, paging=paging, rows=rows, may_decide=_may(visit))


def show_one(visit: Visit) -> Response:
    """Those of one order."""
    return _show(visit, 200)


def decide(visit: Visit) -> Response:
    """Agree to the ticked lines as the supplier has them, or ask again for what was ordered; it leaves as a mail."""
    from intergestan_exchange.changes import answer_seller_change

    number = visit.params["number"]
    lines = [name.removeprefix(TICK) for name in visit.form if name.startswith(TICK)]
    is_agreed = visit.form.get("faire") == "accepter"
    act = answer_seller_change.accept if is_agreed else answer_seller_change.refuse

    def do(connection: Connection) -> Done:
        if not lines:
            raise Problem("Nothing is ticked, so nothing was done.", ProblemCode.NO_VALUE)
        by, at = visit.who.login, visit.now
        asked = act(connection, number, lines, visit.who.user_id, by=by, at=at)
        said = (
            Said("Agreed: change {sequence} of {number} tells the supplier.", sequence=asked.sequence, number=number)
            if is_agreed
            else Said(
                "Asked for again: change {sequence} of {number} tells the supplier.",
                sequence=asked.sequence,
                number=number,
            )
        )
        to = f"{PATH}/{quote(number, safe='')}"
        ref = f"out-{asked.mail_id}"
        bells = Bells(compose=(asked.mail_id,))
        return Done(to=to, said=said, link=(f"/envois/{ref}", ref), bells=bells, mail=asked.mail_id)

    try:
        return once(visit, do, traced=True)
    except Problem as problem:
        return _show(visit.with_kept(visit.form), faults.status_of(problem), problem)


def _show(visit: Visit, status: int, problem: Problem | None = None) -> Response:
    from intergestan_exchange.changes.answer_seller_change import list_seller_changes

    number = visit.params["number"]
    with visit.database.read() as connection:
        changes = list_seller_changes(connection, number)
    return visit.html(
        "to_do/change.html",
        status=status,
        number=number,
        rows=_said(visit, changes),
        open=[each.line_id for each in changes if each.under_way is None],
        may_decide=_may(visit),
        is_ticked=lambda line: not visit.kept or f"{TICK}{line}" in visit.kept,
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
    )


def _said(visit: Visit, changes: Sequence[SellerChange]) -> list[tuple[SellerChange, list[str]]]:
    """Each line with what the supplier says of it otherwise than it was ordered."""
    from intergestan_exchange.changes.answer_seller_change import said_otherwise
    from intergestan_operations.language.seller_changes import told

    return [(each, [told(said, visit.language) for said in said_otherwise(each)]) for each in changes]


def _may(visit: Visit) -> bool:
    return may(Right.SEND_ORDERS, visit.person)
