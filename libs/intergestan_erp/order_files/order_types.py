"""The types of an order (UNTDID 1001) that a file may name, and the references that travel with it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from intergestan_erp.inputs.unreadable import shown

ORDINARY: Final = frozenset({"220", "105"})
"""An order, a purchase order: what every order is that says nothing else."""
REFERENCES: Final = {
    "customer_reference": "customer_reference",
    "accounting_cost": "accounting_cost",
    "quotation": "quotation_id",
}
"""By the names under which they are kept with the note of an import, the fields of `Order` that travel."""


Say = Callable[..., None]
"""Notes a template and its values, as a fault or as a remark."""


def taken_type(code: str | None, fault: Say, remark: Say) -> str | None:
    """The type that goes to the supplier with the order; None for an ordinary one.

    What cannot be taken is told to `fault`, what people should know to `remark`.
    """
    if code is None or code in ORDINARY:
        return None
    if code == "226":
        remark("type 226, a call-off: taken as an order of goods to deliver now.")
    elif code == "402":
        remark("type 402, cross docking: taken as an order of goods to deliver now.")
    elif code == "221":
        fault(
            "Type 221 is a blanket order: its quantities and dates come later. Import the call-offs, or write "
            "220 if all of it is to be delivered.",
        )
    elif code == "227":
        fault(
            "Type 227 is a consignment order: it is paid when it is sold, which an order here cannot say. "
            "Write 220 if it is an ordinary order.",
        )
    else:
        fault(
            "«{code}» is not a type of order that can be taken: 220 and 105 are, 226 (call-off) and 402 "
            "(cross docking) too.",
            code=shown(code),
        )
    return code


def carried(type_code: str | None, value: Callable[[str], str | None]) -> dict[str, str]:
    """What goes to the supplier beside the columns of an order: fields of `Order` by name.

    :param value: of each field named in `REFERENCES`.
    """
    found = {"type_code": type_code, **{field: value(field) for field in REFERENCES.values()}}
    return {field: text for field, text in found.items() if text}


def kept(travels: Mapping[str, str]) -> dict[str, Any]:
    """The same as it is kept with the note of an import."""
    references = {name: travels[field] for name, field in REFERENCES.items() if field in travels}
    kind = {"type": travels["type_code"]} if "type_code" in travels else {}
    return {**kind, **({"references": references} if references else {})}
