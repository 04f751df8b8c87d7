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
from intergestan_exchange.mailboxes import purging
from intergestan_operations.language.labels import PURGE_VERDICTS
from intergestan_operations.language.wording import sentence
from services.console import faults
from services.console.acting import Done
from services.console.pages.fields import NEEDED, Number, read_number
from services.console.pages.following import NEWEST, NotThere, act, again_after, read_boxes, run_of
from services.console.pages.operating import PURGE, parts_of
from services.console.visit import Visit

BOX: Final = "boite."
DAYS: Final = "jours"
KNOWN: Final = "su"
COUNT: Final = "nombre"
USUAL_DAYS: Final = "90"
SHOWN: Final = 50
"""So many of the mails that go are listed; all of them are counted."""


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

    return act(visit, do, lambda problem: _form(visit, faults.status_of(problem), problem=problem))


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
            raise NotThere
        purging.require_poller(connection, visit.now)
        asked = purging.carry_out(connection, preview, count, by=visit.who.login, at=visit.now)
        return Done(to=f"{PURGE}/{asked.runs[0]}", bells=Bells(poll=asked.owners))

    def refused(problem: Problem) -> Response:
        if problem.code is ProblemCode.NO_VALUE:
            return _follow(visit, 422, wrong={COUNT: sentence(problem, visit.language)})
        return _follow(visit, faults.status_of(problem), problem=problem)

    return act(visit, do, refused)


def _find(connection: Connection, visit: Visit) -> purging.Purge | None:
    run = run_of(visit)
    return None if run is None else purging.find_purge(connection, run)


def _form(
    visit: Visit, status: int, *, wrong: dict[str, str] | None = None, problem: Problem | None = None
) -> Response:
    form = visit.form or visit.kept
    with visit.database.read() as connection:
        boxes = read_boxes(connection, visit)
        newest = purging.newest_purges(connection, NEWEST)
    return visit.html(
        "operations/purge.html",
        status=status,
        parts=parts_of(visit, PURGE),
        boxes=[box for box in boxes if box.is_polled],
        ticked={name.removeprefix(BOX) for name in form if name.startswith(BOX)},
        days=form.get(DAYS, USUAL_DAYS),
        is_known=KNOWN in form,
        few=purging.RECOVERY_DAYS,
        newest=newest,
        wrong=wrong or {},
        **faults.told(visit, problem),
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
        again=again_after(age, is_over=purge.is_over),
        wrong=wrong or {},
        typed=visit.form.get(COUNT, ""),
        **faults.told(visit, problem),
    )
