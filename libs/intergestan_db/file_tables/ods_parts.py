"""What an OpenDocument workbook (ODF 1.2 to 1.4, part 3) says of its cells: their texts, and how they are shown.

Number formats are handed on in the grammar of XLSX, so that one reader knows what they show.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

Element = Any

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_NUMBER = "{urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0}"

_COUNT = re.compile("[0-9]{1,7}")
_BLANKS = re.compile("[ \t\r\n]+")
_NOT_SHOWN = {f"{OFFICE}annotation", f"{OFFICE}annotation-end", f"{_TEXT}note", f"{_TEXT}ruby-text"}
_MOST_BLANKS = 100
"""In a row of one `text:s`. A text that is to have more has no more to say."""
_MOST_PLACES = 100
_MOST_PARENTS = 20

FORMATS = tuple(f"{_NUMBER}{kind}-style" for kind in ("number", "currency", "percentage"))
STYLE = f"{_STYLE}style"


def count(written: str | None, otherwise: int) -> int | None:
    """A whole number of a few digits; what stands for it where there is none, None where it is another text."""
    if written is None:
        return otherwise
    return int(written) if _COUNT.fullmatch(written) else None


def text_of(cell: Element) -> str:
    """What a cell shows, a line for each paragraph, without its comments."""
    lines = ("".join(_shown(each)) for each in cell.iterchildren(f"{_TEXT}p", f"{_TEXT}h"))
    return "\n".join(lines)


def _shown(element: Element) -> Iterator[str]:
    yield _BLANKS.sub(" ", element.text or "")
    for child in element:
        if child.tag == f"{_TEXT}s":
            yield " " * min(count(child.get(f"{_TEXT}c"), 1) or _MOST_BLANKS, _MOST_BLANKS)
        elif child.tag == f"{_TEXT}tab":
            yield "\t"
        elif child.tag == f"{_TEXT}line-break":
            yield "\n"
        elif child.tag not in _NOT_SHOWN:
            yield from _shown(child)
        yield _BLANKS.sub(" ", child.tail or "")


class Formats:
    """The formats of a workbook's styles, as its parts name them one after the other."""

    def __init__(self) -> None:
        self._formats: dict[str, tuple[str, str | None]] = {}
        self._styles: dict[str, tuple[str | None, str | None]] = {}
        self.hidden: set[str] = set()
        """Styles of sheets that are not shown."""

    def add(self, element: Element) -> None:
        """Note a style of cells or sheets, or a format of numbers."""
        name = element.get(f"{_STYLE}name", "")
        if element.tag != STYLE:
            self._formats[name] = (_format(element), _for_others(element))
        elif element.get(f"{_STYLE}family") == "table-cell":
            data, parent = (element.get(f"{_STYLE}{each}-style-name") for each in ("data", "parent"))
            self._styles[name] = (data, parent)
        elif element.get(f"{_STYLE}family") == "table":
            shown = element.find(f"{_STYLE}table-properties")
            if shown is not None and shown.get(f"{TABLE}display") == "false":
                self.hidden.add(name)

    def of(self, style: str | None, currency: str | None) -> str:
        """The format of cells that have a style.

        :param currency: its code, which a cell may state; it stands where the format has a sign.
        """
        for _ in range(_MOST_PARENTS):
            data, style = self._styles.get(style or "", (None, None))
            if data is not None or style is None:
                break
        else:
            data = None
        form, others = self._formats.get(data or "", ("", None))
        if others is not None:  # this one is for numbers below zero
            form = f"{self._formats.get(others, ('', None))[0]};{form}"
        return re.sub(f"{_SIGN}[^{_SIGN}]*{_SIGN}", _quoted(currency), form) if currency else form.replace(_SIGN, '"')


_SIGN = "\x01"
"""Stands around the sign of a currency, until a cell says which one it is: no text of XML has it."""


def _format(element: Element) -> str:
    return "".join(_token(each) for each in element)


def _token(element: Element) -> str:
    kind = str(element.tag).removeprefix(_NUMBER)
    if kind == "number":
        return _digits(element)
    if kind == "scientific-number":
        return "0.00E+00"
    if kind == "fraction":
        return "# ?/?"
    if kind == "currency-symbol":
        return f"{_SIGN}{_plain(element.text)}{_SIGN}"
    return _quoted(element.text) if kind == "text" and element.text else ""


def _digits(element: Element) -> str:
    places, decimals = (
        min(count(element.get(f"{_NUMBER}{name}"), otherwise) or 0, _MOST_PLACES)
        for name, otherwise in (("min-integer-digits", 1), ("decimal-places", 0))
    )
    if places == 1 and element.get(f"{_NUMBER}decimal-places") is None and len(element.attrib) == 1:
        return "General"
    whole = "0" * places or "#"
    factor = element.get(f"{_NUMBER}display-factor", "1")
    divided = "," * (factor.count("0") // 3) if re.fullmatch("1(000){1,9}", factor) else ""
    inside = "".join(_quoted(each.text) for each in element if each.text)
    grouped = "#," + "#" * max(0, 3 - places) if element.get(f"{_NUMBER}grouping") == "true" and not inside else ""
    return f"{grouped}{whole}{'.' + '0' * decimals if decimals else ''}{divided}{inside}"


def _for_others(element: Element) -> str | None:
    """The format for numbers that are not below zero, where this one is for those that are."""
    for each in element.iterchildren(f"{_STYLE}map"):
        if _BLANKS.sub("", each.get(f"{_STYLE}condition", "")) in {"value()>=0", "value()>0"}:
            applied: str | None = each.get(f"{_STYLE}apply-style-name")
            return applied
    return None


def _quoted(text: str | None) -> str:
    return f'"{_plain(text)}"'


def _plain(text: str | None) -> str:
    return (text or "").replace('"', "")
