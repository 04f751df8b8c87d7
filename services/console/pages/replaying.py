"""*Exploitation ▸ Rejeu*: archived mails are taken in again, after a person saw what that would change.

The importers look and do it; no mail is read in the console. What only the archive has, after a restore, is taken in
on the machine of the site.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import HoldReason
from intergestan_db.problem import Problem
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.site.day import begin_of
from intergestan_operations.language.labels import HOLD_REASONS
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.acting import Done
from services.console.pages.following import NEWEST, NotThere, act, again_after, read_boxes, run_of
from services.console.pages.operating import REPLAY, parts_of
from services.console.visit import Visit

if TYPE_CHECKING:
    from intergestan_exchange.inbox.replay import Choice

FIELDS: Final = ("courriels", "boite", "correspondant", "du", "au")
ALL: Final = "tous"
SHOWN: Final = 200
"""So many of the mails that would change are listed; all of them are counted."""
_MOST_SHAS: Final = 50


def show(visit: Visit) -> Response:
    """Which mails, and what was looked at last."""
    return _form(visit, 200)


def look(visit: Visit) -> Response:
    """Have the importers look what taking them in again would change. Nothing is changed."""
    from intergestan_exchange.inbox import replay_runs

    wrong: dict[str, str] = {}

    def do(connection: Connection) -> Done:
        choice = _choice(connection, visit, wrong)
        replay_runs.require_importer(connection, visit.now)
        run = replay_runs.ask(connection, choice, by=visit.who.login, at=visit.now)
        return Done(to=f"{REPLAY}/{run}")

    try:
        return act(visit, do, lambda problem: _form(visit, faults.status_of(problem), problem=problem))
    except _Wrong:
        return _form(visit, 422, wrong=wrong)


def follow(visit: Visit) -> Response:
    """What one found, and how far it is; its address shows that whenever it is opened."""
    return _follow(visit, 200)


def give(visit: Visit) -> Response:
    """*Rejouer*: have those taken in again that would change."""
    from intergestan_exchange.inbox import replay_runs

    def do(connection: Connection) -> Done:
        look = _find(connection, visit)
        if look is None:
            raise NotThere
        replay_runs.require_importer(connection, visit.now)
        mails = replay_runs.give(connection, look.id, by=visit.who.login, at=visit.now)
        return Done(to=f"{REPLAY}/{look.id}", bells=Bells(take_in=mails))

    return act(visit, do, lambda problem: _follow(visit, faults.status_of(problem), problem=problem))


class _Wrong(Exception):
    """What was typed is no choice of mails."""


def _find(connection: Connection, visit: Visit) -> Any:
    from intergestan_exchange.inbox.replay_runs import read_look

    run = run_of(visit)
    return None if run is None else read_look(connection, run)


def _choice(connection: Connection, visit: Visit, wrong: dict[str, str]) -> Choice:
    """Which mails are meant; what is wrong with a field stands in `wrong`."""
    from intergestan_exchange.inbox.replay import Choice
    from intergestan_exchange.mail_accounts.accounts import find_mailbox
    from intergestan_exchange.partners.partners import find_partner

    typed = {name: visit.form.get(name, "").strip() for name in FIELDS}
    shas = tuple(typed["courriels"].replace(",", " ").split())
    if len(shas) > _MOST_SHAS:
        wrong["courriels"] = sentence(Said("At most {most} mails are named at once.", most=_MOST_SHAS), visit.language)
    found: dict[str, int | None] = {"boite": None, "correspondant": None}
    for name, find in (("boite", find_mailbox), ("correspondant", find_partner)):
        if typed[name]:
            try:
                found[name] = find(connection, typed[name])
            except Problem as problem:
                wrong[name] = sentence(problem, visit.language)
    first, last = (_day(visit, typed[name], name, wrong) for name in ("du", "au"))
    if not any(typed.values()) and ALL not in visit.form:
        wrong[ALL] = sentence(Said("Say which mails, or tick that all are meant."), visit.language)
    if wrong:
        raise _Wrong
    return Choice(
        shas=shas,
        mailbox_id=found["boite"],
        partner_id=found["correspondant"],
        since=None if first is None else begin_of(visit.site.zone, first),
        until=None if last is None else begin_of(visit.site.zone, last + timedelta(days=1)),
    )


def _day(visit: Visit, text: str, name: str, wrong: dict[str, str]) -> date | None:
    if not text:
        return None
    try:
        return read_near_day(text, visit.today)
    except Unreadable as bad:
        wrong[name] = sentence(bad, visit.language)
        return None


def _form(
    visit: Visit, status: int, *, wrong: dict[str, str] | None = None, problem: Problem | None = None
) -> Response:
    from intergestan_exchange.inbox.replay_runs import newest_looks

    form = visit.form or visit.kept
    with visit.database.read() as connection:
        boxes = read_boxes(connection, visit)
        newest = newest_looks(connection, NEWEST)
    return visit.html(
        "operations/replay.html",
        status=status,
        parts=parts_of(visit, REPLAY),
        boxes=[box.name for box in boxes],
        typed={name: form.get(name, "") for name in FIELDS},
        all_of_them=ALL in form,
        newest=newest,
        wrong=wrong or {},
        **faults.told(visit, problem),
    )


def _follow(visit: Visit, status: int, *, problem: Problem | None = None) -> Response:
    from intergestan_exchange.inbox import replay_runs

    with visit.database.read() as connection:
        look = _find(connection, visit)
        if look is None:
            return faults.page(visit, 404)
        changes = replay_runs.read_changes(connection, look.id, SHOWN)
        done = replay_runs.look_at_given(connection, look.id) if look.given_at is not None else None
    goes_on = not look.is_over or (done is not None and done.rest < done.given)
    age = visit.now - (look.given_at or look.at)
    is_old = look.ended_at is not None and visit.now - look.ended_at > replay_runs.LASTS
    return visit.html(
        "operations/replayed.html",
        status=status,
        parts=parts_of(visit, REPLAY),
        look=look,
        it=f"{REPLAY}/{look.id}",
        changes=changes,
        done=done,
        why=lambda reason: HOLD_REASONS[HoldReason(reason)] if reason in set(HoldReason) else reason,
        may_go_on=look.is_over and look.given_at is None and look.changes and not is_old,
        is_old=look.given_at is None and is_old,
        again=again_after(age, is_over=not goes_on),
        **faults.told(visit, problem),
    )
