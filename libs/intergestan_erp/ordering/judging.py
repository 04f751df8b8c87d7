"""Whether an order that a person entered stands, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection

from intergestan_db.problem import EntryProblems, Fault
from intergestan_db.tables import Product
from intergestan_erp.agencies.places import Place
from intergestan_erp.inputs.typed_keys import all_as_stored
from intergestan_erp.order_files.file_order import Options
from intergestan_erp.order_files.order_judge import OrderJudge
from intergestan_erp.order_files.order_values import OrderValues, Row
from intergestan_erp.order_files.plausible_days import implausible_days
from intergestan_erp.ordering.stored_order import StoredOrder
from intergestan_erp.ordering.typed_order import TypedOrder, as_entered, as_file_order
from intergestan_erp.ordering.typed_rules import wrong

BY_HAND: Final = "hand"
"""What a price is from that a person gave."""
_OF_PRICE = ("product_code", "unit", "price", "base_quantity")


@dataclass(frozen=True, slots=True)
class PricedLine:
    """A line with what it comes to, without VAT. `price_from`: `hand`, `list`, `catalogue`, `file` or `amount`."""

    line_id: str
    product_code: str
    name: str
    quantity: Decimal
    unit: str
    price: Decimal
    base_quantity: Decimal
    price_from: str
    total: Decimal
    vat_category: str
    vat_rate: Decimal


@dataclass(frozen=True, slots=True)
class PricedOrder:
    """An order with what it comes to, without and with VAT."""

    lines: tuple[PricedLine, ...]
    currency: str
    total_ht: Decimal
    total_vat: Decimal
    total_ttc: Decimal


def price_order(
    connection: Connection,
    typed: TypedOrder,
    today: date,
    *,
    any_dates: bool = False,
    place: Place | None = None,
) -> PricedOrder:
    """What an order would come to, by the same rules by which it is entered. It writes nothing.

    :raises EntryProblems: with all that is wrong with it.
    """
    return priced(judged(connection, typed, today, any_dates=any_dates, place=place))


def judged(
    connection: Connection,
    typed: TypedOrder,
    today: date,
    *,
    any_dates: bool,
    place: Place | None = None,
    stored: StoredOrder | None = None,
) -> OrderValues:
    """The rows of an order.

    :param place: where it is entered; None: where the site usually is.
    :param stored: as it was before; it stays where it was entered, and days that it had are not judged again.
    :raises EntryProblems: with all that is wrong with it.
    """
    if faults := list(wrong(typed)):
        raise EntryProblems(faults)
    codes = all_as_stored(connection, [line.product for line in typed.lines], Product.code)
    lines = tuple(replace(line, product=code) for line, code in zip(typed.lines, codes, strict=True))
    order = as_file_order(
        replace(typed, lines=lines),
        today if stored is None or stored.typed.issue_date is None else stored.typed.issue_date,
        None if stored is None else stored.number,
        None if stored is None else stored.carried,
        None if stored is None else stored.kept,
    )
    faults = list[Fault]()
    where = stored or place
    establishment_id = None if where is None else where.establishment_id
    values = OrderJudge(connection, [order], Options(any_dates=any_dates), establishment_id).values(order, faults)
    if not any_dates:
        faults += implausible_days(order, today, () if stored is None else stored.typed.days())
    if values is None or faults:
        raise EntryProblems(as_entered(faults))
    values.kept["prices"] = _sources(values, stored)
    _keep_costs(values)
    return values


def priced(values: OrderValues) -> PricedOrder:
    """What is shown of the rows of an order."""
    sources, head = values.kept["prices"], values.head
    return PricedOrder(
        tuple(
            PricedLine(
                price_from=sources[line["line_id"]],
                **{name: line[name] for name in PricedLine.__dataclass_fields__ if name != "price_from"},
            )
            for line in values.lines
        ),
        head["currency"],
        head["total_ht"],
        head["total_vat"],
        head["total_ttc"],
    )


def _sources(values: OrderValues, stored: StoredOrder | None) -> dict[str, str]:
    """What each line's price is from: as before where it is the same, else a person's where one gave it."""
    before: Mapping[str, Row] = {}
    if stored is not None:
        before = {
            line.line_id: {
                "product_code": line.product,
                "unit": line.unit,
                "price": line.price,
                "base_quantity": line.base_quantity,
            }
            for line in stored.typed.lines
            if line.line_id is not None
        }
    found = {}
    for row in values.lines:
        line_id = row["line_id"]
        source = values.kept["prices"].get(line_id, BY_HAND)
        if stored is not None and before.get(line_id) == {name: row[name] for name in _OF_PRICE}:
            source = stored.sources.get(line_id, source)
        found[line_id] = source
    return found


def _keep_costs(values: OrderValues) -> None:
    """Cost centres of lines that are gone are gone with them."""
    costs = values.kept.get("accounting_costs")
    if costs:
        ids = {row["line_id"] for row in values.lines}
        values.kept["accounting_costs"] = {line_id: cost for line_id, cost in costs.items() if line_id in ids}
