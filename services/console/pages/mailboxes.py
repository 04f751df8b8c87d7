"""*Exploitation ▸ Boîtes*: each mailbox with its state and the cure of what is wrong; pause, go on, out of use.

Each act is done in sight of what it changes: a mailbox that somebody else paused meanwhile is left alone.
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.accounts import read_of_mailbox
from intergestan_exchange.listing.mailboxes import ListedMailbox, list_mailbox_page, listed_mailbox
from intergestan_exchange.mail_accounts.mailbox_changes import (
    check_standing,
    pause_mailbox,
    standing,
    unpause_mailbox,
    use_mailbox,
)
from intergestan_operations.language.labels import MAILBOX_CURES
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.pages.fields import NEEDED, TOO_LONG
from services.console.pages.filters import paging_of
from services.console.pages.mailbox_words import state_of
from services.console.pages.operating import MAILBOXES, parts_of
from services.console.visit import Visit

ONE: Final = "/exploitation/boite"
SEEN: Final = "vu"
REASON: Final = "motif"
_LONGEST: Final = 200


def path_of(name: str) -> str:
    """The page of a mailbox."""
    return f"{ONE}/{quote(name)}"


def show_list(visit: Visit) -> Response:
    """All of them."""
    paging = paging_of(visit, MAILBOXES, ())
    with visit.database.read() as connection:
        page = list_mailbox_page(connection, visit.now, **paging.where)
    return visit.html(
        "operations/mailboxes.html",
        parts=parts_of(visit, MAILBOXES),
        page=page,
        paging=paging,
        boxes=[(box, state_of(box, visit.language), path_of(box.name)) for box in page.rows],
        sets_accounts=may(Right.SET_ACCOUNTS, visit.person),
    )


def show_one(visit: Visit) -> Response:
    """One of them."""
    return _page(visit, 200)


def pause(visit: Visit) -> Response:
    """Nobody polls it until a person says so; why is for those who find it paused."""
    reason = visit.form.get(REASON, "").strip()
    if not reason:
        return _page(visit, 422, wrong={REASON: NEEDED})
    if len(reason) > _LONGEST:
        return _page(visit, 422, wrong={REASON: TOO_LONG})
    return _act(visit, Said("{name} is paused; its mails wait on the server.", name=visit.params["mailbox"]), "pause")


def unpause(visit: Visit) -> Response:
    """It is polled again."""
    return _act(visit, Said("{name} is polled again.", name=visit.params["mailbox"]), "unpause")


def ask_to_retire(visit: Visit) -> Response:
    """What it means, before it is done."""
    return _page(visit, 200, template="operations/retire.html")


def retire(visit: Visit) -> Response:
    """Out of use; what came from it stays."""
    return _act(visit, Said("{name} is out of use.", name=visit.params["mailbox"]), "retire")


def take_up(visit: Visit) -> Response:
    """In use again."""
    return _act(visit, Said("{name} is in use again.", name=visit.params["mailbox"]), "take up")


def _act(visit: Visit, said: Said, act: str) -> Response:
    name, by = visit.params["mailbox"], visit.who.login

    def do(connection: Connection) -> Done:
        check_standing(connection, name, visit.form.get(SEEN, ""))
        if act == "pause":
            pause_mailbox(connection, name, visit.form[REASON].strip(), by=by, at=visit.now)
        elif act == "unpause":
            unpause_mailbox(connection, name, by=by, at=visit.now)
        else:
            use_mailbox(connection, name, active=act == "take up", by=by, at=visit.now)
        return Done(to=path_of(name), said=said)

    try:
        return once(visit, do)
    except Problem as problem:
        if problem.code is ProblemCode.NO_MAILBOX:
            return faults.page(visit, 404)
        return _page(visit, faults.status_of(problem), problem=problem)


def _page(
    visit: Visit,
    status: int,
    *,
    template: str = "operations/mailbox.html",
    wrong: dict[str, str] | None = None,
    problem: Problem | None = None,
) -> Response:
    name = visit.params["mailbox"]
    with visit.database.read() as connection:
        try:
            box = listed_mailbox(connection, name, visit.now)
        except Problem:
            return faults.page(visit, 404)
        of_it = read_of_mailbox(connection, box.name)
    return visit.html(
        template,
        status=status,
        parts=parts_of(visit, MAILBOXES),
        box=box,
        of_it=of_it,
        it=path_of(box.name),
        state=state_of(box, visit.language),
        cure=MAILBOX_CURES.get(box.state) if box.is_polled else None,
        seen=_seen(box),
        wrong=wrong or {},
        reason=visit.form.get(REASON, ""),
        problem=None if problem is None else sentence(problem, visit.language),
        **_rights(visit),
    )


def _rights(visit: Visit) -> dict[str, Any]:
    return {
        "operates": may(Right.OPERATE, visit.person),
        "collects": may(Right.COLLECT_ORDERS, visit.person),
        "sets_accounts": may(Right.SET_ACCOUNTS, visit.person),
    }


def _seen(box: ListedMailbox) -> str:
    return standing(active=box.active, rests=box.rests_since is not None)
