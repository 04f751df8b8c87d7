"""The last documents of a third party, a few of each kind, as its card shows them (§4.3)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlencode

from sqlalchemy import Connection

from intergestan_erp.listing.credit_notes import WhichCreditNotes, list_credit_notes
from intergestan_erp.listing.invoices import WhichInvoices, list_invoices
from intergestan_erp.listing.notes import WhichNotes, list_notes
from intergestan_erp.listing.party_card import OpenCard
from intergestan_erp.listing.payments import WhichPayments, list_payments
from intergestan_erp.listing.purchase import list_purchases
from intergestan_erp.listing.sales import WhichSales, list_sales_page
from intergestan_erp.purchasing.purchase_orders import Selection
from intergestan_erp.selling.quotes import list_quotes
from intergestan_runtime.said import marked

FEW: Final = 5


@dataclass(frozen=True, slots=True)
class Last:
    """The last ones of a kind. :ivar every: the address of all of them. :ivar rows: number, address, day, amount."""

    title: str
    every: str
    rows: tuple[tuple[str, str, date, Decimal | None], ...]


def read_last(connection: Connection, found: OpenCard, today: date) -> list[Last]:
    """What was sold to a customer and what they paid, what was ordered of a supplier; of no kind without documents."""
    of_kinds: list[tuple[str, str, Any]] = []
    if found.card.is_customer:
        of_kinds += _of_customer(connection, found.id, today)
    if found.card.is_supplier:
        bought = Selection(supplier_id=found.id, everything=True)
        orders = list_purchases(connection, bought, size=FEW, newest_first=True)
        of_kinds.append((marked("Purchase orders"), "/commandes", orders))
    return [
        Last(title, _every(path, found.card.code), tuple(_row(path, each) for each in page.rows))
        for title, path, page in of_kinds
        if page.rows
    ]


def _of_customer(connection: Connection, one: int, today: date) -> tuple[tuple[str, str, Any], ...]:
    return (
        (marked("Quotes"), "/devis", list_quotes(connection, today, customer_id=one, everything=True, size=FEW)),
        (marked("Sales orders"), "/ventes", list_sales_page(connection, WhichSales(customer_id=one), size=FEW)),
        (marked("Delivery notes"), "/bl", list_notes(connection, WhichNotes(customer_id=one), size=FEW)),
        (marked("Invoices"), "/factures", list_invoices(connection, WhichInvoices(customer_id=one), size=FEW)),
        (marked("Credit notes"), "/avoirs", list_credit_notes(connection, WhichCreditNotes(customer_id=one), size=FEW)),
        (marked("Payments"), "/reglements", list_payments(connection, WhichPayments(customer_id=one), size=FEW)),
    )


def _every(path: str, code: str) -> str:
    return f"{path}?{urlencode({'fournisseur' if path == '/commandes' else 'client': code})}"


def _row(path: str, each: Any) -> tuple[str, str, date, Decimal | None]:
    day = each.received_on if path == "/reglements" else each.issue_date
    amount = each.amount if path == "/reglements" else getattr(each, "total_ttc", None)
    return each.number, f"{path}/{quote(each.number, safe='')}", day, amount
