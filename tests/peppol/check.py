"""The whole check of a document, and a look at documents of a kind from the shell.

`python -m tests.peppol.check FILE.xml …` prints what each breaks.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lxml import etree

from tests.peppol import model_rules, stated_rules
from tests.peppol.finding import Finding, content, found, name_of

_TRANSACTIONS = {"Order": "T01", "OrderChange": "T114", "OrderCancellation": "T115", "OrderResponse": "T76"}
_ADVANCED = "urn:fdc:peppol.eu:poacc:trns:order_response_advanced:3"


def transaction_of(root: etree._Element) -> str:
    """Which transaction a document is: by its root, an answer by its specification.

    :raises KeyError: when it is none of the five.
    """
    transaction = _TRANSACTIONS[name_of(root)]
    advanced = any(content(each).startswith(_ADVANCED) for each in found(root, "cbc:CustomizationID"))
    return "T116" if transaction == "T76" and advanced else transaction


def check(xml: bytes, transaction: str | None = None) -> list[Finding]:
    """Every rule that a document breaks, as the transaction that it says it is, or as this one."""
    root = etree.fromstring(xml)
    which = transaction or transaction_of(root)
    return [*model_rules.broken(which, root), *stated_rules.broken(which, root)]


def fatal(xml: bytes) -> list[str]:
    """What would make Peppol refuse the document, in words."""
    return [str(each) for each in check(xml) if each.severity == "fatal"]


if __name__ == "__main__":
    for argument in sys.argv[1:]:
        for each in check(Path(argument).read_bytes()):
            print(f"{argument}: {each}")
