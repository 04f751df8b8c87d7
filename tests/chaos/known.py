"""What was ordered, as those know it who typed it: the judge's own copy, with sums of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

VAT = Decimal("0.20")
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Line:
    """A line of an order: so much of a product, at a price."""

    product: str
    quantity: Decimal
    price: Decimal


Content = Mapping[str, Line]
"""The lines of an order by their id; none: the order is cancelled."""
CANCELLED: Content = {}


def totals(content: Content) -> tuple[Decimal, Decimal]:
    """Without and with VAT, each line rounded half up, VAT of their sum likewise."""
    net = sum((_rounded(line.quantity * line.price) for line in content.values()), Decimal(0))
    return net, net + _rounded(net * VAT)


def _rounded(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass
class Order:
    """An order, and what it may say.

    :ivar may_be: one content as a rule; several where a command about it was cut off, so that it has been done or not.
    :ivar entered: the command that typed it said that it is done, so it may not be forgotten any more.
    """

    number: str
    may_be: list[Content]
    entered: bool = False

    def change_to(self, content: Content, *, certain: bool) -> None:
        """Somebody asked for this; `certain`: the command said that it was taken."""
        self.may_be = [content] if certain else [*self.may_be, content]


@dataclass
class KnownOrders:
    """All of them, by number."""

    orders: dict[str, Order] = field(default_factory=dict)

    def add(self, number: str, content: Content) -> Order:
        """One that somebody begins to type."""
        order = self.orders[number] = Order(number, [content])
        return order

    def __iter__(self) -> Iterator[Order]:
        return iter(list(self.orders.values()))

    def __len__(self) -> int:
        return len(self.orders)
