"""*Facturation différée des BLs* (A20, A23, A25 to A31, A36): all that was delivered in a period, looked at, then
invoiced in one run, which a thread of the console does where it is too large for one request.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.enums import CategoryKind, Right
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.agencies.codes import category_called, list_categories
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.invoices import WhichInvoices, list_invoices
from intergestan_erp.listing.notes import invoices_of_notes
from intergestan_erp.parties.one_party import parties_named
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.invoice_runs import FutureInvoice, NotInvoiced, Outcome
from intergestan_erp.selling.kept_runs import KeptRun, find_run, list_runs, totals_of_runs
from intergestan_erp.selling.left_out import count_left_out
from intergestan_erp.selling.open_goods import NotesWanted, read_scope
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Counted, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, done_before, once
from services.console.downloads import as_csv
from services.console.pages.filters import Paging, paging_of, presets
from services.console.pages.following import again_after, run_of
from services.console.pages.tiers import party_path
from services.console.place import Place, page_place, posted_place, stored_place
from services.console.visit import Visit

PATH: Final = "/facturation-differee"
LOOK: Final = f"{PATH}/apercu"
FIELDS: Final = ("du", "au", "client", "categorie", "date")
TABLE: Final = "tableau"
WITHOUT: Final = "sans"
SEEN, DIGEST = "vus", "empreinte"
"""What the form of a preview carries of what its person saw: the delivery notes, and what all comes to."""
SHOWN: Final = 500
"""So many delivery notes stand in the table of a preview; all of them are counted, and in its file."""
TOLD: Final = 20
_MOST_SEEN: Final = 200_000
_TAIL: Final = re.compile(r"(.*?)(0|[1-9][0-9]{0,17})")
TITLES: Final = (
    *(marked("Customer"), marked("Delivery note"), marked("Date"), marked("Establishment"), marked("Sales order")),
    *(marked("Total excl. VAT"), marked("Currency")),
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be invoiced, as a form or an address says it.

    :ivar typed: the fields as they were typed. :ivar wrong: what cannot be understood, by field.
    """

    typed: Mapping[str, str]
    wanted: NotesWanted
    day: date | None
    wrong: Mapping[str, str]

    def address(self, path: str, place: Place, *without: str) -> str:
        """The address at which just this is shown. :param without: more delivery notes that are taken out."""
        left_out = ",".join((*self.wanted.without, *without))
        query = {**self.typed, WITHOUT: left_out, "ici": place.words}
        return f"{path}?{urlencode({name: value for name, value in query.items() if value})}"


@dataclass(slots=True)
class Look:
    """A preview, read once: what it comes to, and as much of it as is shown."""

    shown: list[FutureInvoice] = field(default_factory=list)
    refused: list[NotInvoiced] = field(default_factory=list)
    invoices: int = 0
    numbers: list[str] = field(default_factory=list)
    totals: dict[str, tuple[Decimal, Decimal, Decimal]] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)
    digest: str = ""

    @property
    def notes(self) -> int:
        """How many delivery notes would be invoiced."""
        return len(self.numbers)

    @property
    def notes_shown(self) -> int:
        """How many of them are shown."""
        return sum(len(each.notes) for each in self.shown)


def show(visit: Visit) -> Response:
    """What to invoice, and the runs that there were."""
    return _form(visit, 200)


def look(visit: Visit) -> Response:
    """What would be invoiced; nothing is written and no number taken."""
    place = page_place(visit)
    asked = _asked(visit, visit.kept if SEEN in visit.kept else visit.query)
    if asked.wrong or place is None:
        return _form(visit, 422, asked=asked)
    try:
        return _look(visit, place, asked)
    except Problem as problem:
        return _form(visit, faults.status_of(problem), asked=asked, problem=problem)


def export(visit: Visit) -> Response:
    """All delivery notes of a preview, as a file."""
    place = page_place(visit)
    asked = _asked(visit, visit.query)
    if asked.wrong or place is None:
        return _form(visit, 422, asked=asked)
    outcomes = _preview(visit, place, asked)
    try:
        first = list(islice(outcomes, 1))
    except Problem as problem:
        return _form(visit, faults.status_of(problem), asked=asked, problem=problem)
    said = partial(translated, language=visit.language)
    return as_csv(
        visit,
        "facturation-differee",
        said("Deferred invoicing of delivery notes"),
        [said(each) for each in TITLES],
        _rows(first, outcomes),
    )


def _rows(*parts: Iterable[Outcome]) -> Iterator[Sequence[Any]]:
    for outcomes in parts:
        for each in outcomes:
            if isinstance(each, FutureInvoice):
                for note in each.notes:
                    orders = ", ".join(note.orders)
                    yield (
                        each.customer,
                        note.number,
                        note.issue_date,
                        str(note.establishment),
                        orders,
                        note.total_ht,
                        each.currency,
                    )


def invoice(visit: Visit) -> Response:
    """Invoice what was shown, and nothing else."""
    before = done_before(visit)
    if before is not None:
        return before
    asked = _asked(visit, visit.form)
    try:
        place = posted_place(visit)
        if asked.wrong:
            return _form(visit, 422, asked=asked)
        now = _read(visit, place, asked)
        if now.digest != visit.form.get(DIGEST, ""):
            return _changed(visit, place, asked, now)
        begun: list[invoice_runs.Begun] = []

        def do(connection: Connection) -> Done:
            made = invoice_runs.begin(
                *(connection, place.find(connection).establishment_id, asked.wanted),
                day=asked.day,
                digest=now.digest,
                by=visit.who.login,
                at=visit.now,
            )
            begun.append(made)
            said = None
            if made.is_over:
                said = Counted(
                    "{count} invoice was made of {notes}: {total}.",
                    "{count} invoices were made of {notes}: {total}.",
                    now.invoices,
                    notes=Counted("{count} delivery note", "{count} delivery notes", now.notes),
                    total=_in_words(visit, now),
                )
            return Done(to=f"{PATH}/{made.run_id}", said=said)

        answer = once(visit, do)
    except Problem as problem:
        if problem.code is ProblemCode.CHANGED_MEANWHILE:
            return _changed(visit, place, asked, _read(visit, place, asked))
        return _form(visit, faults.status_of(problem), asked=asked, problem=problem)
    for each in begun[-1:]:
        if not each.is_over:
            visit.console.runs.start(each.run_id, visit.who.login)
    return answer


def follow(visit: Visit) -> Response:
    """One run: how far it is, its invoices, and what it could not invoice."""
    return _follow(visit, None)


def go_on(visit: Visit) -> Response:
    """Do what is left of a run that was interrupted."""
    run_id = run_of(visit)
    with visit.database.read() as connection:
        run = None if run_id is None else find_run(connection, run_id)
    if run is None:
        return faults.page(visit, 404)
    if visit.console.runs.is_interrupted(run, visit.now):
        visit.console.runs.start(run.id, visit.who.login)
    return visit.go(f"{PATH}/{run.id}")


def _asked(visit: Visit, source: Mapping[str, str]) -> Asked:
    typed = {name: source.get(name, "").strip() for name in (*FIELDS, TABLE)}
    wrong: dict[str, str] = {}
    days: dict[str, date | None] = {}
    for name in ("du", "au", "date"):
        days[name] = None
        if typed[name]:
            try:
                days[name] = read_near_day(typed[name], visit.today)
                typed[name] = visit.day(days[name] or visit.today)
            except Unreadable as bad:
                wrong[name] = sentence(bad, visit.language)
    if days["du"] and days["au"] and days["du"] > days["au"]:
        wrong["au"] = translated("The last day is before the first one.", visit.language)
    customer_id = category_id = None
    with visit.database.read() as connection:
        if typed["client"]:
            found = parties_named(connection, typed["client"])
            if len(found) == 1:
                customer_id, typed["client"] = int(found[0].id), found[0].code
            else:
                wrong["client"] = translated("No customer, or several, are called so.", visit.language)
        if typed["categorie"]:
            try:
                category_id = category_called(connection, typed["categorie"], CategoryKind.PARTY)
            except Problem as problem:
                wrong["categorie"] = sentence(problem, visit.language)
    without = tuple(dict.fromkeys(part for part in source.get(WITHOUT, "").split(",") if part.strip()))
    wanted = NotesWanted(days["du"], days["au"], customer_id, category_id, without)
    day = None if days["date"] == visit.today else days["date"]
    return Asked(typed, wanted, day, wrong)


def _preview(visit: Visit, place: Place, asked: Asked) -> Iterator[Outcome]:
    with visit.database.read() as connection:
        establishment_id = place.find(connection).establishment_id
    return invoice_runs.preview(visit.database, establishment_id, asked.wanted, day=asked.day)


def _read(visit: Visit, place: Place, asked: Asked) -> Look:
    """The whole preview; what is not shown is only counted."""
    found = Look()

    def counted() -> Iterator[Outcome]:
        for each in _preview(visit, place, asked):
            _count(visit, found, each, asked.day or visit.today)
            yield each

    found.digest = invoice_runs.digest_of(counted())
    return found


def _count(visit: Visit, found: Look, each: Outcome, day: date) -> None:
    if isinstance(each, NotInvoiced):
        found.refused.append(each)
        return
    if found.notes_shown + len(each.notes) <= SHOWN or not found.shown:
        found.shown.append(each)
    found.invoices += 1
    found.numbers.extend(note.number for note in each.notes)
    before = found.totals.get(each.currency, (Decimal(0), Decimal(0), Decimal(0)))
    more = (each.total_ht, each.total_vat, each.total_ttc)
    found.totals[each.currency] = (before[0] + more[0], before[1] + more[1], before[2] + more[2])
    for doubt in invoice_runs.doubts([each], day):
        found.doubts[sentence(doubt, visit.language)] = None


def _look(visit: Visit, place: Place, asked: Asked, *, found: Look | None = None, **values: Any) -> Response:
    found = found or _read(visit, place, asked)
    left_out = None
    if not found.numbers and not found.refused:
        with visit.database.read() as connection:
            scope = read_scope(connection, place.find(connection).establishment_id)
            left_out = count_left_out(connection, scope, asked.wanted)
    return visit.html(
        "invoicing/preview.html",
        **{
            "status": 200,
            "place": place,
            "stored": stored_place(visit),
            "asked": asked,
            "found": found,
            "as_table": asked.typed[TABLE] == "1",
            "total": _in_words(visit, found),
            "seen": packed(found.numbers),
            "refused": [(each, sentence(each.why, visit.language)) for each in found.refused[:SHOWN]],
            "doubts": list(found.doubts)[:TOLD],
            "more_doubts": max(len(found.doubts) - TOLD, 0),
            "left_out": left_out,
            "to_party": party_path,
            "back": asked.address(PATH, place),
            "file": asked.address(f"{LOOK}.csv", place),
            "without": lambda number: asked.address(LOOK, place, number),
            "with_all": _with_all(asked, place),
            "came": (),
            "went": (),
            "problem": None,
            **values,
        },
    )


def _with_all(asked: Asked, place: Place) -> str:
    plain = Asked(asked.typed, NotesWanted(), None, {})
    return plain.address(LOOK, place)


def _changed(visit: Visit, place: Place, asked: Asked, now: Look) -> Response:
    """What came and what went since the person saw it; nothing is invoiced before they have seen this."""
    before = unpacked(visit.form.get(SEEN, ""))
    here, there = set(now.numbers), set(before)
    went = [number for number in before if number not in here][:SHOWN]
    with visit.database.read() as connection:
        invoices = invoices_of_notes(connection, went)
    problem = Problem(
        "What is to be invoiced is not what was shown any more. No invoice was made.", ProblemCode.CHANGED_MEANWHILE
    )
    return _look(
        *(visit, place, asked),
        found=now,
        status=409,
        problem=sentence(problem, visit.language),
        came=[number for number in now.numbers if number not in there][:SHOWN] if before else [],
        went=[(number, invoices.get(number, [])) for number in went],
    )


def _in_words(visit: Visit, found: Look) -> str:
    """What all of it comes to, with VAT; each currency for itself, named where it is not the only one."""
    named = len(found.totals) > 1
    parts = (visit.amount(total[2]) + (f" {currency}" if named else "") for currency, total in found.totals.items())
    return " + ".join(parts) or visit.amount(Decimal(0))


def packed(numbers: Sequence[str]) -> str:
    """Numbers of delivery notes for a hidden field: of those that follow each other first and last; too many: none."""
    ranges: list[list[Any]] = []
    for number in numbers:
        found = _TAIL.fullmatch(number)
        if found is None:
            ranges.append([number])
            continue
        prefix, n = found[1], int(found[2])
        if ranges and len(ranges[-1]) > 1 and ranges[-1][0] == prefix and ranges[-1][2] == n - 1:
            ranges[-1][2] = n
        else:
            ranges.append([prefix, n, n])
    text = json.dumps(ranges, separators=(",", ":"))
    return text if len(text) <= _MOST_SEEN else "[]"


def unpacked(text: str) -> list[str]:
    """The numbers of a hidden field; none of what nobody of ours wrote."""
    found: list[str] = []
    try:
        for part in json.loads(text or "[]"):
            if len(part) == 1:
                found.append(str(part[0]))
            else:
                prefix, first, last = str(part[0]), int(part[1]), int(part[2])
                found.extend(f"{prefix}{n}" for n in range(first, min(last, first + _MOST_SEEN) + 1))
    except (ValueError, TypeError, LookupError):
        return []
    return found


def _form(visit: Visit, status: int, *, asked: Asked | None = None, problem: Problem | None = None) -> Response:
    """What to invoice, or who does in place of this establishment; and the runs, newest first."""
    place = page_place(visit)
    asked = asked or _asked(visit, visit.kept or visit.query)
    paging = paging_of(visit, PATH, ()) if visit.request.url.path == PATH else Paging(PATH, {}, 50, None, None)
    with visit.database.read() as connection:
        blocked, who = _blocked(visit, connection, place)
        runs = list_runs(connection, **paging.where)
        totals = totals_of_runs(connection, [run.id for run in runs.rows])
        categories = [each for each in list_categories(connection) if each.kind is CategoryKind.PARTY]
    told = problem if problem is not None and problem.code is not ProblemCode.OTHER_INVOICES else None
    return visit.html(
        "invoicing/deferred.html",
        status=status,
        place=place,
        stored=stored_place(visit),
        blocked=None if blocked is None else sentence(blocked, visit.language),
        who=who,
        may_invoice=may(Right.INVOICE, visit.person),
        typed=asked.typed,
        table=asked.typed[TABLE] == "1" or not any(visit.query.get(name) for name in FIELDS),
        day_shown=asked.typed["date"] or visit.day(visit.today),
        presets=[(word, asked_for(visit, first, last)) for word, first, last in presets(visit.today)],
        wrong=asked.wrong,
        categories=categories,
        runs=runs,
        totals=totals,
        paging=paging,
        at_work=partial(_at_work, visit),
        **faults.told(visit, told),
    )


def asked_for(visit: Visit, first: date, last: date) -> str:
    """The address of the form for a period."""
    here = {"ici": visit.query["ici"]} if visit.query.get("ici") else {}
    return f"{PATH}?{urlencode({'du': first.isoformat(), 'au': last.isoformat(), TABLE: '1', **here})}"


def _blocked(visit: Visit, connection: Connection, place: Place | None) -> tuple[Problem | None, Place | None]:
    """Why deferred invoicing is not begun here, and where it is."""
    if place is None:
        return None, None
    try:
        read_scope(connection, place.find(connection).establishment_id)
    except Problem as problem:
        if problem.code is not ProblemCode.OTHER_INVOICES:
            raise
        number = problem.values["who"]
        found = (each for each in visit.site.standing.places if each.establishment == number)
        first = next(found, None)
        return problem, None if first is None else Place(first.establishment, first.depot, first.name)
    return None, None


def _at_work(visit: Visit, run: KeptRun) -> str:
    """How a run is, as a message of the catalogue."""
    if run.ended_at is not None:
        return marked("finished")
    return marked("interrupted") if visit.console.runs.is_interrupted(run, visit.now) else marked("at work")


def _follow(visit: Visit, problem: Problem | None) -> Response:
    run_id = run_of(visit)
    it = f"{PATH}/{run_id}"
    paging = paging_of(visit, it, ())
    with visit.database.read() as connection:
        run = None if run_id is None else find_run(connection, run_id)
        if run is None:
            return faults.page(visit, 404)
        made = list_invoices(connection, WhichInvoices(run_id=run.id), **paging.where)
        totals = totals_of_runs(connection, [run.id]).get(run.id, {})
    why = visit.console.runs.why(run.id)
    interrupted = visit.console.runs.is_interrupted(run, visit.now)
    refused, unread = _refused_of(visit, run)
    return visit.html(
        "invoicing/run.html",
        status=200,
        run=run,
        it=it,
        made=made,
        paging=paging,
        totals=totals,
        refused=refused,
        unread=unread,
        interrupted=interrupted,
        why=None if why is None or not interrupted else sentence(why, visit.language),
        again=again_after(visit.now - run.at, is_over=run.ended_at is not None or interrupted),
        may_invoice=may(Right.INVOICE, visit.person),
        to_party=party_path,
        **faults.told(visit, problem),
    )


def _refused_of(visit: Visit, run: KeptRun) -> tuple[list[tuple[NotInvoiced, str]], str | None]:
    """What a run that is over could not invoice, and why that is so now; or why nobody can say."""
    if run.ended_at is None or not run.refused:
        return [], None
    outcomes = invoice_runs.preview(visit.database, run.establishment_id, run.wanted, day=None)
    try:
        left = [each for each in outcomes if isinstance(each, NotInvoiced)]
    except Problem as problem:
        return [], sentence(problem, visit.language)
    return [(each, sentence(each.why, visit.language)) for each in left[:SHOWN]], None
