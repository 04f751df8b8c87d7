"""Which transaction of Peppol BIS 3 a document is of, and so under which id a broken rule is told.

The transactions number the rules that they share alike: R024 of an order (T01) is R024 of a change (T114), and no
rule of a cancellation (T115). A document that names another specification breaks no rule of Peppol's, whatever else is
wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from intergestan_msg.errors import BadDocument

PEPPOL_ORDER: Final = "urn:fdc:peppol.eu:poacc:trns:order:3"
PEPPOL_ORDER_CHANGE: Final = "urn:fdc:peppol.eu:poacc:trns:order_change:3"
PEPPOL_ORDER_CANCELLATION: Final = "urn:fdc:peppol.eu:poacc:trns:order_cancellation:3"
PEPPOL_ORDER_RESPONSE: Final = "urn:fdc:peppol.eu:poacc:trns:order_response:3"
PEPPOL_ORDER_RESPONSE_ADVANCED: Final = "urn:fdc:peppol.eu:poacc:trns:order_response_advanced:3"
PEPPOL_ORDERING: Final = "urn:fdc:peppol.eu:poacc:bis:ordering:3"
PEPPOL_ADVANCED_ORDERING: Final = "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3"

_TRANSACTIONS: Final = {
    PEPPOL_ORDER: "T01",
    PEPPOL_ORDER_RESPONSE: "T76",
    PEPPOL_ORDER_RESPONSE_ADVANCED: "T116",
    PEPPOL_ORDER_CHANGE: "T114",
    PEPPOL_ORDER_CANCELLATION: "T115",
}
_OF_FIGURES: Final = frozenset(
    f"R{number:03}" for number in (1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 16, 17, 20, 21, 22, 23, 24, 25, 28, 29, 30, 31, 32)
)
_OF_ANSWERS: Final = frozenset(f"R{number:03}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10))
_RULES: Final = {
    "T01": _OF_FIGURES,
    "T114": _OF_FIGURES,
    "T115": frozenset({"R031", "R034"}),
    "T76": _OF_ANSWERS,
    "T116": _OF_ANSWERS,
}
"""The rules that people wrote for each, of which some are told here."""


def transaction(customization: str | None, usual: str) -> str | None:
    """The transaction that a `cbc:CustomizationID` names; one that extends Peppol's begins with it.

    :param usual: that of a document which names no specification: it is read as Peppol's.
    """
    if customization is None:
        return usual
    return next((found for begin, found in _TRANSACTIONS.items() if customization.startswith(begin)), None)


@contextmanager
def rules_of(name: str | None) -> Iterator[None]:
    """Within this, a broken rule is told with the id that it has in this transaction, or as one of UBL."""
    try:
        yield
    except BadDocument as bad:
        number = bad.rule.rpartition("-")[2]
        rule = f"PEPPOL-{name}-{number}" if name is not None and number in _RULES[name] else "UBL"
        if rule == bad.rule:
            raise
        raise bad.under(rule) from None
