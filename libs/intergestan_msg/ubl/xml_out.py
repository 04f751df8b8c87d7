"""From values to XML text: elements with escaped content, and nothing at all where there is no value."""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TypeVar

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadDocument
from intergestan_msg.order import Identifier
from intergestan_msg.ubl.names import CAC, CBC

Value = TypeVar("Value")

# Characters that XML 1.0 cannot write. A carriage return goes as a reference, or a reader would drop it.
_UNWRITABLE = bytes(set(range(32)) - {0x09, 0x0A, 0x0D})
_NONCHARACTERS = ("\ufffe".encode(), "\uffff".encode())


def document(root: str, namespace: str, content: str) -> bytes:
    """A whole document in UTF-8.

    :raises BadDocument: when a text has a character that XML can't carry, such as NUL.
    """
    start = f'<{root} xmlns="{namespace}" xmlns:cac="{CAC}" xmlns:cbc="{CBC}">'
    try:
        xml = f'<?xml version="1.0" encoding="UTF-8"?>\n{start}{content}</{root}>\n'.encode()
    except UnicodeEncodeError as error:
        raise BadDocument(Wrong.UNFIT_FOR_XML, error=error) from None
    if len(xml.translate(None, _UNWRITABLE)) != len(xml) or any(each in xml for each in _NONCHARACTERS):
        raise BadDocument(Wrong.CONTROL_CHARACTER)
    return xml


def escape(value: str) -> str:
    """Text as the content of an element."""
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return value.replace("\r", "&#13;") if "\r" in value else value


def attribute(name: str, value: str | None) -> str:
    """An attribute with a blank before it, or nothing."""
    if value is None:
        return ""
    value = escape(value).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return f' {name}="{value}"'


def text(tag: str, value: str | None) -> str:
    """A basic component with text."""
    return f"<cbc:{tag}>{escape(value)}</cbc:{tag}>" if value else ""


def identifier(tag: str, value: Identifier | None, scheme: str = "schemeID") -> str:
    """An id with its scheme."""
    if value is None:
        return ""
    return f"<cbc:{tag}{attribute(scheme, value.scheme)}>{escape(value.value)}</cbc:{tag}>"


def number(tag: str, value: Decimal | None) -> str:
    """A number, never with an exponent."""
    return f"<cbc:{tag}>{value:f}</cbc:{tag}>" if value is not None else ""


def amount(tag: str, value: Decimal | None, currency: str) -> str:
    """An amount with its currency."""
    return f'<cbc:{tag} currencyID="{currency}">{value:f}</cbc:{tag}>' if value is not None else ""


def quantity(tag: str, value: Decimal | None, unit: str | None) -> str:
    """A quantity with its unit."""
    return f"<cbc:{tag}{attribute('unitCode', unit)}>{value:f}</cbc:{tag}>" if value is not None else ""


def flag(tag: str, value: bool | None) -> str:  # noqa: FBT001 (it is what the element says)
    """A truth value."""
    return f"<cbc:{tag}>{'true' if value else 'false'}</cbc:{tag}>" if value is not None else ""


def inside(tag: str, content: str) -> str:
    """An aggregate, unless it would be empty (Peppol has no empty elements)."""
    return f"<cac:{tag}>{content}</cac:{tag}>" if content else ""


def optional(write: Callable[[Value], str], value: Value | None) -> str:
    """What `write` makes of a value, if there is one."""
    return write(value) if value is not None else ""


def each(write: Callable[[Value], str], values: Iterable[Value]) -> str:
    """What `write` makes of all values, one after the other."""
    return "".join(map(write, values))
