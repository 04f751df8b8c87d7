"""The address to which a received order goes is kept whole, whatever elements the sender's software has for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from intergestan_db.database import Database
from intergestan_db.tables import SalesOrder
from intergestan_exchange.inbox.heads import head_values
from intergestan_msg.order import Address, Delivery, Order, Party
from intergestan_msg.ubl import read_order, write_order
from tests.desk import Desk
from tests.factories import an_order

WHOLE = Address(
    *("Rue du Port", "Quai 7", "59000", "Lille", "Nord", "FR"), line3="porte B\nsonner", building="56A", postbox="BP 12"
)
NORD = Party("Chantier Nord", address=WHOLE)
LINE = "x" * 150


def sent(delivery: Delivery) -> Order:
    """An order as its reader has it."""
    return read_order(write_order(replace(an_order("CFR1", 1), note="Urgent", delivery=delivery)))


def kept(delivery: Delivery) -> tuple[str | None, ...]:
    values = head_values(sent(delivery))
    return tuple(
        values[name] for name in ("note", *(f"delivery_{part}" for part in ("name", "line1", "line2", "city")))
    )


@pytest.mark.parametrize(
    ("delivery", "expected"),
    [
        (Delivery(WHOLE), ("Urgent", None, "Rue du Port 56A", "BP 12, Quai 7, porte B, sonner", "Lille")),
        (
            Delivery(party=NORD),
            ("Urgent", "Chantier Nord", "Rue du Port 56A", "BP 12, Quai 7, porte B, sonner", "Lille"),
        ),
        (Delivery(Address("3 quai Sud"), party=NORD), ("Urgent", "Chantier Nord", "3 quai Sud", None, None)),
        (Delivery(Address(line3="3 quai Sud\nporte B")), ("Urgent", None, "3 quai Sud", "porte B", None)),
        (Delivery(Address(line2="porte B", city="Lille")), ("Urgent", None, None, "porte B", "Lille")),
        (Delivery(Address("3 quai Sud", "porte B")), ("Urgent", None, "3 quai Sud", "porte B", None)),
        (Delivery(), ("Urgent", None, None, None, None)),
    ],
)
def test_what_a_sales_order_keeps(delivery: Delivery, expected: tuple[str | None, ...]) -> None:
    """House number, postbox and address lines were lost, and so was an address that stands with the party alone."""
    assert kept(delivery) == expected


def test_what_finds_no_room_is_under_the_note() -> None:
    """It was never a reason to hold an order."""
    long = Address(LINE, "porte B", "59000", "Lille", None, "FR", LINE, "56A", LINE)
    whole = f"{LINE} 56A, {LINE}, porte B, {LINE}, 59000 Lille, FR"
    assert kept(Delivery(long)) == (f"Urgent\n{whole}", None, LINE, "porte B", "Lille")
    elsewhere = Party("Chantier Nord", address=replace(long, city="L" * 101))
    note, *place = kept(Delivery(party=elsewhere))
    assert (place, str(note).startswith(f"Urgent\n{LINE} 56A")) == (["Chantier Nord", None, None, None], True)


def test_it_is_booked(base: Database) -> None:
    desk = Desk(base)
    order = sent(Delivery(WHOLE))
    desk.know_products_of(order)
    desk.book(order)
    (sale,) = desk.rows(SalesOrder)
    assert (sale.state, sale.delivery_line1, sale.delivery_line2) == (
        "accepted",
        "Rue du Port 56A",
        "BP 12, Quai 7, porte B, sonner",
    )
