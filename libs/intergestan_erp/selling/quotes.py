"""Quotes: entered, accepted once, refused; one that nobody accepted until its last day has expired (D17, ADR 0046)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, and_, insert, or_, select

from intergestan_db import numbers, states
from intergestan_db.database import AnyRow
from intergestan_db.enums import QuoteState, Stage
from intergestan_db.named_ids import named_ids
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Event, Party, Quote, QuoteCharge, QuoteLine, SalesOrder
from intergestan_db.views import EventView, viewed
from intergestan_erp.agencies.places import Place
from intergestan_erp.credit.gate import Foreseen, Sold, close_gate, foresee_passing, let_pass, open_gate
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.selling.booked_lines import BookedCharge, BookedLine
from intergestan_erp.selling.drafts import (
    Draft,
    Typed,
    TypedLine,
    checked,
    head_values,
    lock_customer,
    price,
    write_parts,
)
from intergestan_erp.selling.enter import EnteredOrder, SmallOrder, small_order, write_order
from intergestan_erp.selling.views import QuoteLineView, QuoteView, SalesChargeView
from intergestan_erp.site.zone import today
from intergestan_msg.money import line_total

EXPIRED: Final = "expired"
"""The state in which an open quote is shown after its last day. No row has it: it follows from the day alone."""


@dataclass(frozen=True, slots=True)
class EnteredQuote:
    """The quote that was entered."""

    number: str
    total_ht: Decimal
    total_ttc: Decimal


@dataclass(frozen=True, slots=True)
class ListedQuote:
    """A line of the list. `order`: the number of the sales order that it became."""

    number: str
    issue_date: date
    valid_until: date | None
    customer_code: str
    customer: str
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    state: str
    order: str | None
    note: str | None


def state_on(day: date, state: str, valid_until: date | None) -> str:
    """Where a quote stands on a day: what people decided, or that it has expired."""
    over = state == QuoteState.OPEN and valid_until is not None and valid_until < day
    return EXPIRED if over else state


def enter_quote(
    connection: Connection,
    typed: Typed,
    *,
    valid_until: date | None = None,
    override: str | None = None,
    place: Place | None = None,
    by: str,
    at: datetime,
) -> EnteredQuote:
    """Enter a quote.

    :param place: where it is entered (D62); None: where the site usually is.
    :param valid_until: its last day; None: it does not expire.
    :param override: why it is made although the customer owes too much.
    :raises Problem: something of it cannot be, or the customer owes too much (T20). Nothing may be written then.
    """
    gate = open_gate(connection, typed.customer_id, at)
    customer = lock_customer(connection, typed.customer_id)
    day = today(connection, at)
    if valid_until is not None and valid_until < day:
        raise Problem(
            "A quote of {day} cannot end before, on {until}. Nothing was entered.",
            ProblemCode.NO_VALUE,
            day=day,
            until=valid_until,
        )
    draft = price(connection, typed, day, place)
    head = head_values(connection, customer, draft, day)
    total = head["total_ttc"]
    passing = let_pass(
        *(connection, gate, Stage.QUOTE),
        delta=total,
        total_ttc=total,
        establishment_id=None if place is None else place.establishment_id,
        reason=override,
        by=by,
    )
    (number,) = numbers.take(connection, numbers.QUOTES, 1)
    own = {"number": number, "state": states.QUOTE.first, "valid_until": valid_until, "created_at": at}
    quote_id = connection.execute(insert(Quote).values(**head, **own).returning(Quote.id)).scalar_one()
    write_parts(connection, draft, QuoteLine, QuoteCharge, {"quote_id": quote_id})
    states.record(connection, states.QUOTE.name, [(quote_id, None, states.QUOTE.first)], "create", by=by, at=at)
    close_gate(connection, gate, passing, number, by=by, at=at)
    return EnteredQuote(number, head["total_ht"], head["total_ttc"])


def accept_quote(
    connection: Connection,
    number: str,
    *,
    add_fee: bool = False,
    override: str | None = None,
    expected: Decimal | None = None,
    place: Place | None = None,
    by: str,
    at: datetime,
) -> EnteredOrder:
    """The customer takes the offer: the quote becomes one sales order, at its own prices and with its own charges.

    :param add_fee: as `enter_order` has it, and so `override` and `place`.
    :param expected: one that has expired is accepted at the prices of now, if it comes to so much without VAT as the
        person was shown; None: it is not accepted any more.
    :raises Problem: it is no open quote, or the customer owes too much (T20). Nothing may be written then.
    """
    gate = open_gate(connection, _find(connection, number).customer_id, at)
    customer, quote = _lock_open(connection, number, at, expired_too=expected is not None)
    states.move(connection, states.QUOTE, [quote.id], "accept", by=by, at=at)
    draft = _draft(connection, quote)
    if expected is not None and _stands(connection, quote, at) == EXPIRED:
        draft = _renewed(connection, quote, draft, today(connection, at), place)
        if draft.sums.totals.tax_exclusive != expected:
            raise Problem(
                "The prices have changed once more meanwhile: {number} comes to {amount} excl. VAT now. Nothing was "
                "changed.",
                ProblemCode.CHANGED_MEANWHILE,
                number=quote.number,
                amount=draft.sums.totals.tax_exclusive,
            )
    how: Any = {"add_fee": add_fee, "override": override, "place": place}
    return write_order(connection, gate, customer, draft, **how, quote=quote, by=by, at=at)


def refuse_quote(connection: Connection, number: str, reason: str | None, *, by: str, at: datetime) -> str:
    """The customer does not take the offer; the quote's number.

    :raises Problem: it is no open quote.
    """
    _customer, quote = _lock_open(connection, number, at)
    detail = {"words": reason} if reason else None
    states.move(connection, states.QUOTE, [quote.id], "refuse", by=by, at=at, event_detail=detail)
    return str(quote.number)


@dataclass(frozen=True, slots=True)
class NewPrice:
    """A price of a quote that is another one by now."""

    line_id: str
    product: str
    name: str
    before: Decimal
    now: Decimal


@dataclass(frozen=True, slots=True)
class Accepting:
    """The order that a quote would become now.

    :ivar expired: its last day has passed, so that it has the prices of now; `changed`: those that are others.
    :ivar small: what is to be said of the customer's minimum; `credit`: what it would do to what the customer owes.
    """

    draft: Draft
    expired: bool
    changed: tuple[NewPrice, ...]
    small: SmallOrder | None
    credit: Foreseen | None


def foresee_accepting(
    connection: Connection, number: str, at: datetime, place: Place | None = None, *, expired_too: bool = False
) -> Accepting:
    """What the quote would become as an order; it locks and writes nothing.

    :raises Problem: it is no open quote.
    """
    quote = _find(connection, number)
    _refuse_closed(connection, quote, at, expired_too=expired_too)
    draft, expired = _draft(connection, quote), _stands(connection, quote, at) == EXPIRED
    offered, day = draft, today(connection, at)
    if expired:
        draft = _renewed(connection, quote, draft, day, place)
    changed = (
        NewPrice(was.line_id, was.product_code or "", was.name, was.price, now.price)
        for was, now in zip(offered.lines, draft.lines, strict=True)
        if was.price != now.price
    )
    minimum = connection.execute(select(Party.minimum_order).where(Party.id == quote.customer_id)).scalar_one()
    total = draft.sums.totals.payable
    credit = foresee_passing(
        *(connection, quote.customer_id, Stage.ORDER, total),
        establishment_id=None if place is None else place.establishment_id,
        comes_from=[Sold((quote.number,), total)],
        at=at,
    )
    return Accepting(draft, expired, tuple(changed), small_order(connection, minimum, draft), credit)


def list_quotes(
    connection: Connection,
    day: date,
    *,
    customer_id: int | None = None,
    everything: bool = False,
    stands: str | None = None,
    first: date | None = None,
    last: date | None = None,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedQuote]:
    """A page of the quotes, the newest first.

    :param day: the site's, on which they stand as they are shown.
    :param everything: also those that are accepted, refused or expired; `stands`: only those that stand so.
    :param first: the first day of those that are shown, as `last` is the last one.
    :raises Problem: `after` or `before` is of no such page.
    """
    query = _listing()
    if customer_id is not None:
        query = query.where(Quote.customer_id == customer_id)
    if first is not None:
        query = query.where(Quote.issue_date >= first)
    if last is not None:
        query = query.where(Quote.issue_date <= last)
    wanted = stands or (None if everything else QuoteState.OPEN)
    if wanted is not None:
        query = query.where(_standing(wanted, day))
    place: Any = {"size": size, "after": after, "before": before}
    return read_page(connection, query, [Quote.id], lambda row: _listed(row, day), descending=True, **place)


def _standing(wanted: str, day: date) -> ColumnElement[bool]:
    """The quotes that stand so on a day, as `state_on` says it of one."""
    if wanted not in {QuoteState.OPEN, EXPIRED}:
        return Quote.state == wanted
    is_open = Quote.state == QuoteState.OPEN
    if wanted == EXPIRED:
        return and_(is_open, Quote.valid_until < day)
    return and_(is_open, or_(Quote.valid_until.is_(None), Quote.valid_until >= day))


def show_quote(connection: Connection, number: str, day: date) -> QuoteView:
    """One quote as a whole, and where it stands on a day.

    :raises Problem: there is none.
    """
    quote = _find(connection, number)
    head = connection.execute(select(Quote.__table__).where(Quote.id == quote.id)).mappings().one()
    listed = _listed(connection.execute(_listing().where(Quote.id == quote.id)).one(), day)
    lines = select(QuoteLine.__table__).where(QuoteLine.quote_id == quote.id).order_by(QuoteLine.position)
    charges = select(QuoteCharge.__table__, *named_ids(QuoteCharge)).where(QuoteCharge.quote_id == quote.id)
    charges = charges.order_by(QuoteCharge.id)
    of_quote = Event.subject == states.QUOTE.name, Event.subject_id == quote.id
    events = select(*states.TOLD).where(*of_quote).order_by(Event.id)
    return viewed(
        *(QuoteView, head),
        state=listed.state,
        customer_code=listed.customer_code,
        customer=listed.customer,
        order=listed.order,
        lines=[viewed(QuoteLineView, row) for row in connection.execute(lines).mappings()],
        charges=[
            viewed(SalesChargeView, row) for row in connection.execute(charges.order_by(QuoteCharge.id)).mappings()
        ],
        events=[viewed(EventView, row) for row in connection.execute(events).mappings()],
    )


def _listing() -> Any:
    return (
        select(
            *(Quote.number, Quote.issue_date, Quote.valid_until, Party.code, Party.name),
            *(
                Quote.total_ht,
                Quote.total_ttc,
                Quote.currency,
                Quote.state,
                SalesOrder.number.label("order"),
                Quote.note,
            ),
        )
        .join(Party, Party.id == Quote.customer_id)
        .outerjoin(SalesOrder, SalesOrder.quote_id == Quote.id)
    )


def _listed(row: AnyRow, day: date) -> ListedQuote:
    number, issued, until, code, name, total_ht, total_ttc, currency, state, order, note = row[:11]
    stands = state_on(day, state, until)
    return ListedQuote(number, issued, until, code, name, total_ht, total_ttc, currency, stands, order, note)


def _find(connection: Connection, number: str, *, lock: bool = False) -> AnyRow:
    query = select(Quote.__table__).where(Quote.number == as_stored(connection, number, Quote.number))
    quote = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if quote is None:
        raise Problem(
            "There is no quote {number}. Nothing was changed.", ProblemCode.NO_QUOTE, (Act.LIST_QUOTES,), number=number
        )
    return quote


def _lock_open(
    connection: Connection, number: str, at: datetime, *, expired_too: bool = False
) -> tuple[AnyRow, AnyRow]:
    """The customer's row and then the quote's, locked, if the quote is open. Its customer never changes."""
    customer = lock_customer(connection, _find(connection, number).customer_id)
    quote = _find(connection, number, lock=True)
    _refuse_closed(connection, quote, at, expired_too=expired_too)
    return customer, quote


def _stands(connection: Connection, quote: AnyRow, at: datetime) -> str:
    return state_on(today(connection, at), quote.state, quote.valid_until)


def _refuse_closed(connection: Connection, quote: AnyRow, at: datetime, *, expired_too: bool = False) -> None:
    stands = _stands(connection, quote, at)
    if stands == EXPIRED and not expired_too:
        raise Problem(
            "{number} was valid until {until}: enter a new quote, or the order itself. Nothing was changed.",
            ProblemCode.QUOTE_EXPIRED,
            number=quote.number,
            until=quote.valid_until,
        )
    if stands == QuoteState.ACCEPTED:
        raise Problem(
            "{number} was accepted already: it is the sales order {order}. Nothing was changed.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_QUOTES,),
            number=quote.number,
            order=connection.execute(select(SalesOrder.number).where(SalesOrder.quote_id == quote.id)).scalar_one(),
        )
    if stands == QuoteState.REFUSED:
        raise Problem(
            "{number} was refused: enter a new quote, or the order itself. Nothing was changed.",
            ProblemCode.OTHER_STATE,
            (Act.LIST_QUOTES,),
            number=quote.number,
        )


def _draft(connection: Connection, quote: AnyRow) -> Draft:
    """The offer as an order has it."""

    def read(table: type[QuoteLine | QuoteCharge], view: type[Any], order: Any) -> tuple[Any, ...]:
        columns = [table.__table__.c[name] for name in view.__dataclass_fields__]
        rows = connection.execute(select(*columns).where(table.quote_id == quote.id).order_by(order))
        return tuple(view(*row) for row in rows)

    lines = read(QuoteLine, BookedLine, QuoteLine.position)
    charges = read(QuoteCharge, BookedCharge, QuoteCharge.id)
    return Draft(lines, charges, quote.note, quote.wanted_date)


def _renewed(connection: Connection, quote: AnyRow, draft: Draft, day: date, place: Place | None) -> Draft:
    """The offer at the prices of a day; its charges and allowances stay.

    :raises Problem: one of its products is sold no more.
    """
    lines = tuple(TypedLine(line.product_code or "", line.quantity) for line in draft.lines)
    now = price(connection, Typed(customer_id=quote.customer_id, lines=lines, proposed_fees=False), day, place)
    renewed = (
        replace(
            line, allowance=was.allowance, note=was.note, total=line_total(line.quantity, line.price) - was.allowance
        )
        for was, line in zip(draft.lines, now.lines, strict=True)
    )
    return checked(replace(draft, lines=tuple(renewed)))
