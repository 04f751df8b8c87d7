"""Delivery notes and sales orders by their numbers, as far as a person must see them before they are invoiced."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select, union_all

from intergestan_db.tables import DeliveryNote, Party, SalesOrder


@dataclass(frozen=True, slots=True)
class Invoiceable:
    """One of them."""

    number: str
    day: date
    customer: str


def list_invoiceable(connection: Connection, numbers: Sequence[str]) -> list[Invoiceable]:
    """Those that there are, in the order of the numbers: one statement, however many."""

    def of(table: Any) -> Any:
        columns = select(table.number, table.issue_date, Party.name).join(Party, Party.id == table.customer_id)
        return columns.where(table.number.in_(numbers))

    rows = connection.execute(union_all(of(DeliveryNote), of(SalesOrder)))
    found = {number: Invoiceable(number, day, name) for number, day, name in rows}
    return [found[number] for number in dict.fromkeys(numbers) if number in found]
