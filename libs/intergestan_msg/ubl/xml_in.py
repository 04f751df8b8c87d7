"""From bytes to values: a guarded parser, and one walk over an element's children by a table of what to take."""

from collections.abc import Callable, Mapping
from datetime import date, time
from decimal import Decimal
from enum import Enum
from re import ASCII
from re import compile as pattern
from typing import Any, NoReturn

from lxml import etree
from lxml.etree import _Element as Element

from intergestan_msg.diagnosis import Term, Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.order import Identifier
from intergestan_msg.order_rules import MAX_LINES
from intergestan_msg.ubl.names import PREFIXES, cac, cbc

MAX_BYTES = 16_000_000
MAX_ELEMENTS = 300_000
MAX_HEADER = 1_000  # elements beside the lines

_PARSER = etree.XMLParser(
    resolve_entities=False,
    load_dtd=False,
    no_network=True,
    huge_tree=False,
    recover=False,
    remove_comments=True,
    remove_pis=True,
)
# The lexical spaces of XML Schema: Python's own constructors take more (1_000, NaN, week dates).
_DECIMAL = pattern(r"[+-]?(\d+(\.\d*)?|\.\d+)", ASCII)
_DATE = pattern(r"(\d{4}-\d\d-\d\d)(Z|[+-]\d\d:\d\d)?", ASCII)
_TIME = pattern(r"\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", ASCII)
_WHITE = str.maketrans("\t\n\r", "   ")


class Repeat(Enum):
    """What a second occurrence of an element means for the field that the first one filled."""

    ONCE = 0  # the first is kept, the others are named as left out
    JOINED = 1  # texts, a line each
    LISTED = 2  # values of a tuple


ONCE, JOINED, LISTED = Repeat


class Reading:
    """One document being read: the currency that its amounts agree on, and what had no field."""

    __slots__ = ("_left_out", "_repeated", "currency", "currency_rule")

    def __init__(self, currency_rule: str) -> None:
        self.currency: str | None = None
        self.currency_rule = currency_rule
        self._left_out: dict[str, None] = {}
        self._repeated: dict[str, None] = {}

    @property
    def left_out(self) -> tuple[str, ...]:
        """Paths of the elements without a field, each once, as they came."""
        return tuple(self._left_out)

    @property
    def repeated(self) -> tuple[str, ...]:
        """Paths of the elements whose field an earlier one of the same name had filled; they are left out too."""
        return tuple(self._repeated)

    def leave_out(self, element: Element) -> None:
        """Remember that this element was not taken."""
        self._left_out[_path(element)] = None

    def leave_out_repeated(self, element: Element) -> None:
        """Remember that this element was not taken, because there is one already."""
        self.leave_out(element)
        self._repeated[_path(element)] = None


Reader = Callable[[Element, Reading], Any]
Table = Mapping[str, tuple[str, Reader, Repeat]]


def parse(xml: bytes, *root_tags: str) -> Element:
    """The root element of a document of one of these kinds.

    :raises BadDocument: when it is too large, no well-formed XML, has a DOCTYPE, or another root element.
    """
    if len(xml) > MAX_BYTES:
        raise BadDocument(Wrong.MANY_BYTES, size=len(xml), most=MAX_BYTES)
    if xml.count(b"<") > 2 * MAX_ELEMENTS:
        raise BadDocument(Wrong.MANY_ELEMENTS, most=MAX_ELEMENTS)
    try:
        root = etree.fromstring(xml, _PARSER)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BadDocument(Wrong.NO_XML, error=error) from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise BadDocument(Wrong.DOCTYPE)
    if root.tag not in root_tags:
        raise BadDocument(Wrong.OTHER_ROOT, found=root.tag, wanted=root_tags[0])
    if len(root) > MAX_LINES + MAX_HEADER:
        raise BadDocument(Wrong.MANY_LINES, most=MAX_LINES)
    return root


def customization(root: Element) -> str | None:
    """The specification that a document names (`cbc:CustomizationID`)."""
    return (root.findtext(cbc("CustomizationID")) or "").strip() or None


def collect(element: Element, table: Table, reading: Reading) -> dict[str, Any]:
    """The fields that an element's children fill, by name; children that the table lacks are left out."""
    values: dict[str, Any] = {}
    for child in element:
        known = table.get(child.tag)
        if known is None:
            reading.leave_out(child)
            continue
        name, read, repeat = known
        value = read(child, reading)
        if value is None:
            continue
        if name not in values:
            values[name] = value if repeat is not LISTED else [value]
        elif repeat is LISTED:
            values[name].append(value)
        elif repeat is JOINED:
            values[name] = f"{values[name]}\n{value}"
        else:
            reading.leave_out_repeated(child)
    return values


def text(element: Element, _reading: Reading) -> str | None:
    """An element's text, or None if there is none."""
    content = _content(element)
    return content.strip() or None if content else None


def _content(element: Element) -> str | None:
    """The text of a simple element. One that has elements in it has no value: 1<x/>00 is neither 1 nor 100."""
    if len(element):
        where, row = _path(element), element.sourceline
        raise BadDocument(Wrong.NOT_SIMPLE, where=where, row=row, line=_order_line(element))
    return element.text


def reference(element: Element, _reading: Reading) -> str | None:
    """An id or a code: a text in one line (xsd:normalizedString)."""
    content = _content(element)
    if not content:
        return None
    content = content.strip()
    return (content if content.isprintable() else content.translate(_WHITE)) or None


def identifier(element: Element, reading: Reading) -> Identifier | None:
    """An id with its scheme."""
    value = reference(element, reading)
    return Identifier(value, element.get("schemeID") or None) if value else None


def number(element: Element, _reading: Reading) -> Decimal | None:
    """A decimal number."""
    content = _content(element)
    if content and _DECIMAL.fullmatch(content):
        return Decimal(content)
    content = (content or "").strip()
    if not content:
        return None
    return Decimal(content) if _DECIMAL.fullmatch(content) else bad(element, content, Term.DECIMAL)


def amount(element: Element, reading: Reading) -> Decimal | None:
    """An amount in the document's currency (there is one)."""
    currency = element.get("currencyID")
    if currency != reading.currency and currency:
        _agree_on_currency(element, currency, reading)
    return number(element, reading)


def document_currency(element: Element, reading: Reading) -> str | None:
    """The currency that the document declares."""
    currency = reference(element, reading)
    if currency:
        _agree_on_currency(element, currency, reading)
    return currency


def _agree_on_currency(element: Element, currency: str, reading: Reading) -> None:
    if reading.currency is None:
        reading.currency = currency
    if reading.currency != currency:
        where, rule, line = _path(element), reading.currency_rule, _order_line(element)
        other = reading.currency
        raise BadDocument(Wrong.TWO_CURRENCIES, where=where, currency=currency, other=other, rule=rule, line=line)


def day(element: Element, reading: Reading) -> date | None:
    """A date; its time zone, if there is one, means nothing here."""
    content = text(element, reading)
    if content is None:
        return None
    found = _DATE.fullmatch(content)
    try:
        return date.fromisoformat(found[1]) if found else bad(element, content, Term.DATE)
    except ValueError:
        bad(element, content, Term.DATE)


def clock(element: Element, reading: Reading) -> time | None:
    """A time of day."""
    content = text(element, reading)
    if content is None:
        return None
    try:
        return time.fromisoformat(content) if _TIME.fullmatch(content) else bad(element, content, Term.TIME)
    except ValueError:
        bad(element, content, Term.TIME)


def flag(element: Element, reading: Reading) -> bool | None:
    """A truth value (xsd:boolean)."""
    content = text(element, reading)
    if content in ("true", "1"):
        return True
    if content in ("false", "0"):
        return False
    return None if content is None else bad(element, content, Term.TRUTH)


def bad(element: Element, content: str, expected: Term | str) -> NoReturn:
    """Refuse an element for its content.

    :raises BadDocument: always.
    """
    shown = content if len(content) <= 40 else content[:40] + "…"
    where, row, line = _path(element), element.sourceline, _order_line(element)
    raise BadDocument(Wrong.ELEMENT_VALUE, where=where, row=row, value=ascii(shown), expected=expected, line=line)


def required(values: Mapping[str, Any], name: str, element: Element, child: str) -> Any:
    """A field that the schemas want to be there.

    :raises BadDocument: naming the missing child.
    """
    value = values.get(name)
    if value is None:
        where = _path(element) or Term.DOCUMENT
        raise BadDocument(Wrong.CHILD_MISSING, where=where, child=child, line=_order_line(element))
    return value


def _path(element: Element) -> str:
    """Where an element stands below the root, such as ``cac:ValidityPeriod/cbc:StartTime``."""
    steps = [element, *element.iterancestors()]
    return "/".join(map(_step, reversed(steps[:-1])))


def _step(element: Element) -> str:
    name = etree.QName(element)
    prefix = PREFIXES.get(name.namespace or "")
    return f"{prefix}{name.localname}" if prefix is not None else name.text


def _order_line(element: Element) -> str | None:
    """The id of the order line that an element belongs to."""
    for above in (element, *element.iterancestors()):
        if above.tag == cac("LineItem"):
            return above.findtext(cbc("ID"))
    return None
