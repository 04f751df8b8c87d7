"""*Exploitation ▸ Purge* (G24): what may leave the mailboxes is looked at first, then removed once a person typed how
many mails that are. The pollers do both; the page shows how far they are.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import PurgeVerdict
from intergestan_db.problem import Problem, ProblemCode
from intergestan_exchange.listing.mailboxes import list_mailbox_page
from intergestan_exchange.mailboxes import purging
from intergestan_operations.language.labels import PURGE_VERDICTS
from intergestan_operations.language.wording import sentence
from services.console import faults
from services.console.acting import Done, once
from services.console.pages.accounts import NEEDED, Number, read_number
from services.console.pages.operating import PURGE, parts_of
from services.console.visit import Visit

BOX: Final = "boite."
DAYS: Final = "jours"
KNOWN: Final = "su"
COUNT: Final = "nombre"
USUAL_DAYS: Final = "90"
SHOWN: Final = 50
"""So many of the mails that go are listed; all of them are counted."""
_NEWEST: Final = 10
_MOST_BOXES: Final = 200
_MOST_ID: Final = 2**63
_QUICK_MS: Final = 1000
_LONG_MS: Final = 5000
_QUICK: Final = timedelta(minutes=2)


def show(visit: Visit) -> Response:
    """What to look at, and what was asked for last."""
    return _form(visit, 200)


def look(visit: Visit) -> Response:
    """Have the pollers look what would go. Nothing is removed."""
    wrong: dict[str, str] = {}
    days = read_number(visit.form.get(DAYS, "").strip(), Number(1, 9999, None), wrong, DAYS)
    if days is None and not wrong:
        wrong[DAYS] = NEEDED
    if days is not None and days < purging.RECOVERY_DAYS and KNOWN not in visit.form:
        wrong[KNOWN] = NEEDED
    if wrong or days is None:
        return _form(visit, 422, wrong=wrong)
    names = [name.removeprefix(BOX) for name in visit.form if name.startswith(BOX)]
    age = timedelta(days=days)

    def do(connection: Connection) -> Done:
        purging.require_poller(connection, visit.now)
        asked = purging.ask(connection, names, age, dry_run=True, by=visit.who.login, at=visit.now)
        return Done(to=f"{PURGE}/{asked.runs[0]}", bells=Bells(poll=asked.owners))

    try:
        return once(visit, do)
    except Problem as problem:
        return _form(visit, faults.status_of(problem), problem=problem)


def follow(visit: Visit) -> Response:
    """How far one is; its address shows that whenever it is opened."""
    return _follow(visit, 200)


def remove(visit: Visit) -> Response:
    """Have removed what was looked at, once the number of mails is typed."""
    wrong: dict[str, str] = {}
    count = read_number(visit.form.get(COUNT, "").strip(), Number(1, 10**9, None), wrong, COUNT)
    if count is None or wrong:
        return _follow(visit, 422, wrong={COUNT: wrong.get(COUNT, NEEDED)})

    def do(connection: Connection) -> Done:
        preview = _find(connection, visit)
        if preview is None:
            raise _NotThere
        purging.require_poller(connection, visit.now)
        asked = purging.carry_out(connection, preview, count, by=visit.who.login, at=visit.now)
        return Done(to=f"{PURGE}/{asked.runs[0]}", bells=Bells(poll=asked.owners))

    try:
        return once(visit, do)
    except _NotThere:
        return faults.page(visit, 404)
    except Problem as problem:
        if problem.code is ProblemCode.NO_VALUE:
            return _follow(visit, 422, wrong={COUNT: sentence(problem, visit.language)})
        return _follow(visit, faults.status_of(problem), problem=problem)


class _NotThere(Exception):
    """There is no such purge."""


def _find(connection: Connection, visit: Visit) -> purging.Purge | None:
    run = visit.params["run"]
    return purging.find_purge(connection, run) if run < _MOST_ID else None


def _form(
    visit: Visit, status: int, *, wrong: dict[str, str] | None = None, problem: Problem | None = None
) -> Response:
    form = visit.form or visit.kept
    with visit.database.read() as connection:
        page = list_mailbox_page(connection, visit.now, size=_MOST_BOXES)
        newest = purging.newest_purges(connection, _NEWEST)
    return visit.html(
        "operations/purge.html",
        status=status,
        parts=parts_of(visit, PURGE),
        boxes=[box for box in page.rows if box.is_polled],
        ticked={name.removeprefix(BOX) for name in form if name.startswith(BOX)},
        days=form.get(DAYS, USUAL_DAYS),
        is_known=KNOWN in form,
        few=purging.RECOVERY_DAYS,
        newest=newest,
        wrong=wrong or {},
        problem=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
    )


def _follow(
    visit: Visit, status: int, *, wrong: dict[str, str] | None = None, problem: Problem | None = None
) -> Response:
    with visit.database.read() as connection:
        purge = _find(connection, visit)
        if purge is None:
            return faults.page(visit, 404)
        runs = purge.sound if purge.dry_run else purge.ids
        shares = purging.shares(connection, runs)
        gone = PurgeVerdict.REMOVE if purge.dry_run else PurgeVerdict.REMOVED
        first = purging.first_of(connection, runs, gone, SHOWN)
    going = [each for each in shares if each.verdict is gone]
    age = visit.now - purge.at
    return visit.html(
        "operations/purged.html",
        status=status,
        parts=parts_of(visit, PURGE),
        purge=purge,
        it=f"{PURGE}/{purge.id}",
        going=sum(each.count for each in going),
        size=visit.figure(Decimal(round(sum(each.octets for each in going) / 1000))),
        first=first,
        stays=[(each, PURGE_VERDICTS[each.verdict]) for each in shares if each.verdict is not gone],
        may_go_on=purge.dry_run and purge.is_over and bool(going) and age <= purging.PREVIEW_LASTS,
        is_old=purge.dry_run and age > purging.PREVIEW_LASTS,
        again=0 if purge.is_over else _QUICK_MS if age < _QUICK else _LONG_MS,
        wrong=wrong or {},
        typed=visit.form.get(COUNT, ""),
        problem=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
    )
