"""*Commandes inter-agences* (A12 to A18, A40 to A46): what establishments are to order from each other for customers,
looked at and then ordered; and the pairs of orders that there are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import partial
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.responses import Response

from intergestan_db.bells import Bells
from intergestan_db.enums import Right
from intergestan_db.file_tables.xlsx_table import Cell
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.page import MOST, Page
from intergestan_erp.pairs.cancelling import cancel_pair
from intergestan_erp.pairs.listing import ListedPair, ShownPair, Stage, WhichPairs, list_pairs, show_pair
from intergestan_erp.pairs.ordering import OrderedPair, order_pairs
from intergestan_erp.pairs.pairing import Obstacle, Pair, Refused
from intergestan_erp.pairs.pending import Became, Wanted, became_of, wanted_of
from intergestan_erp.pairs.preview import Preview, preview
from intergestan_erp.pairs.refusals import as_problem
from intergestan_msg.money import plain
from intergestan_operations.language.wording import sentence, translated
from intergestan_runtime.said import Counted, Said, marked
from services.console import faults
from services.console.access.rights import may
from services.console.acting import Done, act_key, done_before, once
from services.console.downloads import as_csv, every
from services.console.pages.filters import Days, days_of, paging_of
from services.console.visit import Visit

PATH: Final = "/inter-agences"
PAIRS: Final = "couples"
TAB: Final = "onglet"
BATCH: Final = "lot"
SIDE: Final = "etablissement"
TICKED, SEEN = "couple.", "vu."
"""Before the two establishments of a pair, as names of fields: whether it is ordered, and what of it was seen."""
TABS: Final = {"": marked("To be ordered"), PAIRS: marked("Pairs of orders")}
STAGES: Final[Mapping[Stage, str]] = {
    Stage.TO_PREPARE: marked("to be prepared"),
    Stage.PREPARING: marked("being prepared"),
    Stage.IN_TRANSIT: marked("in transit"),
    Stage.RECEIVED: marked("received"),
    Stage.CANCELLED: marked("cancelled"),
}
TITLES: Final = (
    *(marked("Purchase order"), marked("Sales order"), marked("Orders"), marked("Delivers"), marked("Billable")),
    *(marked("Date"), marked("Lines"), marked("State"), marked("Delivery notes"), marked("Goods receipts")),
)
_TOLD: Final = 5
_RUN: Final = 36


def show(visit: Visit) -> Response:
    """What is to be ordered, or the pairs that there are."""
    if visit.query.get(TAB) == PAIRS:
        return _show_pairs(visit)
    return _show_pending(visit)


def order(visit: Visit) -> Response:
    """Order what was seen of the pairs that are ticked, as far as it waits still: two orders for each."""
    before = done_before(visit)
    if before is not None:
        return before
    seen = dict(_seen(visit.form))
    wanted, wrong = _wanted(visit, visit.form)
    if wrong:
        return _show_pending(visit)
    if not seen:
        return _show_pending(visit, Problem("No pair is ticked, so nothing was ordered.", ProblemCode.NO_VALUE))
    run = act_key(visit)[:_RUN]
    acting: dict[str, Any] = {"by": visit.who.login, "at": visit.now}
    try:
        made = list(order_pairs(visit.database, wanted, **acting, run=run, only=seen.keys()))
    except Problem as problem:
        return _show_pending(visit, problem)
    with visit.database.read() as connection:
        others = _differences(connection, seen, made)

    def do(connection: Connection) -> Done:
        all_of_it = list_pairs(connection, WhichPairs(run=run), size=MOST).rows
        if not all_of_it:
            nothing = Said("There is nothing to order between agencies.")
            return Done(to=PATH, said=_joined(visit, [nothing, *others]))
        names = [_in_words(each) for each in all_of_it[:_TOLD]]
        said = Counted(
            "{orders} orders are made for {count} pair: {names}.",
            "{orders} orders are made for {count} pairs: {names}.",
            len(all_of_it),
            orders=str(2 * len(all_of_it)),
            names=", ".join(visit.say(each) for each in names) + ("…" if len(all_of_it) > _TOLD else ""),
        )
        return Done(to=f"{PATH}?{TAB}={PAIRS}&{BATCH}={run}", said=_joined(visit, [said, *others]))

    return once(visit, do)


def export(visit: Visit) -> Response:
    """All pairs that the list shows, as a file."""
    days, wrong = days_of(visit)
    wanted = _which(visit, days, wrong)
    if wrong:
        return _show_pairs(visit)
    said = partial(translated, language=visit.language)

    def read(connection: Connection, after: str | None) -> Page[ListedPair]:
        return list_pairs(connection, wanted, size=MOST, after=after)

    rows: Iterator[Sequence[Cell]] = (
        (
            *(each.purchase_order, each.sales_order, str(each.requesting), str(each.supplying)),
            said(_yes(each.billable)),
            *(each.day, str(each.lines), said(STAGES[each.stage]), ", ".join(each.notes), ", ".join(each.receipts)),
        )
        for each in every(visit, read)
    )
    return as_csv(visit, "inter-agences", said("Inter-agency orders"), [said(title) for title in TITLES], rows)


def show_one(visit: Visit) -> Response:
    """A pair: both orders, line by line, and what became of them."""
    return _one(visit, "inter_agency/pair.html")


def ask_to_cancel(visit: Visit) -> Response:
    """What goes back where, before a pair is cancelled."""
    return _one(visit, "inter_agency/cancel.html")


def cancel(visit: Visit) -> Response:
    """Cancel both orders of a pair of which nothing has left."""

    def do(connection: Connection) -> Done:
        found = cancel_pair(connection, visit.params["number"], by=visit.who.login, at=visit.now)
        said = Said(
            "{purchase_order} and {sales_order} are cancelled; their goods are set aside for the customers again.",
            purchase_order=found.purchase_order,
            sales_order=found.sales_order,
        )
        return Done(to=pair_path(found.purchase_order), said=said, bells=Bells(serve=tuple(found.freed.products)))

    try:
        return once(visit, do)
    except Problem as problem:
        if problem.code is ProblemCode.NO_PAIR:
            return faults.page(visit, 404)
        return _one(visit, "inter_agency/cancel.html", problem)


def pair_path(number: str, act: str = "") -> str:
    """The address of a pair, by the number of either order, or of one of its acts."""
    return f"{PATH}/{quote(number, safe='')}" + (f"/{act}" if act else "")


def _show_pending(visit: Visit, problem: Problem | None = None) -> Response:
    source = visit.form or visit.kept or visit.query
    wanted, wrong = _wanted(visit, source)
    found = Preview((), ())
    if not wrong:
        with visit.database.read() as connection:
            found = preview(connection, wanted, visit.now)
    was_posted = any(name.startswith(SEEN) for name in source)
    keys = [_key(each.pair) for each in found.pairs]
    return visit.html(
        "inter_agency/pending.html",
        status=faults.status_of(problem) if problem else 422 if wrong else 200,
        tabs=_tabs(),
        tab="",
        typed={name: source.get(name, "").strip() for name in ("du", "au", "commande")},
        wrong=wrong,
        pairs=list(zip(keys, found.pairs, strict=True)),
        ticked={key for key in keys if not was_posted or TICKED + key in source},
        seen={_key(each.pair): _packed(each.pair) for each in found.pairs},
        refused=[(each, sentence(as_problem(each), visit.language), _cure(each)) for each in found.refused],
        may_order=may(Right.SELL, visit.person),
        **faults.told(visit, problem),
    )


def _show_pairs(visit: Visit) -> Response:
    paging = paging_of(visit, PATH, (TAB, "du", "au", SIDE, BATCH))
    days, wrong = days_of(visit)
    wanted = _which(visit, days, wrong)
    page = None
    if not wrong:
        with visit.database.read() as connection:
            page = list_pairs(connection, wanted, **paging.where)
    return visit.html(
        "inter_agency/pairs.html",
        status=422 if wrong else 200,
        tabs=_tabs(),
        tab=PAIRS,
        page=page,
        paging=paging,
        days=days,
        wrong=wrong,
        batch=visit.query.get(BATCH, ""),
        side=visit.query.get(SIDE, ""),
        sides=_sides(visit),
        stages=STAGES,
        to_pair=pair_path,
        yes=_yes,
        is_narrowed=any(visit.query.get(name, "").strip() for name in ("du", "au", SIDE, BATCH)),
    )


def _one(visit: Visit, template: str, problem: Problem | None = None) -> Response:
    with visit.database.read() as connection:
        pair = show_pair(connection, visit.params["number"])
    if pair is None:
        return faults.page(visit, 404)
    return visit.html(
        template,
        status=200 if problem is None else faults.status_of(problem),
        pair=pair,
        head=pair.head,
        stages=STAGES,
        to_pair=pair_path,
        yes=_yes,
        may_cancel=may(Right.SELL, visit.person) and _may_be_cancelled(pair),
        **faults.told(visit, problem),
    )


def _may_be_cancelled(pair: ShownPair) -> bool:
    return pair.head.stage in {Stage.TO_PREPARE, Stage.PREPARING} and not pair.head.notes


def _tabs() -> list[tuple[str, str, str]]:
    return [(name, word, f"{PATH}?{TAB}={name}" if name else PATH) for name, word in TABS.items()]


def _sides(visit: Visit) -> list[tuple[str, str]]:
    """The establishments in use, by number, with their names."""
    return list({str(each.establishment): each.name for each in visit.site.standing.places}.items())


def _which(visit: Visit, days: Days, wrong: dict[str, str]) -> WhichPairs:
    side = visit.query.get(SIDE, "").strip()
    places = (each.establishment_id for each in visit.site.standing.places if str(each.establishment) == side)
    establishment_id = next(places, None)
    if side and establishment_id is None:
        wrong[SIDE] = translated("There is no such establishment in use.", visit.language)
    return WhichPairs(
        first=days.first,
        last=days.last,
        establishment_id=establishment_id,
        run=visit.query.get(BATCH, "").strip() or None,
    )


def _wanted(visit: Visit, source: Mapping[str, str]) -> tuple[Wanted, dict[str, str]]:
    """Which customers' orders are looked at; one that is named counts alone."""
    number = source.get("commande", "").strip()
    wrong: dict[str, str] = {}
    if number:
        try:
            with visit.database.read() as connection:
                return wanted_of(connection, number), wrong
        except Problem as problem:
            wrong["commande"] = sentence(problem, visit.language)
            return Wanted(), wrong
    days: dict[str, date | None] = {}
    for name in ("du", "au"):
        text, days[name] = source.get(name, "").strip(), None
        if text:
            try:
                days[name] = read_near_day(text, visit.today)
            except Unreadable as bad:
                wrong[name] = sentence(bad, visit.language)
    return Wanted(first=days["du"], last=days["au"]), wrong


def _key(pair: Pair) -> str:
    return f"{pair.requesting.id}-{pair.supplying.id}"


def _packed(pair: Pair) -> str:
    """What is seen of a pair: its allocations, with how much of each waits."""
    return ",".join(f"{each.allocation_id}:{plain(each.quantity)}" for each in pair.pending)


def _seen(form: Mapping[str, str]) -> Iterator[tuple[int, Decimal]]:
    """The allocations of the pairs that are ticked, with what their person saw; none of what nobody of ours wrote."""
    for name, text in form.items():
        if name.startswith(SEEN) and TICKED + name.removeprefix(SEEN) in form:
            for part in text.split(","):
                allocation, _colon, quantity = part.partition(":")
                if allocation.isascii() and allocation.isdigit() and len(allocation) <= len(str(2**62)):
                    yield int(allocation), Decimal(quantity) if _is_quantity(quantity) else Decimal(0)


def _is_quantity(text: str) -> bool:
    return text.isascii() and text.replace(".", "", 1).isdigit() and len(text) < _RUN


def _differences(connection: Connection, seen: Mapping[int, Decimal], made: Sequence[OrderedPair]) -> list[Said]:
    """What of the things that were seen is ordered otherwise than it was shown, or not."""
    ordered = {line.pending.allocation_id: line.pending for pair in made for line in pair.lines}
    became = became_of(connection, [each for each in seen if each not in ordered])
    found: list[Said] = []
    gone = 0
    for allocation_id, quantity in seen.items():
        line = ordered.get(allocation_id)
        other = became.get(allocation_id)
        if line is not None and line.quantity != quantity:
            found.append(
                Said(
                    "{order} line {line}: {was} {product} were shown, {now} are ordered.",
                    order=line.order,
                    line=line.line,
                    product=line.goods.code,
                    was=plain(quantity),
                    now=plain(line.quantity),
                )
            )
        elif line is None and other is None:
            gone += 1
        elif line is None and other is not None:
            found.append(_of_other(other))
    if gone:
        found.append(
            Counted(
                "{count} line that was shown is allocated otherwise now.",
                "{count} lines that were shown are allocated otherwise now.",
                gone,
            )
        )
    return found


def _of_other(became: Became) -> Said:
    values = {"order": became.order, "line": became.line, "product": became.product}
    if became.purchase_order is None:
        return Said("{order} line {line}: {product} waits for no order any more.", **values)
    return Said(
        "{order} line {line}: {product} was ordered by {purchase_order} meanwhile.",
        **values,
        purchase_order=became.purchase_order,
    )


def _joined(visit: Visit, said: Sequence[Said]) -> Said:
    """Several sentences, the first of many, as one."""
    first, *others = said
    if not others:
        return first
    rest = " ".join(visit.say(each) for each in others[:_TOLD])
    return Said("{first} {then}", first=visit.say(first), then=rest)


def _in_words(pair: ListedPair) -> Said:
    return Said(
        "{purchase_order} ({requesting}) and {sales_order} ({supplying})",
        purchase_order=pair.purchase_order,
        requesting=pair.requesting_name,
        sales_order=pair.sales_order,
        supplying=pair.supplying_name,
    )


def _cure(refused: Refused) -> str:
    """Where it is put right."""
    if refused.obstacle is Obstacle.NO_PARTY:
        return f"/depots/{quote(refused.depot or '', safe='')}"
    return f"/ventes/{quote(refused.pending.order, safe='')}/affectation"


def _yes(billable: bool) -> str:  # noqa: FBT001 - the one thing that is worded
    return marked("yes") if billable else marked("no")
