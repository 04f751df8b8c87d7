"""Orders, their changes and cancellations, and answers as UBL 2.1 XML, as Peppol BIS Advanced Ordering 3 uses it.

Reading takes whatever is legal UBL 2.0 or 2.1: any prefixes, any optional element absent. What a document says
and `Order` has no field for is named in its `left_out`. Text is kept without white space at its ends, an empty
element counts as absent, and of attributes only the scheme of an identifier, units and currencies are kept.

Writing gives the elements in the order of the OASIS schemas, in UTF-8, without white space between them; the
same value always gives the same bytes. Everything but `left_out` is read back equal.

May import: answer, change, diagnosis, errors, flavour, money, order, order_rules, peppol, stated, stated_order.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from intergestan_msg.ubl.change_out import write_order_cancellation, write_order_change
from intergestan_msg.ubl.order_out import write_order
from intergestan_msg.ubl.response_out import write_order_response

if TYPE_CHECKING:
    from intergestan_msg.ubl.change_in import read_order_cancellation, read_order_change
    from intergestan_msg.ubl.order_in import read_order
    from intergestan_msg.ubl.response_in import read_order_response

__all__ = [
    "read_order",
    "read_order_cancellation",
    "read_order_change",
    "read_order_response",
    "write_order",
    "write_order_cancellation",
    "write_order_change",
    "write_order_response",
]

_READERS = {
    "read_order": "order_in",
    "read_order_change": "change_in",
    "read_order_cancellation": "change_in",
    "read_order_response": "response_in",
}


def __getattr__(name: str) -> Any:
    """The readers, when they are first asked for: they load lxml, which writing does without (PEP 562)."""
    if name in _READERS:
        return getattr(import_module(f"{__name__}.{_READERS[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
