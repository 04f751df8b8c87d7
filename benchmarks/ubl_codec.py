"""What one order of 8 lines costs to write, read and hash, in µs, beside plain lxml on the same document.

    python -m benchmarks.ubl_codec

The floor builds or reads the same elements and texts with lxml and makes nothing of them: no values, no checks.
"""

from collections.abc import Callable
from dataclasses import dataclass
from timeit import repeat

from lxml import etree
from lxml.etree import _Element as Element

from intergestan_msg.business_hash import business_hash
from intergestan_msg.ubl import read_order, write_order
from intergestan_msg.ubl.names import CAC, CBC
from tests.factories import an_order

ROUNDS, TIMES = 9, 300


@dataclass(frozen=True, slots=True)
class Node:
    """An element as plain values, so that the floor does not pay for reading what it builds."""

    tag: str
    attributes: dict[str, str]
    text: str | None
    children: list["Node"]


def node(element: Element) -> Node:
    attributes = {str(name): str(value) for name, value in element.attrib.items()}
    return Node(element.tag, attributes, element.text, [node(child) for child in element])


def build_with_lxml(document: Node) -> bytes:
    root = etree.Element(document.tag, nsmap={"cac": CAC, "cbc": CBC})
    _build(document.children, root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _build(nodes: list[Node], parent: Element) -> None:
    for each in nodes:
        element = etree.SubElement(parent, each.tag, each.attributes)
        element.text = each.text
        _build(each.children, element)


def read_with_lxml(xml: bytes) -> list[tuple[str, str | None]]:
    return [(element.tag, element.text) for element in etree.fromstring(xml).iter()]


def microseconds(work: Callable[[], object]) -> float:
    return min(repeat(work, number=TIMES, repeat=ROUNDS)) / TIMES * 1e6


def main() -> None:
    order = an_order(lines=8)
    xml = write_order(order)
    document = node(etree.fromstring(xml))
    steps: dict[str, Callable[[], object]] = {
        "write": lambda: write_order(order),
        "write, plain lxml": lambda: build_with_lxml(document),
        "read and check": lambda: read_order(xml),
        "read, plain lxml": lambda: read_with_lxml(xml),
        "business hash": lambda: business_hash(order),
    }
    print(f"one order of 8 lines, {len(xml)} bytes, {len(read_with_lxml(xml))} elements")
    for name, work in steps.items():
        print(f"{name:20} {microseconds(work):7.0f} µs")


if __name__ == "__main__":
    main()
