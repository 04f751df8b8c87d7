"""Purchase orders in pages, with the columns of the sending screen (G10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, select

from intergestan_db.enums import PurchaseState
from intergestan_db.tables import Address, Contact, Party, PurchaseOrder, User
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.parties.addresses import MAIN
from intergestan_erp.purchasing.purchase_orders import Selection


@dataclass(frozen=True, slots=True)
class ListedPurchase:
    """A line of the list: `contact` is G10's *Nom*, `supplier` its *Raison sociale*."""

    number: str
    version: int
    issue_date: date
    note: str | None
    total_ht: Decimal
    total_ttc: Decimal
    currency: str
    state: str
    contact: str | None
    supplier_code: str
    supplier: str
    line1: str | None
    postcode: str | None
    city: str | None
    followed_by: str | None


def list_purchases(
    connection: Connection,
    wanted: Selection,
    *,
    states: Collection[PurchaseState] = (),
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
    newest_first: bool = False,
) -> Page[ListedPurchase]:
    """A page of the orders of a selection, by date and number (G09, G12): two statements, however many there are.

    :param states: those to show; without any, what the selection says.
    :raises Problem: `after` or `before` is of no such page.
    """
    order = PurchaseOrder
    query = (
        select(
            *(order.supplier_id, order.number, order.version, order.issue_date, order.note, order.total_ht),
            *(order.total_ttc, order.currency, order.state, Party.code, Party.name, User.login),
        )
        .join(Party, Party.id == order.supplier_id)
        .outerjoin(User, User.id == order.followed_by_id)
        .where(*_limits(wanted, states))
    )
    keys: list[ColumnElement[Any]] = [order.issue_date, order.id]
    place: Any = {"size": size, "after": after, "before": before}
    apart = [order.state == state for state in states]
    found = read_page(connection, query, keys, lambda row: row[:12], descending=newest_first, apart=apart, **place)
    places = _places(connection, {row[0] for row in found.rows})
    return Page(tuple(_listed(row, places) for row in found.rows), found.after, found.before)


def _limits(wanted: Selection, states: Collection[PurchaseState]) -> Iterable[ColumnElement[bool]]:
    order = PurchaseOrder
    if not states and not wanted.everything:
        yield order.state == PurchaseState.CONFIRMED
    for column, value in (
        (order.supplier_id, wanted.supplier_id),
        (order.followed_by_id, wanted.followed_by_id),
        (order.category_id, wanted.category_id),
    ):
        if value is not None:
            yield column == value
    if wanted.first is not None:
        yield order.issue_date >= wanted.first
    if wanted.last is not None:
        yield order.issue_date <= wanted.last


Place = tuple[str | None, str | None, str | None, str | None]
"""Contact, first line, postcode and town."""


def _places(connection: Connection, party_ids: Collection[int]) -> Mapping[int, Place]:
    """Of these parties alone: a page shows some fifty of them."""
    first_address = select(func.min(Address.id)).where(Address.kind == MAIN, Address.party_id == Party.id)
    first_contact = select(func.min(Contact.id)).where(Contact.party_id == Party.id)
    rows = connection.execute(
        select(Party.id, Contact.name, Address.line1, Address.postcode, Address.city)
        .outerjoin(Address, Address.id == first_address.correlate(Party.__table__).scalar_subquery())
        .outerjoin(Contact, Contact.id == first_contact.correlate(Party.__table__).scalar_subquery())
        .where(Party.id.in_(party_ids))
    )
    return {row.id: (row.name, row.line1, row.postcode, row.city) for row in rows}


def _listed(row: Any, places: Mapping[int, Place]) -> ListedPurchase:
    supplier_id, number, version, issue_date, note, total_ht, total_ttc, currency, state, code, name, login = row
    contact, *address = places[supplier_id]
    return ListedPurchase(
        *(number, version, issue_date, note, total_ht, total_ttc, currency, state, contact, code, name),
        *(*address, login),
    )


def choices(connection: Connection, *, most: int = 500) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """What a list of orders may be narrowed by: suppliers as code and name, people as login and name.

    :param most: so many suppliers at most, by code; one beyond is found by typing it.
    """
    suppliers = select(Party.code, Party.name).where(Party.is_supplier, Party.code.is_not(None)).order_by(Party.code)
    people = select(User.login, User.name).where(User.active).order_by(User.login)
    return (
        [(row.code, row.name) for row in connection.execute(suppliers.limit(most))],
        [(row.login, row.name) for row in connection.execute(people)],
    )


@dataclass(frozen=True, slots=True)
class ToSend:
    """What is confirmed and not sent to one supplier, in one currency."""

    supplier_code: str
    supplier: str
    currency: str
    count: int
    total_ht: Decimal
    oldest: date


def orders_to_send(connection: Connection, *, most: int = USUAL) -> list[ToSend]:
    """What waits to be sent, by supplier, the oldest first: that of `most` suppliers."""
    order, oldest = PurchaseOrder, func.min(PurchaseOrder.issue_date)
    rows = connection.execute(
        select(Party.code, Party.name, order.currency, func.count(), func.sum(order.total_ht), oldest)
        .join(Party, Party.id == order.supplier_id)
        .where(order.state == PurchaseState.CONFIRMED)
        .group_by(Party.id, order.currency)
        .order_by(oldest, Party.code)
        .limit(most)
    )
    return [ToSend(*row) for row in rows]
