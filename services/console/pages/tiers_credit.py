"""What stands on the credit tab of a card: what a customer owes by parts, on a day, and what follows (T18 to T22)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection

from intergestan_erp.credit.customers import CustomerCredit, read_customers
from intergestan_erp.credit.exposure import read_delivered
from intergestan_erp.credit.falling import Fall, read_falls
from intergestan_erp.credit.listing import list_overrides
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.listing.credit_notes import WhichCreditNotes, list_credit_notes
from intergestan_erp.listing.invoices import WhichInvoices, list_due
from intergestan_erp.listing.page import MOST
from intergestan_erp.listing.party_card import OpenCard
from intergestan_erp.listing.payments import WhichPayments, list_payments
from intergestan_erp.site.credit_rules import CreditRules, read_credit_rules
from intergestan_exchange.credit_holds.held import held_of
from intergestan_operations.language.wording import sentence
from services.console.visit import Visit

DAY = "au"
_PAYMENTS = 20


@dataclass(frozen=True, slots=True)
class Credit:
    """What a customer owes on a day, and what stands beside it.

    :ivar orders: ordered and not delivered; `delivered`: delivered and not invoiced. :ivar wrong: what was typed as a
        day, and why it is none.
    """

    day: date
    typed: str
    wrong: str | None
    rules: CreditRules
    owes: CustomerCredit
    orders: Decimal
    delivered: Decimal
    falls: list[Fall]
    dues: tuple[Any, ...]
    payments: tuple[Any, ...]
    overrides: tuple[Any, ...]
    notes: tuple[Any, ...]
    held: tuple[Any, ...]


def read(visit: Visit, connection: Connection, found: OpenCard) -> Credit:
    """All of it, on the day in the address."""
    typed, wrong, day = visit.query.get(DAY, "").strip(), None, visit.today
    if typed:
        try:
            day = read_near_day(typed, visit.today)
        except Unreadable as bad:
            wrong = sentence(bad, visit.language)
    rules = read_credit_rules(connection)
    owes = read_customers(connection, [found.id], day, rules)[found.id]
    delivered = read_delivered(connection, [found.id])[found.id]
    total = owes.exposure.total
    return Credit(
        day,
        typed if wrong else visit.day(day),
        wrong,
        rules,
        owes,
        owes.exposure.not_invoiced - delivered,
        delivered,
        read_falls(connection, found.id, day, total, by_payment_due=rules.by_payment_due),
        list_due(connection, WhichInvoices(customer_id=found.id), size=MOST).rows,
        list_payments(connection, WhichPayments(customer_id=found.id), size=_PAYMENTS).rows,
        list_overrides(connection, customer_id=found.id).rows,
        list_credit_notes(connection, WhichCreditNotes(customer_id=found.id), size=_PAYMENTS).rows,
        tuple(held_of(connection, found.id)),
    )
