"""An order of a file, with all that it states beside what travels: whoever takes it in compares and decides.

`Order` holds what two sites exchange. A file of another program may say more, and its figures are compared by its own
reader, which names every difference instead of the first.
"""

from dataclasses import dataclass
from datetime import date

from intergestan_msg.money import TaxCategory
from intergestan_msg.order import Order, OrderLine, check_line, check_order
from intergestan_msg.peppol import rules_of, transaction
from intergestan_msg.stated import NOTHING_STATED, Stated


@dataclass(frozen=True, slots=True)
class StatedLine(OrderLine):
    """A line. Its price may have more decimals than ours have.

    :ivar taxes: all tax categories of its item; `item.tax` is the first.
    """

    taxes: tuple[TaxCategory, ...] = ()

    def __post_init__(self) -> None:
        check_line(self, any_price=True)


@dataclass(frozen=True, slots=True)
class StatedOrder(Order):
    """An order; its figures are not compared.

    :ivar repeated: paths of elements that stand more than once where `Order` has room for one.
    :raises BadDocument: as `Order`, except for figures that contradict each other.
    """

    lines: tuple[StatedLine, ...]
    stated: Stated = NOTHING_STATED
    copy: bool = False
    latest_delivery: date | None = None
    line_count: int | None = None
    repeated: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        with rules_of(transaction(self.customization_id, "T01")):
            check_order(self)
