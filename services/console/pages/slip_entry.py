"""One picking slip (A35): what was found of each line, typed or scanned; several may stand one under the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right, SlipState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.picking import entering
from intergestan_erp.picking.listing import ShownSlip, show_slip
from intergestan_erp.picking.scanning import Scanned, read_scan, scan
from intergestan_msg.money import without_zeros
from intergestan_operations.language.wording import sentence
from intergestan_runtime.said import Said
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, once
from services.console.acting_each import Outcomes, outcomes
from services.console.pages.changed_by_others import Other
from services.console.pages.selection import read, written
from services.console.pages.slips import (
    ACT_FIELD,
    PATH,
    SLIPS,
    STATES,
    chosen_numbers,
    finished,
    is_editable,
    several,
    shown_slips,
    slip_path,
)
from services.console.place import AT, Place, page_place, posted_place, there
from services.console.typed_figures import typed_quantities
from services.console.visit import Visit

QUANTITY: Final = "prepare."
"""Before the position of a line."""
VERSION, CODES, ALSO = "version", "codes", "avec"
REST: Final = "reliquat"
"""What is missing stays with the order: the question about it was answered."""
ITSELF, ACCEPT, FINISH = "auto", "accepter", "achever"
"""What a form is sent for, besides storing what was typed: by a field that was left, or one of its buttons."""


@dataclass(frozen=True)
class Shown:
    """A slip as the page shows it.

    :ivar typed: the quantities in its fields, by the field's name, as text. :ivar wrong: what of them is none.
    :ivar can_enter: this person may, here and now. :ivar there: where it may be entered instead.
    :ivar others: fields in which what is stored differs from what was typed.
    :ivar asks: what would remain of the order, by line, which is to be confirmed.
    """

    slip: ShownSlip
    typed: Mapping[str, str]
    version: int
    can_enter: bool
    there: Place | None
    wrong: Mapping[str, str] = field(default_factory=dict)
    said: str | None = None
    others: Sequence[Other] = ()
    asks: Sequence[tuple[str, Decimal]] = ()
    scanned: Sequence[Scanned] = ()


def show_one(visit: Visit) -> Response:
    """One slip."""
    return _page(visit)


def show_several(visit: Visit) -> Response:
    """Several of them, one under the other."""
    numbers = chosen_numbers(visit)
    place = page_place(visit)
    with visit.database.read() as connection:
        shown = [_plain(visit, each, place) for each in shown_slips(connection, numbers)]
        done = outcomes(connection, visit)
    if not shown:
        return faults.page(visit, 404)
    return _html(visit, shown, place, done=done, also=written(numbers))


def enter(visit: Visit) -> Response:
    """Store what was found; `faire` says what else: accept what is proposed, or finish."""
    asked = visit.form.get(ACT_FIELD, "")
    found, wrong = _typed(visit)
    if wrong:
        return _page(visit, wrong=wrong)
    slip = _slip(visit)
    if slip is None:
        return faults.page(visit, 404)
    missing = _missing(slip, found) if asked == FINISH and REST not in visit.form else []
    if missing:
        return _page(visit, asks=missing)
    number = slip.slip.number

    def do(connection: Connection) -> Done:
        place = posted_place(visit)
        here = place.find(connection)
        how: Any = {"by": visit.who.login, "at": visit.now}
        accept = asked == ACCEPT
        entering.enter(connection, number, here, found, accept=accept, version=_version(visit), **how)
        to = _back(visit, number, place)
        if asked != FINISH:
            return Done(to=to, said=None if visit.is_partial else Said("{slip} is entered.", slip=number))
        done = entering.finish(connection, number, here, **how)
        said = Said("{text}", text=finished(visit, done).said)
        return Done(to=to, said=said, bells=Bells(serve=done.freed.products))

    try:
        response = once(visit, do)
    except Problem as problem:
        return _page(visit, problem)
    return _page(visit, fresh=True) if visit.is_partial and asked == ITSELF else response


def read_codes(visit: Visit) -> Response:
    """Count what was scanned, each in its turn."""
    scans = [one for line in visit.form.get(CODES, "").splitlines() if (one := read_scan(line)) is not None]
    number = visit.params["number"]
    counted: list[Scanned] = []

    def do(connection: Connection) -> Done:
        place = posted_place(visit)
        counted.extend(scan(connection, number, place.find(connection), scans, by=visit.who.login, at=visit.now))
        said = None if visit.is_partial else Said("{text}", text=" ".join(_heard(visit, each) for each in counted))
        return Done(to=_back(visit, number, place), said=said)

    try:
        response = once(visit, do)
    except Problem as problem:
        return _page(visit, problem)
    return _page(visit, fresh=True, scanned=counted) if visit.is_partial else response


def _heard(visit: Visit, one: Scanned) -> str:
    """What is read aloud of a scan."""
    if one.problem is not None:
        return sentence(one.problem, visit.language)
    prepared, proposed = without_zeros(one.prepared), without_zeros(one.proposed)
    return visit.say(
        Said("{product}: {prepared} of {proposed}.", product=one.product, prepared=prepared, proposed=proposed)
    )


def _version(visit: Visit) -> int | None:
    text = visit.form.get(VERSION, "")
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _back(visit: Visit, number: str, place: Place) -> str:
    """The page that the form stood on, at the place where it acted."""
    also = read(visit.form.get(ALSO, ""))
    here = urlencode({AT: place.words})
    if number in also and len(also) > 1:
        return f"{several('saisie', also)}&{here}"
    return f"{slip_path(number)}?{here}"


def _typed(visit: Visit) -> tuple[dict[int, Decimal], dict[str, str]]:
    """The quantities by the position of their line, and what is none by the name of its field."""
    found, unread = typed_quantities(visit.form, QUANTITY, visit.language)
    return found, {name: sentence(bad, visit.language) for name, bad in unread.items()}


def _missing(slip: ShownSlip, found: Mapping[int, Decimal]) -> list[tuple[str, Decimal]]:
    """What of the lines was not found, once this is stored."""
    rows = []
    for line in slip.lines:
        prepared = found.get(line.position, line.prepared)
        if prepared is not None and prepared < line.proposed:
            rows.append((line.product or str(line.position), line.proposed - prepared))
    return rows


def _slip(visit: Visit) -> ShownSlip | None:
    with visit.database.read() as connection:
        try:
            return show_slip(connection, visit.params["number"])
        except Problem as problem:
            if problem.code is not ProblemCode.NO_SLIP:
                raise
    return None


def _page(
    visit: Visit,
    problem: Problem | None = None,
    *,
    wrong: Mapping[str, str] | None = None,
    asks: Sequence[tuple[str, Decimal]] = (),
    scanned: Sequence[Scanned] = (),
    fresh: bool = False,
) -> Response:
    """The page of a slip, with what was typed.

    :param fresh: what is stored now, as nothing of the form waits any more.
    """
    slip = _slip(visit)
    if slip is None:
        return faults.page(visit, 404)
    place = page_place(visit)
    form = {} if fresh else visit.form or visit.kept
    stands = _plain(visit, slip, place)
    clash = problem is not None and problem.code is ProblemCode.CHANGED_MEANWHILE
    typed = {**stands.typed, **{name: text for name, text in form.items() if name.startswith(QUANTITY)}}
    seen = form.get(VERSION, "")
    shown = Shown(
        slip,
        typed,
        version=int(seen) if seen.isdecimal() and len(seen) < 10 and not clash else slip.slip.version,
        can_enter=stands.can_enter or (problem is not None and there(visit, problem) is not None),
        there=stands.there if problem is None else there(visit, problem) or stands.there,
        wrong=wrong or {},
        said=None if problem is None else sentence(problem, visit.language),
        others=_others(visit, slip, typed) if clash else (),
        asks=asks,
        scanned=scanned,
    )
    status = faults.status_of(problem) if problem is not None else 422 if wrong else 200
    with visit.database.read() as connection:
        done = outcomes(connection, visit)
    also = visit.form.get(ALSO, "")
    return _html(visit, [shown], place, status=status, done=done, also=also)


def _plain(visit: Visit, slip: ShownSlip, place: Place | None) -> Shown:
    """A slip as it is stored."""
    is_here = place is not None and place.depot == slip.slip.depot
    editable = may(Right.SELL, visit.person) and is_editable(slip.slip)
    own = Place(slip.slip.establishment, slip.slip.depot)
    typed = {
        f"{QUANTITY}{line.position}": "" if line.prepared is None else visit.figure(line.prepared)
        for line in slip.lines
    }
    elsewhere = None if is_here or not may(Right.SELL, visit.person) else own
    return Shown(slip, typed, slip.slip.version, can_enter=editable and is_here, there=elsewhere)


def _others(visit: Visit, slip: ShownSlip, typed: Mapping[str, str]) -> list[Other]:
    """Where what somebody else stored meanwhile is not what was typed."""
    rows = []
    for line in slip.lines:
        now = "" if line.prepared is None else visit.figure(line.prepared)
        text = typed.get(f"{QUANTITY}{line.position}", "")
        if now != text:
            rows.append(Other(f"{line.position} · {line.product or ''}", now, text))
    return rows


def _html(
    visit: Visit,
    shown: Sequence[Shown],
    place: Place | None,
    *,
    status: int = 200,
    done: Outcomes | None = None,
    also: str = "",
) -> Response:
    return visit.html(
        "slips/slip.html",
        status=status,
        block="bp_lignes" if visit.is_partial else None,
        titled=False,
        shown=shown,
        one=shown[0],
        place=place,
        done=done,
        also=also,
        words=STATES,
        open_state=SlipState.READY,
        may_act=may(Right.SELL, visit.person),
        heard=[_heard(visit, each) for each in shown[0].scanned],
        to_slip=slip_path,
        path_of_list=PATH,
        to_print=lambda number: several("imprimer", [number]),
        to_note=lambda number: f"/bl/{quote(number, safe='')}",
        slips_field=SLIPS,
    )
