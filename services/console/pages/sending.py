"""*Envoyer une commande* (G09–G20): choose orders, look at the very mail, send it once; take it back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PurchaseState
from intergestan_db.leases import living_workers
from intergestan_db.problem import Problem, ProblemCode, Remark
from intergestan_erp.listing.purchase import ListedPurchase, choices, list_purchases, orders_to_send
from intergestan_erp.purchasing.purchase_orders import Selection, confirm
from intergestan_exchange.outbox.choosing import (
    Addressee,
    Chosen,
    Sum,
    find_addressee,
    list_addressees,
    one_supplier,
    read_chosen,
    relay_warnings,
    sending_warnings,
    sums_of,
)
from intergestan_exchange.outbox.request import MAX_ORDERS, check_count, request_orders, set_order_address
from intergestan_msg.errors import BadDocument
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.acting import Done, once
from services.console.pages import selection
from services.console.pages.filters import Days, chosen_login, chosen_party, days_of, paging_of
from services.console.pages.selection import Listed
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.outbox.preview import Preview

ON_THE_WAY: Final = ("composer", "sender")
"""The services without which nothing leaves."""
NOTHING_CHOSEN: Final = marked("No order is ticked, so nothing was done: tick those that shall leave.")


def show(visit: Visit) -> Response:
    """The list; for whoever had to enter on the way to the mail, the mail as it was chosen."""
    if selection.chosen(visit.kept):
        return _show_mail(visit, visit.kept)
    return _show_list(visit)


def _show_list(visit: Visit) -> Response:
    asked = selection.listed(visit.query)
    days, wrong = _days(visit)
    with visit.database.read() as connection:
        addressees = list_addressees(connection)
        _suppliers, people = choices(connection, most=0)
        supplier = visit.query.get("fournisseur", _only_one(addressees))
        asked = replace(asked, filter={**asked.filter, "fournisseur": supplier})
        supplier_id = chosen_party(connection, supplier, wrong)
        followed_id = chosen_login(connection, visit, visit.query.get("suivi", ""), wrong)
        everything = visit.query.get("tout") == "1"
        beside = (selection.REMOVED, selection.UNTICKED)
        paging = paging_of(visit, selection.PATH, selection.FILTER, stated=True, beside=beside)
        shown, to_send = None, []
        if not wrong and supplier_id is None:
            to_send = orders_to_send(connection)
        elif not wrong:
            wanted = Selection(
                first=days.first,
                last=days.last,
                supplier_id=supplier_id,
                followed_by_id=followed_id,
                everything=everything,
            )
            page = list_purchases(connection, wanted, **{**paging.where, "size": MAX_ORDERS})
            shown = _rows(connection, page.rows, asked, find_addressee(connection, supplier_id or 0))
            shown = replace(shown, before=page.before, after=page.after)
        warnings = _what_waits(connection, visit) if shown is not None and shown.may_send else []
    return visit.html(
        "sending/list.html",
        status=422 if wrong else 200,
        asked=asked,
        days=days,
        everything=everything,
        supplier=supplier,
        followed=visit.query.get("suivi", ""),
        addressees=addressees,
        people=people,
        shown=shown,
        to_send=to_send,
        paging=paging,
        warnings=warnings,
        wrong=wrong,
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """The rows of the list.

    :ivar sendable: those that have a box, by number; `ticked`: of these, those with a tick.
    :ivar odd: what is odd of them, by number. :ivar before: the place of the page before, `after` of the next.
    """

    addressee: Addressee
    rows: Sequence[ListedPurchase]
    sendable: Mapping[str, Chosen]
    ticked: Sequence[Chosen]
    odd: Mapping[str, Sequence[Remark]]
    before: str | None = None
    after: str | None = None

    @property
    def sums(self) -> Sequence[Sum]:
        """What those with a tick come to."""
        return sums_of(self.ticked)

    @property
    def may_send(self) -> bool:
        """Whether any of them could leave."""
        return bool(self.sendable)


def _rows(connection: Connection, rows: Sequence[ListedPurchase], asked: Listed, addressee: Addressee) -> Shown:
    left = [row for row in rows if row.number not in asked.removed]
    confirmed = {row.number: row.version for row in left if row.state == PurchaseState.CONFIRMED}
    found = read_chosen(connection, confirmed) if addressee.partner_id is not None else []
    sendable = {each.number: each for each in found if each.is_same}
    odd = _odd(connection, sendable.values())
    ticked = [each for number, each in sendable.items() if number not in asked.unticked]
    return Shown(addressee, left, sendable, ticked, odd)


def _odd(connection: Connection, orders: Collection[Chosen]) -> dict[str, Sequence[Remark]]:
    by_id = sending_warnings(connection, [each.id for each in orders])
    return {each.number: by_id[each.id] for each in orders if each.id in by_id}


def count(visit: Visit) -> Response:
    """What the ticked orders come to, and the button that goes on with them; nothing is done."""
    with visit.database.read() as connection:
        ticked = [each for each in read_chosen(connection, selection.chosen(visit.form)) if each.is_same]
    return visit.html("sending/list.html", block="somme", titled=False, sums=sums_of(ticked), count=len(ticked))


def remove(visit: Visit) -> Response:
    """*Enlever* (G13): out of the list and of nothing else; Afficher shows them again."""
    asked = selection.listed_at(visit.form.get(selection.BACK, ""))
    seen, ticked = selection.seen(visit.form), selection.chosen(visit.form)
    unticked = [number for number in seen if number not in ticked]
    one = visit.form.get("enlever", "")
    fewer = asked.without([one], unticked) if one else asked.without(unticked)
    if not selection.fits(fewer.address):
        raise Problem(
            "More were taken out than an address can carry. Narrow the list by its filters instead.",
            ProblemCode.TOO_MANY,
        )
    return visit.go(fewer.address)


def confirm_one(visit: Visit) -> Response:
    """Make a draft ready to be sent (D1: an act of its own)."""
    number, back = visit.form.get("commande", ""), selection.listed_at(visit.form.get(selection.BACK, ""))

    def do(connection: Connection) -> Done:
        confirm(connection, [number], by=visit.who.login, at=visit.now)
        return Done(to=back.address, said=Said("{number} is confirmed and can be sent.", number=number))

    return once(visit, do)


def show_again(visit: Visit) -> Response:
    """The mail for whoever entered on the way to it; without a selection there is only the list."""
    if selection.chosen(visit.kept):
        return _show_mail(visit, visit.kept)
    return visit.go(selection.PATH)


def look(visit: Visit) -> Response:
    """The very mail that would leave, before it does. Nothing is changed."""
    without = visit.form.get("enlever", "")
    fields = {name: value for name, value in visit.form.items() if name != f"{selection.TICK}{without}"}
    return _show_mail(visit, fields)


def send(visit: Visit) -> Response:
    """*Valider* (G14): all of them in one mail, or none (G19); once, however often the form comes."""
    versions = selection.chosen(visit.form)
    address = visit.form.get("courriel", "").strip()
    leave_at = visit.now + timedelta(seconds=visit.console.own.undo_seconds)

    def do(connection: Connection) -> Done:
        orders = read_chosen(connection, versions)
        if len(orders) != len(versions) or not all(each.is_same for each in orders):
            raise _Otherwise
        supplier_id = one_supplier(orders)
        by, at = visit.who.login, visit.now
        if address:
            set_order_address(connection, supplier_id, address, by=by, at=at)
        seen = {each.id: each.version for each in orders}
        delayed = leave_at if leave_at > at else None
        mail_id = request_orders(connection, supplier_id, seen, visit.who.user_id, by=by, at=at, leave_at=delayed)
        return Done(to=f"/envois/out-{mail_id}", bells=Bells(compose=(mail_id,)), ring_at=delayed, mail=mail_id)

    try:
        return once(visit, do, traced=True)
    except _Otherwise:
        return _show_mail(visit, visit.form)
    except Problem as problem:
        return _show_mail(visit, visit.form, problem)


class _Otherwise(Exception):
    """An order is not as it was seen: the page shows which."""


def _show_mail(visit: Visit, fields: Mapping[str, str], problem: Problem | None = None) -> Response:
    """The page of the mail, with what is chosen; what is wrong is said, and nothing that was typed is lost."""
    versions = selection.chosen(fields)
    back = selection.listed_at(fields.get(selection.BACK, ""))
    unticked = [number for number in selection.seen(fields) if number not in versions]
    with visit.database.read() as connection:
        orders = read_chosen(connection, versions)
        ready = [each for each in orders if each.is_same]
        addressee = find_addressee(connection, one_supplier(ready)) if ready else None
        mail, refused = None, problem
        if not versions:
            refused = Problem(NOTHING_CHOSEN, ProblemCode.NO_VALUE)
        elif addressee is not None:
            try:
                check_count(len(ready))
                mail = _mail(connection, visit, addressee, ready)
            except Problem as found:
                refused = found
            except (BadDocument, ValueError) as error:
                refused = Problem("The mail cannot be written: {why}", ProblemCode.NOT_COMPOSED, why=str(error))
        odd = _odd(connection, ready)
        warnings = _what_waits(connection, visit)
    wrong = {}
    if problem is not None and problem.code in _ABOUT_THE_ADDRESS:
        wrong["courriel"] = sentence(problem, visit.language)
        refused = None
    return visit.html(
        "sending/mail.html",
        status=_status(versions, ready, refused or problem),
        back=Listed(back.filter, back.removed, frozenset(unticked)).address,
        seen=selection.seen(fields),
        gone=_gone(versions, orders),
        ready=ready,
        sums=sums_of(ready),
        addressee=addressee,
        mail=mail,
        odd=odd,
        warnings=warnings,
        wrong=wrong,
        said=None if refused is None else sentence(refused, visit.language),
        acts=[] if refused is None else faults.next_acts(refused),
        typed=fields.get("courriel", ""),
    )


_ABOUT_THE_ADDRESS: Final = frozenset({ProblemCode.NO_ADDRESS, ProblemCode.BAD_ADDRESS})


def _mail(connection: Connection, visit: Visit, addressee: Addressee, ready: Sequence[Chosen]) -> Preview:
    from intergestan_exchange.outbox.preview import preview

    return preview(connection, addressee.party_id, [each.id for each in ready], visit.who.user_id, None)


def _gone(versions: Mapping[str, int], orders: Sequence[Chosen]) -> list[tuple[str, str | None]]:
    """Numbers of those that are not as they were seen, each with its state; None: it is not there any more."""
    there = {each.number: each for each in orders}
    changed = [number for number in versions if number not in there or not there[number].is_same]
    return [(number, there[number].state if number in there else None) for number in changed]


def _status(versions: Mapping[str, int], ready: Sequence[Chosen], problem: Problem | None) -> int:
    if problem is not None:
        return faults.status_of(problem)
    return 200 if len(ready) == len(versions) else 409


def _what_waits(connection: Connection, visit: Visit) -> list[Said | Remark]:
    """Why a mail would not leave at once."""
    alive = set(living_workers(connection, visit.now).values())
    missing = [service for service in ON_THE_WAY if service not in alive]
    found: list[Said | Remark] = [*relay_warnings(connection, visit.now)]
    if missing:
        names = ", ".join(missing)
        found.append(
            Counted(
                "What is sent waits: the service {names} does not run.",
                "What is sent waits: the services {names} do not run.",
                len(missing),
                names=names,
            )
        )
    return found


def _only_one(addressees: Sequence[Addressee]) -> str:
    """Where there is one partner only, orders go there."""
    partners = [each.code for each in addressees if each.partner_id is not None]
    return partners[0] if len(partners) == 1 else ""


def _days(visit: Visit) -> tuple[Days, dict[str, str]]:
    """From when to when; this month where the address says nothing."""
    days, wrong = days_of(visit)
    if "du" in visit.query or "au" in visit.query:
        return days, wrong
    _word, first, last = days.presets[2]
    return replace(days, first=first, last=last, typed_first=visit.day(first), typed_last=visit.day(last)), wrong
