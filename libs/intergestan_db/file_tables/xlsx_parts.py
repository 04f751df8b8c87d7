"""What a workbook's parts say about its sheets: which there are, their texts, formats and calendar.

A workbook is a zip of XML parts (ECMA-376). Everything is read behind the limits of `zip_safety`, without entities.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import Any

from lxml import etree

from intergestan_db.file_tables.zip_safety import read_part
from intergestan_db.problem import Fault, FileProblems

Element = Any

BOOK = "xl/workbook.xml"
_SHORT = re.compile("[0-9]{1,3}")
_DAYS = re.compile(r"[ymdhs]")
_DATES = re.compile(r"[yd]|mmm")
_BUILT_IN = {
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    **dict.fromkeys((14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, *range(32, 36), 45, 46, 47), "hh:mm:ss"),
    37: "#,##0",
    38: "#,##0",
    39: "#,##0.00",
    40: "#,##0.00",
    48: "##0.0E+0",
    49: "@",
}
"""The formats that a workbook names by number alone. Those of days differ by language, not in what they are."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet: its name and the part that holds it."""

    name: str
    part: str


@dataclass(frozen=True, slots=True)
class Book:
    """What all sheets of a workbook share.

    :ivar formats: the number format of each style, by its place.
    :ivar since_1904: whether days are counted from 1904, as old Macintosh workbooks do.
    """

    sheets: Sequence[Sheet]
    texts: Sequence[str]
    formats: Sequence[str]
    since_1904: bool


def read_book(file: str, archive: zipfile.ZipFile) -> Book:
    """The visible sheets of a workbook in its order, and what they share.

    :raises FileProblems: when its parts are damaged.
    """
    root = parse(file, archive, BOOK)
    targets = _targets(file, archive)
    properties = root.find("{*}workbookPr")
    parts = set(archive.namelist())
    sheets = []
    for sheet in root.iterfind("{*}sheets/{*}sheet"):
        relation = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        part = targets.get(relation, "")
        if sheet.get("state", "visible") == "visible" and part in parts:
            sheets.append(Sheet(sheet.get("name", ""), part))
    return Book(
        sheets=sheets,
        texts=list(_texts(file, archive, targets)),
        formats=_formats(file, archive, targets),
        since_1904=properties is not None and properties.get("date1904") in {"1", "true"},
    )


def parse(file: str, archive: zipfile.ZipFile, part: str) -> Element:
    """The root element of a part.

    :raises FileProblems: when it is no well-formed XML.
    """
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(read_part(file, archive, part), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(file, part) from error
    _refuse_entities(file, part, root)
    return root


def walk(file: str, part: str, data: bytes, tags: Sequence[str]) -> Iterator[Element]:
    """The elements of a part that have one of these tags, one after the other; each is emptied when the next comes.

    :raises FileProblems: when it is no well-formed XML.
    """
    found = etree.iterparse(
        io.BytesIO(data),
        tag=tags,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        for _, element in found:
            _refuse_entities(file, part, element)
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except (etree.XMLSyntaxError, ValueError) as error:
        raise damaged(file, part) from error


def _refuse_entities(file: str, part: str, element: Element) -> None:
    """A part that declares entities would say less than it seems to: none of them is put in. No workbook has any."""
    if element.getroottree().docinfo.internalDTD is not None:
        raise damaged(file, part)


def damaged(file: str, part: str) -> FileProblems:
    """What is said of a part that is no XML of a workbook."""
    return FileProblems(file, [Fault(None, None, "This workbook cannot be read: save it again as XLSX.", part=part)])


def is_day(form: str) -> bool:
    """Whether a number format shows a day or a time."""
    return _DAYS.search(_bare(form)) is not None


def is_clock(form: str) -> bool:
    """Whether a format of a day or a time shows no day: hours and minutes alone."""
    return _DATES.search(_bare(form)) is None


def is_percent(form: str) -> bool:
    """Whether a number format shows a percentage: 0.2 as 20 %."""
    return "%" in _bare(form)


def _bare(form: str) -> str:
    """The part of a format for numbers above zero, without texts in quotes, colours and conditions."""
    plain = re.sub(r'"[^"]*"|\\.|_.|\*.', "", form.partition(";")[0])
    return re.sub(r"\[(?!h+\]|m+\]|s+\])[^]]*\]", "", plain, flags=re.IGNORECASE).lower().replace("general", "")


def text_of(item: Element) -> str:
    """A text of a cell: its runs without what is only read aloud (`rPh`)."""
    parts = [run.text or "" for run in item.iterfind("{*}t")]
    parts += [run.text or "" for run in item.iterfind("{*}r/{*}t")]
    return unescaped("".join(parts))


def unescaped(text: str) -> str:
    """`_x000D_` is how a workbook writes a character that XML does not let stand."""
    if "_x" not in text:
        return text
    units = re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)
    return units.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # half of a character is none


def _targets(file: str, archive: zipfile.ZipFile) -> dict[str, str]:
    """The parts that the workbook refers to, by the name of the reference; the kinds of some by their own."""
    name = "xl/_rels/workbook.xml.rels"
    if name not in archive.namelist():
        return {}
    targets = {}
    for relation in parse(file, archive, name):
        written = relation.get("Target", "")
        part = written.lstrip("/") if written.startswith("/") else normpath(join(dirname(BOOK), written))
        targets[relation.get("Id", "")] = part
        targets[relation.get("Type", "").rpartition("/")[2]] = part
    return targets


def _texts(file: str, archive: zipfile.ZipFile, targets: dict[str, str]) -> Iterator[str]:
    part = targets.get("sharedStrings", "xl/sharedStrings.xml")
    if part in archive.namelist():
        for item in walk(file, part, read_part(file, archive, part), ["{*}si"]):
            yield text_of(item)


def _formats(file: str, archive: zipfile.ZipFile, targets: dict[str, str]) -> list[str]:
    part = targets.get("styles", "xl/styles.xml")
    if part not in archive.namelist():
        return []
    root = parse(file, archive, part)
    own = {each.get("numFmtId"): each.get("formatCode", "") for each in root.iterfind("{*}numFmts/{*}numFmt")}
    formats = []
    for style in root.iterfind("{*}cellXfs/{*}xf"):
        number = style.get("numFmtId", "0")
        built_in = _BUILT_IN.get(int(number), "General") if _SHORT.fullmatch(number) else "General"
        formats.append(own.get(number, built_in))
    return formats
