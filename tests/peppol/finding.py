"""What the check says, and how the elements of a document are reached."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from lxml import etree

Severity = Literal["fatal", "warning"]

CAC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2}"
CBC = "{urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2}"
NAMESPACES = {"cac": CAC[1:-1], "cbc": CBC[1:-1]}


@dataclass(frozen=True)
class Finding:
    """One rule that one place of a document breaks."""

    rule: str
    severity: Severity
    place: str
    says: str

    def __str__(self) -> str:
        return f"{self.rule} ({self.severity}) at {self.place}: {self.says}"


def name_of(element: etree._Element) -> str:
    """The name without its namespace."""
    return str(etree.QName(element).localname)


def place_of(element: etree._Element) -> str:
    """The way from the root, names without prefixes, with the position where a name stands several times."""
    steps = []
    for each in [element, *element.iterancestors()]:
        parent = each.getparent()
        alike = [] if parent is None else parent.findall(each.tag)
        steps.append(name_of(each) + (f"[{alike.index(each) + 1}]" if len(alike) > 1 else ""))
    return "/".join(reversed(steps))


def children(element: etree._Element) -> Iterator[etree._Element]:
    """The elements in an element, without comments and processing instructions."""
    return element.iterchildren("*")


def content(element: etree._Element) -> str:
    """The text of an element, without white space at its ends."""
    return (element.text or "").strip()


def found(element: etree._Element, path: str) -> list[etree._Element]:
    """What an XPath of elements gives, with the prefixes `cac` and `cbc`."""
    result = element.xpath(path, namespaces=NAMESPACES)
    assert isinstance(result, list)
    return [each for each in result if isinstance(each, etree._Element)]
