"""A second reader of cells, written from the tables of docs/files.md alone, by someone who had not seen the first.

It goes through the page from top to bottom, slow and literal; `test_plain_reader.py` compares the two. What the page
does not say, it does not know: a change of the product's reading begins with one of the page, then of this file.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from zoneinfo import ZoneInfo

BLANK = "[ \u00a0\u202f]"
MARKS = {"comma": ",", "point": "."}
NO_VALUE = ("NULL", "(NULL)", "<NULL>", r"\N", "NaN", "N/A", "N.A.")
ERRORS = (
    *("#N/A", "#REF!", "#DIV/0!", "#VALUE!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!", "#FIELD!", "#ERROR!"),
    *("#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA"),
    *("#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!", "#CALCUL!", "#CHAMP!", "#EN_ATTENTE"),
)
UNSEEN = "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
"""Letters, accents and signs by category, with nothing to see."""


class Fault(Exception):
    """The page says that this is one."""


def is_unseen(character: str) -> bool:
    """Whether nobody sees it, no font has it, or it is a blank that looks like the usual one."""
    no_shape = unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"} and character != " "
    return no_shape or re.match(UNSEEN, character) is not None


def computed(text: str) -> bool:
    """Whether a spreadsheet would compute it, or cut something away: what an apostrophe of ours stands before."""
    if text[:1] in {"\t", "\n", "\r", "'"}:
        return True
    bare = next((each for each in text if not (each.isspace() or is_unseen(each) or each in "\"'")), "")
    return bare != "" and bare in "=+-@＝＋－＠"


def meant(cell: str, *, identifier: bool = False) -> str:
    """The text that a cell stands for."""
    text = cell.strip()
    if text.startswith("'") and (identifier or computed(text[1:])):
        return text[1:].strip() if identifier else text[1:]
    if re.fullmatch(r'="[^"]*"', text, re.DOTALL):
        return text[2:-1].strip()
    return text


GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:(?P<mark>[ \u00a0\u202f'’.,])[0-9]{3})(?:(?P=mark)[0-9]{3})*")
DIGITS = re.compile(r"[0-9]*")


def without_currency(text: str) -> str:
    """An amount of an order in euros without its currency."""
    currency = "(?:€|euros?|eur)"
    for form in (f"(?P<rest>.*[0-9]){BLANK}?{currency}", f"{currency}{BLANK}?(?P<rest>.+)"):
        found = re.fullmatch(form, text, re.DOTALL | re.IGNORECASE)
        if found:
            return found["rest"]
    return text


def readings(text: str, said: str | None) -> dict[str, Decimal]:
    """What unsigned digits may be, by the mark before the decimals; "" where nothing tells which that would be."""
    found = {}
    for mark in (",", "."):
        if said is not None and mark != MARKS[said]:
            continue
        whole, point, decimals = text.rpartition(mark) if mark in text else (text, "", "")
        if point and not re.fullmatch("[0-9]+", decimals):
            continue
        group = GROUPED.fullmatch(whole)
        if not (DIGITS.fullmatch(whole) or (group and group["mark"] != mark)) or not (whole or point):
            continue
        marks = {mark} if point else {"," if group["mark"] == "." else "."} if group and group["mark"] in ".," else {""}
        digits = re.sub("[^0-9]", "", whole)
        found[marks.pop()] = Decimal(f"{digits or '0'}.{decimals or '0'}")
    return found


def number(cell: str, kind: str, marks: frozenset[str], said: str | None) -> Decimal | None:
    """A quantity, amount or rate.

    :param marks: those before the decimals of the file's other numbers.
    :raises Fault:
    """
    text = meant(cell)
    if not text:
        return None
    percent = False
    if kind == "amount":
        text = without_currency(text)
    elif kind == "rate":
        bare = re.sub(f"{BLANK}?%$", "", text)
        percent, text = bare != text, bare
    sign, digits = (text[0], text[1:]) if text[:1] in {"+", "-", "\u2212"} else ("", text)
    found = readings(digits, said)
    if len(found) > 1:
        found = {mark: found[mark] for mark in marks if len(marks) == 1 and mark in digits}
    if len(found) != 1:
        raise Fault
    (value,) = found.values()
    if value >= 10**12 or value != round(value, 6):
        raise Fault
    value = -value if sign in {"-", "\u2212"} else value
    if kind == "rate" and (not 0 <= value <= 100 or (0 < value < 1 and not percent)):
        raise Fault
    return value


def decimal_marks(cells: Iterable[tuple[str, str]]) -> frozenset[str]:
    """The marks before the decimals of those numbers that have one reading."""
    marks = set()
    for cell, kind in cells:
        text = meant(cell)
        text = without_currency(text) if kind == "amount" else re.sub(f"{BLANK}?%$", "", text)
        found = readings(text.lstrip("+-\u2212"), None)
        if len(found) == 1:
            marks |= set(found)
    return frozenset(marks - {""})


TIME = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2})(?::(?P<second>[0-9]{2})(?:[.,][0-9]{1,9})?)?"
OFFSET = f"(?:{BLANK}?(?:Z|(?P<sign>[+-])(?P<hours>[0-9]{{2}})(?::?(?P<minutes>[0-9]{{2}}))?))?"
FORMS = (
    re.compile(rf"(?P<day>[0-9]{{1,2}})/(?P<month>[0-9]{{1,2}})/(?P<year>[0-9]{{4}})(?:,? {TIME})?"),
    re.compile(rf"(?P<year>[0-9]{{4}})-(?P<month>[0-9]{{2}})-(?P<day>[0-9]{{2}})(?:[T ]{TIME}(?P<offset>{OFFSET}))?"),
)


def day(cell: str, zone: ZoneInfo) -> date | None:
    """A day at a site.

    :raises Fault:
    """
    text = meant(cell)
    if not text:
        return None
    found = next(filter(None, (form.fullmatch(text) for form in FORMS)), None)
    if found is None:
        raise Fault
    parts = found.groupdict()
    try:
        read = date(int(parts["year"]), int(parts["month"]), int(parts["day"]))
        clock = time(int(parts["hour"] or 0), int(parts["minute"] or 0), int(parts["second"] or 0))
        if parts.get("offset"):
            offset = time(int(parts["hours"] or 0), int(parts["minutes"] or 0))
            ahead = timedelta(hours=offset.hour, minutes=offset.minute) * (-1 if parts["sign"] == "-" else 1)
            if datetime.combine(read, clock, timezone(ahead)).astimezone(zone).date() != read:
                raise Fault
    except (ValueError, OverflowError):
        raise Fault from None
    return read


def is_error(text: str) -> bool:
    """Whether a program wrote that instead of a value."""
    if text.upper() in ERRORS or re.fullmatch("#{3,}", text):
        return True
    return bool(re.fullmatch(f"err(?:eur)?{BLANK}?:{BLANK}?[0-9]{{3}}", text, re.IGNORECASE))


def words(cell: str) -> str | None:
    """A text of a column of any texts.

    :raises Fault:
    """
    text = meant(cell)
    if is_error(text):
        raise Fault
    return text or None


def identifier(cell: str) -> str | None:
    """An order's number, a product's code.

    :raises Fault:
    """
    text = meant(cell, identifier=True)
    no_value = text.upper() in {each.upper() for each in NO_VALUE}
    lost_digits = re.fullmatch(r"[0-9]{1,3}(?:[.,][0-9]+)?E[+][0-9]+", text, re.IGNORECASE)
    if no_value or is_error(text) or lost_digits or any(map(is_unseen, text)):
        raise Fault
    return unicodedata.normalize("NFC", text) or None
