"""A file of orders as it was read: what the base is asked about. Others' files are read by `LimitedOrders`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self
from zoneinfo import ZoneInfo

from intergestan_db.file_tables.reading import LIMITS, FileReaders
from intergestan_db.limited_child.children import Begin
from intergestan_db.limited_child.limits import Limits
from intergestan_db.problem import Fault, FileProblems, PlainFault, Remark
from intergestan_erp.order_files.file_order import USUAL, FileOrder, Options
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class OrderReading:
    """The orders of a file, in its order, and what must be known of how it was read."""

    orders: tuple[FileOrder, ...]
    said: tuple[Remark, ...] = ()


ReadOrders = Callable[[str, bytes, Options, ZoneInfo | None], OrderReading]
"""Reads a file, by its name for the faults, its bytes, what its sender says of it, and the zone of its days.

Raises `FileProblems` with every fault that the file itself has.
"""


@dataclass(frozen=True, slots=True)
class OrdersAsked:
    """What a child must know of a file.

    :ivar zone: of its days, by name.
    """

    options: Options = USUAL
    zone: str | None = None


@dataclass(frozen=True, slots=True)
class OrdersRead:
    """What a child says of a file: its faults, or its orders. `notes` are those of each order."""

    orders: tuple[FileOrder, ...] = ()
    notes: tuple[tuple[PlainFault, ...], ...] = ()
    said: tuple[PlainFault, ...] = ()
    faults: tuple[PlainFault, ...] = ()

    @classmethod
    def of(cls, reading: OrderReading) -> Self:
        """What was read, as plain data."""
        return cls(
            tuple(replace(order, notes=()) for order in reading.orders),
            tuple(tuple(note.plain() for note in order.notes) for order in reading.orders),
            tuple(remark.plain() for remark in reading.said),
        )

    def reading(self, file: str) -> OrderReading:
        """What was read.

        :raises FileProblems: with the faults, if there are any.
        """
        if self.faults:
            raise FileProblems(file, list(map(Fault.of, self.faults)))
        pairs = zip(self.orders, self.notes, strict=True)
        orders = (replace(order, notes=tuple(map(Remark.of, notes))) for order, notes in pairs)
        return OrderReading(tuple(orders), tuple(map(Remark.of, self.said)))


ORDERS_ASKED, ORDERS_READ = Shape(OrdersAsked), Shape(OrdersRead)


class LimitedOrders(FileReaders):
    """Reads orders in limited children. A context manager; `read` is a `ReadOrders`."""

    def __init__(self, limits: Limits = LIMITS, begin: Begin = "fork") -> None:
        super().__init__("intergestan_erp.order_files.read_orders:answer", limits, begin)

    def read(self, file: str, data: bytes, options: Options, zone: ZoneInfo | None) -> OrderReading:
        """Read a file in a child.

        :raises FileProblems: with every fault that the file itself has; `Unread` where the child died over it.
        :raises NoReader: there is no child to read it.
        """
        question = OrdersAsked(options, None if zone is None else zone.key)
        return self.ask(file, question, data, ORDERS_READ).reading(file)
