"""Goods of a delivery note come back into the depot of the page (RT, D44), and are credited at once or later."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.listing.notes import read_invoiced
from intergestan_erp.picking.returns import ShownReturn, show_return
from intergestan_erp.selling.sales import show_delivery_note
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.delivery_notes import note_path, return_path
from services.console.place import page_place, posted_place, there
from services.console.typed_figures import typed_quantities
from services.console.visit import Visit

QUANTITY: Final = "revient."
"""Before the position of a line."""
REASON, CREDIT = "motif", "avoir"


def ask(visit: Visit) -> Response:
    """How much of each line comes back, and why."""
    return _page(visit)


def enter(visit: Visit) -> Response:
    """Book what came back; with the credit note where that is ticked."""
    typed, unread = typed_quantities(visit.form, QUANTITY, visit.language)
    wanted = {position: quantity for position, quantity in typed.items() if quantity}
    wrong = {name: sentence(bad, visit.language) for name, bad in unread.items()}
    if wrong:
        return _page(visit, wrong=wrong)

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import enter_return

        if not wanted:
            raise Problem("No quantity is typed, so nothing was entered.", ProblemCode.NO_VALUE)
        here = posted_place(visit).find(connection)
        credit = CREDIT in visit.form
        if credit:
            _refuse_credit(visit)
        how: Any = {"credit": credit, "by": visit.who.login, "at": visit.now}
        reason = visit.form.get(REASON, "")
        found, released = enter_return(connection, visit.params["number"], wanted, reason, here, **how)
        text = Said(
            "{back}: goods of {note} are in {depot} again.", back=found.number, note=found.delivery_note, depot=here
        )
        if found.credit_notes:
            text = Said("{first} Credit note {notes}.", first=text, notes=", ".join(found.credit_notes))
        return Done(
            to=return_path(found.number),
            said=_with_released(text, released.holds),
            bells=Bells(take_in=released.take_in, serve=(*found.freed.products, *released.products)),
        )

    try:
        return once(visit, do)
    except Problem as problem:
        return _page(visit, problem)


def _with_released(said: Said, holds: Any) -> Said:
    return Said("{first} Orders that waited go on: {refs}.", first=said, refs=", ".join(holds)) if holds else said


def _refuse_credit(visit: Visit) -> None:
    """Refuse to make a credit note to who may not.

    :raises Problem: this person may not.
    """
    if not may(Right.CREDIT_NOTE, visit.person):
        raise Problem(
            "Your roles do not include credit notes: enter the return without one, and somebody else credits it. "
            "Nothing was entered.",
            ProblemCode.NO_RIGHT,
            (Act.GIVE_RIGHTS,),
        )


def show_one(visit: Visit) -> Response:
    """One return."""
    return _show(visit)


def credit(visit: Visit) -> Response:
    """Credit what of a return was invoiced and is not credited yet."""

    def do(connection: Connection) -> Done:
        from intergestan_exchange.credit_holds.acts import credit_return

        number = visit.params["number"]
        made, released = credit_return(connection, number, by=visit.who.login, at=visit.now)
        said = Said("{back} is credited: {notes}.", back=number, notes=", ".join(made))
        bells = Bells(take_in=released.take_in, serve=released.products)
        return Done(to=return_path(number), said=_with_released(said, released.holds), bells=bells)

    try:
        return once(visit, do)
    except Problem as problem:
        return _show(visit, problem)


def _show(visit: Visit, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        found: ShownReturn | None = show_return(connection, visit.params["number"])
    if found is None:
        return faults.page(visit, 404)
    return visit.html(
        "returns/return.html",
        status=200 if problem is None else faults.status_of(problem),
        back=found,
        may_credit=may(Right.CREDIT_NOTE, visit.person) and found.is_to_credit,
        to_return=return_path,
        said=None if problem is None else sentence(problem, visit.language),
    )


def _page(visit: Visit, problem: Problem | None = None, wrong: Mapping[str, str] | None = None) -> Response:
    with visit.database.read() as connection:
        note = show_delivery_note(connection, visit.params["number"])
        if note is None:
            return faults.page(visit, 404)
        invoiced = read_invoiced(connection, note.id)
    form = visit.form or visit.kept
    names = [f"{QUANTITY}{line.position}" for line in note.lines]
    return visit.html(
        "returns/enter.html",
        status=faults.status_of(problem) if problem is not None else 422 if wrong else 200,
        note=note,
        invoiced=invoiced,
        place=page_place(visit),
        there=None if problem is None else there(visit, problem),
        typed={name: form.get(name, "") for name in names},
        reason=form.get(REASON, ""),
        credits=CREDIT in form,
        may_credit=may(Right.CREDIT_NOTE, visit.person) and bool(invoiced.invoices),
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        to_note=note_path(note.number),
        act_path=note_path(note.number, "retour"),
    )
