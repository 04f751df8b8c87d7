"""*Administration des BPs*: picking slips at the place of the page, and what is done with those that are ticked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Incomplete, Right, SlipState
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_erp.agencies import places
from intergestan_erp.listing.page import Page
from intergestan_erp.picking import entering
from intergestan_erp.picking.cascade import Counting, Level
from intergestan_erp.picking.listing import ListedSlip, ShownSlip, list_slips, show_slip
from intergestan_erp.picking.making import MadeSlips, Missing, make_slips
from intergestan_erp.picking.slips import check_slip
from intergestan_erp.picking.to_make import count_waiting_orders, list_to_make
from intergestan_erp.picking.validating import Validated, foresee, validate
from intergestan_msg.money import without_zeros
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting_each import Outcome, each_once, outcomes
from services.console.pages.filters import Paging, paging_of
from services.console.pages.selection import read, written
from services.console.pages.stock_off import stock_off
from services.console.place import AT, Place, page_place, posted_place, there
from services.console.visit import Visit

PATH: Final = "/bp"
TAB, ALL_DEPOTS, EVERYWHERE = "etat", "depots", "tous"
SLIPS: Final = "bp"
"""In an address: the numbers of several slips."""
TICK: Final = "pris."
"""Before the number of what is ticked."""
ACT_FIELD: Final = "faire"
BACK: Final = "retour"
ENTER: Final = "saisir"
"""The button that opens those that are ticked, one under the other."""
MOST: Final = 200
"""So many are dealt with at once: as many as a page has."""
TABS: Final[Mapping[str, tuple[str, SlipState | None]]] = {
    "": (marked("To be generated"), None),
    "genere": (marked("Generated"), SlipState.GENERATED),
    "saisi": (marked("Entered"), SlipState.ENTERED),
    "pret": (marked("Ready"), SlipState.READY),
    "erreur": (marked("In error"), SlipState.ERROR),
    "perime": (marked("Slip done"), SlipState.EXPIRED),
    "annule": (marked("Called off"), SlipState.CANCELLED),
}
"""What is shown, by the word in the address."""
STATES: Final[Mapping[SlipState, str]] = {state: word for word, state in TABS.values() if state is not None}
_RULES: Final[Mapping[Incomplete, Word]] = {
    Incomplete.PICK: Word("make a picking slip"),
    Incomplete.WAIT: Word("do not deal with it"),
}
_LEVELS: Final[Mapping[Level, Word]] = {
    Level.DOSSIER: Word("of the dossier"),
    Level.CUSTOMER: Word("of the customer"),
    Level.ADDRESS: Word("of the address"),
    Level.ORDER: Word("of the order"),
}
Does = Callable[["_Ticked"], Iterator[Outcome]]


def slip_path(number: str, act: str = "") -> str:
    """The address of a slip, or of one of its acts."""
    return f"{PATH}/{quote(number, safe='')}" + (f"/{act}" if act else "")


def show_list(visit: Visit) -> Response:
    """A page of the slips in one state, or of the orders of which some can be made."""
    return stock_off(visit, marked("Administration of the picking slips")) or _list(visit)


def _list(visit: Visit, problem: Problem | None = None, back: str = "") -> Response:
    place = page_place(visit)
    asked = _tab_of(back) if back else visit.query.get(TAB, "")
    tab = asked if asked in TABS else ""
    state = TABS[tab][1]
    everywhere = state is not None and visit.query.get(ALL_DEPOTS) == EVERYWHERE
    paging = paging_of(visit, PATH, (TAB, ALL_DEPOTS, AT))
    if back:
        paging = Paging(PATH, {TAB: tab, AT: "" if place is None else place.words}, paging.size, None, None)
    with visit.database.read() as connection:
        here = None if place is None else place.find(connection)
        shown = _shown(connection, here, state, paging, everywhere=everywhere)
        done = outcomes(connection, visit)
    return visit.html(
        "slips/list.html",
        status=200 if problem is None else faults.status_of(problem),
        tabs=[(name, word, paging.narrowed(etat=name)) for name, (word, _state) in TABS.items()],
        tab=tab,
        state=state,
        words=STATES,
        paging=paging,
        place=place,
        everywhere=everywhere,
        switch=paging.narrowed(depots="" if everywhere else EVERYWHERE),
        done=done,
        may_act=may(Right.SELL, visit.person) and not everywhere and place is not None,
        ticked={name for name in visit.form or visit.kept if name.startswith(TICK)},
        said=None if problem is None else sentence(problem, visit.language),
        acts=[] if problem is None else faults.next_acts(problem),
        there=None if problem is None else there(visit, problem),
        to_slip=slip_path,
        **{**shown, "together": [(each.slips, _listed(visit, each.why_apart)) for each in shown["together"]]},
    )


def _listed(visit: Visit, words: Sequence[str]) -> str:
    return ", ".join(translated(word, visit.language) for word in words)


def _shown(
    connection: Connection, here: places.Place | None, state: SlipState | None, paging: Paging, *, everywhere: bool
) -> dict[str, Any]:
    orders, slips = None, None
    waiting, together = 0, []
    if here is not None and state is None:
        orders = list_to_make(connection, here, **paging.where)
        waiting = 0 if orders.rows else count_waiting_orders(connection, here)
    elif here is not None or everywhere:
        depot = None if everywhere or here is None else here.depot
        slips = list_slips(connection, depot=depot, states=[state] if state else (), **paging.where)
        if here is not None and state is SlipState.READY and not everywhere:
            together = foresee(connection, here)
    page: Page[Any] | None = orders or slips
    return {"orders": orders, "slips": slips, "page": page, "waiting": waiting, "together": together}


def _tab_of(back: str) -> str:
    """The tab of the list that a form was sent from, as the form says."""
    return next((name for name in TABS if name and f"{TAB}={name}" in back), "")


@dataclass(frozen=True)
class _Ticked:
    """What a form is to be done with, where, and by whom."""

    visit: Visit
    place: Place
    numbers: Sequence[str]

    def one(self, number: str, do: Callable[[Connection, places.Place], Outcome]) -> Outcome:
        """Do it with one of them, in a transaction of its own; what a rule has against it is its outcome."""
        try:
            with self.visit.database.transaction() as connection:
                return do(connection, self.place.find(connection))
        except Problem as problem:
            return failed(self.visit, number, problem)


def act_on_slips(visit: Visit) -> Response:
    """Do with each that is ticked what the button says."""
    asked = visit.form.get(ACT_FIELD, "")
    try:
        numbers = _ticked(visit, asked)
        place = posted_place(visit)
        if asked not in _OF_ORDERS:
            _refuse_other_depots(visit, place, numbers)
        if asked == ENTER:
            return visit.go(several("saisie", numbers))
        return each_once(visit, lambda: ACTS[asked](_Ticked(visit, place, numbers)), _back(visit, place))
    except Problem as problem:
        return _list(visit.with_kept(visit.form), problem, visit.form.get(BACK, PATH) or PATH)


def _ticked(visit: Visit, asked: str) -> list[str]:
    """What is ticked.

    :raises Problem: nothing is, or too much, or nothing is to be done with it.
    """
    numbers = [name.removeprefix(TICK) for name in visit.form if name.startswith(TICK)]
    if asked not in {*ACTS, ENTER}:
        raise Problem("This form says nothing that is to be done. Open its page again.", ProblemCode.NO_VALUE)
    if not numbers:
        raise Problem("Nothing is ticked, so nothing was done.", ProblemCode.NO_VALUE)
    if len(numbers) > MOST:
        raise Problem("At most {most} are dealt with at once; nothing was done.", ProblemCode.TOO_MANY, most=MOST)
    return numbers


def _refuse_other_depots(visit: Visit, place: Place, numbers: Sequence[str]) -> None:
    """Nothing is done before all slips are of the place: both are named, and it may be done there by one press.

    :raises Problem: one is of another depot.
    """
    with visit.database.read() as connection:
        here = place.find(connection)
        for number in numbers:
            try:
                check_slip(connection, number, here)
            except Problem as problem:
                if problem.code is ProblemCode.WRONG_PLACE:
                    raise


def _back(visit: Visit, place: Place) -> str:
    """Where the outcomes are shown: at the slip that the form was of, else in the list, at the place of the act."""
    back = visit.form.get(BACK, "")
    if back.startswith(f"{PATH}/") and "?" not in back:
        return f"{back}?{urlencode({AT: place.words})}"
    if visit.form[ACT_FIELD] == "editer":
        return f"{PATH}/imprimer"
    query = {TAB: _tab_of(back), AT: place.words}
    return f"{PATH}?{urlencode({name: value for name, value in query.items() if value})}"


def failed(visit: Visit, number: str, problem: Problem) -> Outcome:
    """What could not be done with one, why, and what cures it."""
    said = Said("{number}: {why}", number=number, why=sentence(problem, visit.language))
    return Outcome(visit.say(said), ok=False, links=tuple(cures(visit, number, problem)))


def cures(visit: Visit, number: str, problem: Problem) -> Iterator[tuple[str, str]]:
    """Where what is wrong with a slip or an order is put right, as addresses with their words."""
    party = problem.values.get("customer")
    for act in problem.next:
        if act in {Act.ENTER_PAYMENT, Act.SET_CEILING, Act.SET_PARTY} and party:
            yield f"/tiers?{urlencode({'q': party})}", translated(_CURES[act], visit.language)
        elif act in {Act.REOPEN_SLIP, Act.CANCEL_SLIP, Act.ENTER_SLIP, Act.SHOW_SLIP}:
            yield slip_path(number), translated(_CURES[act], visit.language)


_CURES: Final[Mapping[Act, str]] = {
    Act.ENTER_PAYMENT: marked("Enter a payment"),
    Act.SET_CEILING: marked("Raise the credit limit"),
    Act.SET_PARTY: marked("The customer's card"),
    Act.REOPEN_SLIP: marked("Open the slip again"),
    Act.CANCEL_SLIP: marked("Call the slip off"),
    Act.ENTER_SLIP: marked("Enter the slip"),
    Act.SHOW_SLIP: marked("The slip"),
}


def _make(ticked: _Ticked) -> Iterator[Outcome]:
    visit = ticked.visit

    def make(number: str) -> Callable[[Connection, places.Place], Outcome]:
        def do(connection: Connection, here: places.Place) -> Outcome:
            return made(visit, make_slips(connection, number, here, by=visit.who.login, at=visit.now))

        return do

    for number in ticked.numbers:
        yield ticked.one(number, make(number))


def made(visit: Visit, slips: MadeSlips) -> Outcome:
    """The slips of an order that were made, and what of it waits."""
    told = [
        Said("{order} → {slip} ({depot}).", order=slips.order, slip=each.number, depot=each.depot)
        for each in slips.slips
    ]
    told += [_waits(slips.counting, missing) for missing in slips.waiting]
    if not told:
        told = [Said("Of {order} nothing is to be prepared.", order=slips.order)]
    links = tuple((slip_path(each.number), each.number) for each in slips.slips)
    return Outcome(" ".join(map(visit.say, told)), ok=bool(slips.slips), links=links)


def _waits(counting: Counting, missing: Missing) -> Said:
    values: dict[str, Any] = {
        "order": missing.order,
        "quantity": without_zeros(missing.quantity),
        "product": missing.product,
        "rule": _RULES[counting.incomplete],
        "level": _LEVELS[counting.said_by],
    }
    if missing.source is None:
        return Said("{order} waits for {quantity} {product} ({rule}, {level}).", **values)
    return Said(
        "{order} waits for {quantity} {product} of {source} ({rule}, {level}).", **values, source=missing.source
    )


def _accept(ticked: _Ticked) -> Iterator[Outcome]:
    for number in ticked.numbers:
        yield ticked.one(number, _accepting(ticked.visit, number))


def _accepting(visit: Visit, number: str) -> Callable[[Connection, places.Place], Outcome]:
    def do(connection: Connection, here: places.Place) -> Outcome:
        entering.enter(connection, number, here, {}, accept=True, by=visit.who.login, at=visit.now)
        return Outcome(visit.say(Said("{slip}: all that was proposed is prepared.", slip=number)))

    return do


def _finish(ticked: _Ticked) -> Iterator[Outcome]:
    for number in ticked.numbers:
        yield ticked.one(number, _finishing(ticked.visit, number))


def _finishing(visit: Visit, number: str, *, accept: bool = False) -> Callable[[Connection, places.Place], Outcome]:
    def do(connection: Connection, here: places.Place) -> Outcome:
        by = {"by": visit.who.login, "at": visit.now}
        if accept:
            entering.enter(connection, number, here, {}, accept=True, **by)  # type: ignore[arg-type]
        return finished(visit, entering.finish(connection, number, here, **by))  # type: ignore[arg-type]

    return do


def finished(visit: Visit, done: entering.Finished) -> Outcome:
    """A slip that is ready, and what of it remains of its order."""
    told = [Said("{slip} is ready.", slip=done.slip)]
    told += [
        Said(
            "Line {line}: {quantity} were not found and remain of the order.",
            line=line,
            quantity=without_zeros(quantity),
        )
        for line, quantity in done.missing.items()
    ]
    return Outcome(" ".join(map(visit.say, told)), bells=Bells(serve=done.freed.products))


def _validate(ticked: _Ticked) -> Iterator[Outcome]:
    visit, ready = ticked.visit, []
    with visit.database.read() as connection:
        here = ticked.place.find(connection)
        for number in ticked.numbers:
            wrong = _not_ready(connection, here, number)
            if wrong is None:
                ready.append(number)
            else:
                yield _gone(visit, connection, number, wrong)
    yield from _validated(visit, here, ready)


def _not_ready(connection: Connection, here: places.Place, number: str) -> Problem | None:
    try:
        check_slip(connection, number, here, "validate")
    except Problem as problem:
        return problem
    return None


def _validated(visit: Visit, here: places.Place, numbers: Sequence[str]) -> Iterator[Outcome]:
    """The slips become delivery notes; of one that somebody else changed meanwhile it is said what it is now."""
    told, rest = set(), list(numbers)
    while rest:
        try:
            for each in validate(visit.database, here, rest, by=visit.who.login, at=visit.now):
                told.add(each.slip)
                yield _left(visit, each)
            break
        except Problem:
            with visit.database.read() as connection:
                still = [number for number in rest if _not_ready(connection, here, number) is None]
            if told or still == rest:
                raise
            rest = still
    with visit.database.read() as connection:
        for number in numbers:
            if number not in told:
                yield _gone(visit, connection, number, _not_ready(connection, here, number) or _not_done(number))


def _not_done(number: str) -> Problem:
    return Problem("{slip} did not leave. Try it again.", ProblemCode.CHANGED_MEANWHILE, slip=number)


def _left(visit: Visit, done: Validated) -> Outcome:
    if done.problem is not None:
        said = Said("{slip} is in error: {why}", slip=done.slip, why=sentence(done.problem, visit.language))
        links = ((slip_path(done.slip), done.slip), *cures(visit, done.slip, done.problem))
        return Outcome(visit.say(said), ok=False, links=links)
    assert done.note is not None
    text = Said("{slip} → {note}", slip=done.slip, note=done.note)
    if done.alone:
        text = Said("{slip} → {note}; with others of this customer it has not all in common.", **text.values)
    return Outcome(visit.say(text), links=((_note_path(done.note), done.note),))


def _note_path(number: str) -> str:
    return f"/bl/{quote(number, safe='')}"


def _gone(visit: Visit, connection: Connection, number: str, problem: Problem) -> Outcome:
    """Why it could not be; where it left with a delivery note meanwhile, with which."""
    if problem.code is ProblemCode.OTHER_STATE:
        note = show_slip(connection, number).slip.delivery_note
        if note is not None:
            said = Said("{slip} left already: {note}.", slip=number, note=note)
            return Outcome(visit.say(said), links=((_note_path(note), note),))
    return failed(visit, number, problem)


def _all_at_once(ticked: _Ticked) -> Iterator[Outcome]:
    """Accept, finish and validate: what fails at one step is told there, and goes no further."""
    visit, ready = ticked.visit, []
    for number in ticked.numbers:
        with visit.database.read() as connection:
            is_ready = _not_ready(connection, ticked.place.find(connection), number) is None
        if is_ready:
            ready.append(number)
            continue
        done = ticked.one(number, _finishing(visit, number, accept=True))
        if done.ok:
            visit.console.ring(done.bells)
            ready.append(number)
        else:
            yield done
    with visit.database.read() as connection:
        here = ticked.place.find(connection)
    yield from _validated(visit, here, ready)


def _reopen(ticked: _Ticked) -> Iterator[Outcome]:
    visit = ticked.visit

    def reopening(number: str) -> Callable[[Connection, places.Place], Outcome]:
        def do(connection: Connection, here: places.Place) -> Outcome:
            entering.reopen(connection, number, here, by=visit.who.login, at=visit.now)
            return Outcome(visit.say(Said("{slip} may be entered again.", slip=number)))

        return do

    for number in ticked.numbers:
        yield ticked.one(number, reopening(number))


def _cancel(ticked: _Ticked) -> Iterator[Outcome]:
    visit = ticked.visit

    def cancelling(number: str) -> Callable[[Connection, places.Place], Outcome]:
        def do(connection: Connection, here: places.Place) -> Outcome:
            entering.cancel(connection, number, here, by=visit.who.login, at=visit.now)
            text = Said("{slip} is cancelled; what was on it stays set aside for its order.", slip=number)
            return Outcome(visit.say(text))

        return do

    for number in ticked.numbers:
        yield ticked.one(number, cancelling(number))


_OF_ORDERS: Final = ("generer", "editer")
"""The acts on orders; all others are on slips."""
ACTS: Final[Mapping[str, Does]] = {
    "generer": _make,
    "editer": _make,
    "accepter": _accept,
    "achever": _finish,
    "valider": _validate,
    "tout": _all_at_once,
    "rouvrir": _reopen,
    "annuler": _cancel,
}
"""What the buttons say, by the value that they send."""


def chosen_numbers(visit: Visit) -> list[str]:
    """The slips that an address names."""
    return list(dict.fromkeys(read(visit.query.get(SLIPS, ""))))[:MOST]


def several(path: str, numbers: Sequence[str]) -> str:
    """The address of a page of several slips."""
    return f"{PATH}/{path}?{urlencode({SLIPS: written(numbers)})}"


def show_print(visit: Visit) -> Response:
    """Slips as they are printed: those that are named, or that a form just made."""
    with visit.database.read() as connection:
        done = outcomes(connection, visit)
        numbers = chosen_numbers(visit)
        if done is not None:
            numbers = [word for each in done.rows for path, word in each.links if path == slip_path(word)]
        shown = shown_slips(connection, numbers)
    return visit.html("slips/print.html", done=done, slips=shown, words=STATES, to_slip=slip_path, path_of_list=PATH)


def shown_slips(connection: Connection, numbers: Sequence[str]) -> list[ShownSlip]:
    """Those of these slips that there are."""
    found = []
    for number in numbers:
        try:
            found.append(show_slip(connection, number))
        except Problem as problem:
            if problem.code is not ProblemCode.NO_SLIP:
                raise
    return found


def is_editable(slip: ListedSlip) -> bool:
    """Whether quantities may be entered."""
    return slip.state in {SlipState.GENERATED, SlipState.ENTERED}
