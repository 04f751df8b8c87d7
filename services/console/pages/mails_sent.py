"""*Envois*: the mails that we send, how far each is, and what may be done about it: take back, send again, give up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db import states
from intergestan_db.enums import OutboundState, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.mails_out import list_mails_out
from intergestan_exchange.outbox import outbound
from intergestan_exchange.outbox.progress import Progress, read_progress
from intergestan_msg.kinds import Kind
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages import selection
from services.console.pages.filters import paging_of
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.holds.holds import Hold

PATH: Final = "/envois"
_SOON_MS: Final = 1000
_WAITING_MS: Final = 3000
_LONG_MS: Final = 15000
_SOON: Final = timedelta(minutes=10)
"""So long an answer is expected at any moment."""

KINDS: Final = {
    Kind.ORDERS: marked("orders"),
    Kind.ANSWERS: marked("answers"),
    Kind.KEY: marked("a key"),
    Kind.HEARTBEAT: marked("a sign of life"),
    Kind.STATEMENT: marked("a statement of numbers"),
}
"""What a mail carries, in words."""
MAY_GO_AGAIN: Final = frozenset({OutboundState.HELD, OutboundState.SENT, OutboundState.UNKNOWN})
MAY_BE_GIVEN_UP: Final = frozenset(states.OUTBOUND_MAIL.moves["abandon"][0])
_REF: Final = re.compile(rf"{outbound.REF}([1-9]\d{{0,17}})")


def show_list(visit: Visit) -> Response:
    """A page of them, the newest first."""
    paging = paging_of(visit, PATH, ())
    with visit.database.read() as connection:
        page = list_mails_out(connection, size=paging.size, after=paging.after)
    return visit.html("mails/list.html", page=page, paging=paging, kinds=KINDS)


def show_one(visit: Visit) -> Response:
    """One of them, live; an order's number leads to the mail that carried it last."""
    ref = visit.params["ref"]
    with visit.database.read() as connection:
        found = _read(connection, visit)
        if found is None:
            try:
                return visit.go(f"{PATH}/{outbound.REF}{outbound.find_outbound(connection, ref)}")
            except Problem:
                return faults.page(visit, 404)
        hold = _hold(connection, found)
    return _page(visit, "mails/mail.html", found, hold)


def ask_to_give_up(visit: Visit) -> Response:
    """What it means to give a mail up, before it is done."""
    with visit.database.read() as connection:
        found = _read(connection, visit)
        if found is None:
            return faults.page(visit, 404)
    if found.mail.state not in MAY_BE_GIVEN_UP:
        return visit.go(f"{PATH}/{found.mail.ref}")
    return _page(visit, "mails/give_up.html", found, None)


def give_up(visit: Visit) -> Response:
    """*Annuler l'envoi*, *Abandonner*: its orders are confirmed again, as if never selected."""

    def do(connection: Connection) -> Done:
        found = _need(connection, visit)
        numbers = outbound.abandon(connection, [found.mail.id], by=visit.who.login, at=visit.now)
        to = f"{PATH}/{found.mail.ref}"
        if not numbers:
            return Done(to=to, said=Said("{ref} is given up.", ref=found.mail.ref))
        said = Said("Nothing was sent; confirmed again: {numbers}.", numbers=", ".join(numbers))
        return Done(to=to, said=said)

    return once(visit, do)


def send_again(visit: Visit) -> Response:
    """*Renvoyer* (D1): the very same bytes; the partner takes in each order once."""

    def do(connection: Connection) -> Done:
        found = _need(connection, visit)
        bells = outbound.resend(connection, [found.mail.id], by=visit.who.login, at=visit.now)
        return Done(to=f"{PATH}/{found.mail.ref}", said=Said("{ref} goes out again.", ref=found.mail.ref), bells=bells)

    return once(visit, do)


def _page(visit: Visit, template: str, found: Progress, hold: Hold | None) -> Response:
    may_act = may(Right.RESEND_MAILS, visit.person)
    return visit.html(
        template,
        it=found,
        mail=found.mail,
        ref=found.mail.ref,
        kinds=KINDS,
        hold=hold,
        again=None if found.is_settled else _pause(visit, found),
        left=int(found.left(visit.now).total_seconds() + 0.999),
        may_undo=may_act and found.leaves_at is not None,
        may_go_again=may_act and found.mail.state in MAY_GO_AGAIN and not Kind(found.mail.kind).nature.passing,
        may_be_given_up=may_act and found.leaves_at is None and found.mail.state in MAY_BE_GIVEN_UP,
        may_send=may(Right.SEND_ORDERS, visit.person),
        selected=_selection(visit, found),
    )


def _pause(visit: Visit, found: Progress) -> int:
    """So many milliseconds until the page asks again: a second while something moves, longer for an answer."""
    if found.is_moving:
        return _SOON_MS
    since = found.mail.sent_at or found.mail.requested_at
    return _WAITING_MS if visit.now - since < _SOON else _LONG_MS


def _selection(visit: Visit, found: Progress) -> str:
    """The list with the orders of this mail in it."""
    days = [each.issue_date for each in found.orders]
    if not days or found.supplier is None:
        return selection.PATH
    asked = {"du": visit.day(min(days)), "au": visit.day(max(days)), "fournisseur": found.supplier}
    return f"{selection.PATH}?{urlencode(asked)}"


def _hold(connection: Connection, found: Progress) -> Hold | None:
    if found.mail.state != OutboundState.HELD:
        return None
    from intergestan_exchange.holds.holds import find_hold

    try:
        return find_hold(connection, found.mail.ref)
    except Problem:
        return None  # somebody settled it this moment


def _read(connection: Connection, visit: Visit) -> Progress | None:
    match = _REF.fullmatch(visit.params["ref"])
    return None if match is None else read_progress(connection, int(match[1]), visit.now)


def _need(connection: Connection, visit: Visit) -> Progress:
    found = _read(connection, visit)
    if found is None:
        raise Problem("We have no mail «{text}».", ProblemCode.NO_MAIL, text=visit.params["ref"])
    return found
