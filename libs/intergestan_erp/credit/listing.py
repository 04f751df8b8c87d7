"""Who owes how much, in pages; and who let documents pass (T22)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, select

from intergestan_db.tables import CreditOverride, Party
from intergestan_erp.credit.customers import CUSTOMERS, CustomerCredit, with_exposures
from intergestan_erp.listing.page import MOST, USUAL, Page, mark, read_page
from intergestan_erp.site.credit_rules import CreditRules


@dataclass(frozen=True, slots=True)
class Override:
    """Who let which document pass, when and why."""

    customer: str
    stage: str
    document: str
    exposure: Decimal
    maximum: Decimal
    delta: Decimal
    reason: str
    by: str
    at: datetime


def list_credit(
    connection: Connection,
    day: date,
    rules: CreditRules,
    *,
    over: bool = False,
    size: int = USUAL,
    after: str | None = None,
) -> Page[CustomerCredit]:
    """A page of the customers with what they owe, by code.

    :param over: only those above their maximum.
    :raises Problem: `after` is of no such page.
    """
    if not over:
        return _page(connection, day, rules, size=size, after=after)
    size, rows = min(max(size, 1), MOST), list[CustomerCredit]()
    for page in _pages_of_limited(connection, day, rules, after):
        rows += filter(is_over, page.rows)
        if len(rows) > size:
            return Page(tuple(rows[:size]), mark([rows[size - 1].code]))
    return Page(tuple(rows), None)


def count_over(connection: Connection, day: date, rules: CreditRules) -> int:
    """How many customers are above their maximum."""
    return sum(is_over(each) for page in _pages_of_limited(connection, day, rules, None) for each in page.rows)


def is_over(customer: CustomerCredit) -> bool:
    """Whether a customer owes more than they may."""
    return customer.free is not None and customer.free < 0


def list_overrides(
    connection: Connection,
    *,
    customer_id: int | None = None,
    first: datetime | None = None,
    until: datetime | None = None,
    size: int = USUAL,
    after: str | None = None,
) -> Page[Override]:
    """A page of who let documents pass, the newest first.

    :param customer_id: only those of this customer.
    :param first: the earliest instant; `until`: an instant after the last.
    :raises Problem: `after` is of no such page.
    """
    kept = CreditOverride
    query = select(
        *(Party.code, kept.stage, kept.document, kept.exposure, kept.maximum, kept.delta, kept.reason, kept.by, kept.at)
    ).join(Party, Party.id == kept.party_id)
    if customer_id is not None:
        query = query.where(kept.party_id == customer_id)
    if first is not None:
        query = query.where(kept.at >= first)
    if until is not None:
        query = query.where(kept.at < until)
    return read_page(
        connection, query, [kept.id], lambda row: Override(*row[:9]), size=size, after=after, descending=True
    )


def _page(
    connection: Connection, day: date, rules: CreditRules, *, size: int, after: str | None, limited: bool = False
) -> Page[CustomerCredit]:
    query = CUSTOMERS.where(Party.is_customer)
    if limited:
        query = query.where(Party.credit_max.is_not(None))
    page = read_page(connection, query, [Party.code], lambda row: row, size=size, after=after)
    return Page(tuple(with_exposures(connection, page.rows, day, rules)), page.after)


def _pages_of_limited(
    connection: Connection, day: date, rules: CreditRules, after: str | None
) -> Iterator[Page[CustomerCredit]]:
    """All customers who have a maximum, some at a time."""
    while True:
        page = _page(connection, day, rules, size=MOST, after=after, limited=True)
        yield page
        after = page.after
        if after is None:
            return
