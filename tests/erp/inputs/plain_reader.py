"""A second reader of cells: plain, slow, and written from docs/files.md ("What is read how") alone.

Whoever wrote it had not written the product's reader and had not read it, and it must stay so: where the two disagree,
docs/files.md decides who is right, and nobody copies the one into the other. So there are no regular expressions here
and nothing imported from the product, only loops over characters.
"""

from __future__ import annotations

import unicodedata
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Collection

QUANTITY, AMOUNT, RATE = "quantity", "amount", "rate"
DIGITS = "0123456789"
SPACES = " \u00a0\u202f"
APOSTROPHES = "'\u2019"
MINUS = "-\u2212"
MARKS = {"comma": ",", "point": "."}
MOST_DECIMALS, MOST_WHOLE, GROUP = 6, 12, 3
MOST_RATE = 100
EURO = ("€", "EUROS", "EURO", "EUR")
NO_VALUE = {"null", "(null)", "<null>", "\\n", "nan", "n/a", "n.a."}
BEHIND_A_HASH = {
    "n/a", "ref!", "div/0!", "value!", "name?", "num!", "null!", "spill!", "calc!", "field!", "error!", "blocked!",
    "connect!", "unknown!", "getting_data", "valeur!", "nom?", "nombre!", "nul!", "propagation!", "calcul!", "champ!",
    "en_attente",
}  # fmt: skip
SITE = ZoneInfo("Europe/Paris")


def plain_number(text: str, kind: str, file_marks: Collection[str], said: str | None) -> Decimal | None:
    """The number of a cell, or nothing where it is refused. Written from docs/files.md by who did not write the first.

    `file_marks` are the marks before decimals of the file's other numbers that have one reading; `said` is what
    `--decimal-mark` says, `comma` or `point`. Amounts are those of an order in euros.
    """
    rest = without_marks(text.strip())
    percent = False
    if kind == AMOUNT:
        rest = _without_euros(rest)
    if kind == RATE and rest.endswith("%"):
        percent = True
        rest = _less_one_blank_behind(rest[:-1])
    negative = rest[:1] != "" and rest[0] in MINUS
    if negative or rest[:1] == "+":
        rest = rest[1:]
    number = _unsigned(rest, file_marks, said)
    if number is None:
        return None
    if negative:
        number = -number
    if kind == RATE and (not 0 <= number <= MOST_RATE or (0 < number < 1 and not percent)):
        return None
    return number


def without_marks(text: str) -> str:
    """A cell without ="…", and without an apostrophe before what a spreadsheet would compute."""
    if text.startswith('="') and text.endswith('"') and text.count('"') == 2:
        return text[2:-1].strip()
    if text[:1] == "'" and _is_changed_by_a_spreadsheet(text[1:]):
        return text[1:] if text[1].isspace() else text[1:].strip()
    return text


def _is_changed_by_a_spreadsheet(text: str) -> bool:
    """It takes some first characters away, and computes what has a sign behind blanks, quotes and what nobody sees."""
    if text[:1] in ("\t", "\r", "\n", "'"):
        return True
    signs = [each for each in text if each.isprintable() and not each.isspace() and each not in "'\""]
    return bool(signs) and unicodedata.normalize("NFKC", signs[0]) in ("=", "+", "-", "@")


def _without_euros(text: str) -> str:
    """An amount without the currency that it has at one end, and without the one blank between."""
    for name in EURO:
        if text.upper().startswith(name):
            rest = text[len(name) :]
            return rest[1:] if rest[:1] != "" and rest[0] in SPACES else rest
        if text.upper().endswith(name):
            return _less_one_blank_behind(text[: -len(name)])
    return text


def _less_one_blank_behind(text: str) -> str:
    return text[:-1] if text[-1:] != "" and text[-1] in SPACES else text


def _unsigned(text: str, file_marks: Collection[str], said: str | None) -> Decimal | None:
    """The readings of digits and marks: each mark is tried as the decimal one, and none; one reading must be left."""
    readings: dict[str, Decimal] = {}
    for decimal_mark in (",", ".", ""):
        number = _read_with(text, decimal_mark)
        if number is not None:
            readings[decimal_mark] = number
    if said is not None:
        the_mark = MARKS[said]
        allowed = {mark: number for mark, number in readings.items() if mark == the_mark}
        if the_mark not in text and "" in readings:
            allowed[""] = readings[""]
        readings = allowed
    if len(readings) == 1:
        return next(iter(readings.values()))
    for mark, number in readings.items():
        if mark != "" and set(file_marks) == {mark}:
            return number
    return None


def _read_with(text: str, decimal_mark: str) -> Decimal | None:
    """The number, if this mark stands before its decimals (none: it has no decimals)."""
    whole, decimals = text, ""
    if decimal_mark != "":
        if text.count(decimal_mark) != 1:
            return None
        whole, decimals = text.split(decimal_mark)
        if not _all_digits(decimals) or len(decimals.rstrip("0")) > MOST_DECIMALS:
            return None
    elif whole == "":
        return None
    digits = _without_thousands(whole)
    if digits is None or len(digits.lstrip("0")) > MOST_WHOLE:
        return None
    return Decimal((digits or "0") + "." + (decimals or "0"))


def _without_thousands(whole: str) -> str | None:
    """The digits before the decimals; marks for thousands are of one kind and stand between groups of three."""
    if whole == "" or _all_digits(whole):
        return whole
    groups = [""]
    marks: set[str] = set()
    for character in whole:
        if character in DIGITS:
            groups[-1] += character
        elif character in SPACES + APOSTROPHES + ".,":
            marks.add(character)
            groups.append("")
        else:
            return None
    if len(marks) != 1 or not 1 <= len(groups[0]) <= GROUP or groups[0][0] == "0":
        return None
    for group in groups[1:]:
        if len(group) != GROUP:
            return None
    return "".join(groups)


def _all_digits(text: str) -> bool:
    """Only 0 to 9, and at least one: other digits than these are none."""
    if text == "":
        return False
    for character in text:  # noqa: SIM110 - a loop on purpose
        if character not in DIGITS:
            return False
    return True


def plain_day(text: str) -> date | None:
    """The day of a cell, or nothing where it is refused. Written from docs/files.md by who did not write the first.

    The site is in Europe/Paris.
    """
    rest = without_marks(text.strip())
    length = 0
    while length < len(rest) and rest[length] in DIGITS + "/-":
        length += 1
    written, time = rest[:length], rest[length:]
    day = _written_day(written)
    if day is None or time == "":
        return day
    iso = "/" not in written
    for between in ("T", " ") if iso else (", ", " "):
        if time.startswith(between):
            return day if _is_time_of(day, time[len(between) :], iso=iso) else None
    return None


def _written_day(written: str) -> date | None:
    if "/" in written:
        parts = written.split("/")
        if len(parts) != 3:
            return None
        day, month, year = parts
        if len(day) not in (1, 2) or len(month) not in (1, 2):
            return None
    else:
        parts = written.split("-")
        if len(parts) != 3:
            return None
        year, month, day = parts
        if len(day) != 2 or len(month) != 2:
            return None
    if len(year) != 4 or not _all_digits(day + month + year):
        return None
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _is_time_of(day: date, time: str, *, iso: bool) -> bool:
    """If this is a time (8:15, 08:15:00, 08:15:00.000), with an offset or none, that lies on that day at the site."""
    clock, offset = time, ""
    for place, character in enumerate(time):
        if character in "Z+-":
            clock, offset = time[:place], time[place:]
            break
    if offset != "":
        clock = clock.removesuffix(" ")
    parts = clock.replace(",", ".").split(":")
    seconds, point, fraction = parts[-1].partition(".")
    if point != "":
        if len(parts) != 3 or not _all_digits(fraction) or len(fraction) > 9:
            return False
        parts[-1] = seconds
    if len(parts) not in (2, 3) or len(parts[0]) not in (1, 2):
        return False
    for part, end in zip(["0" * (2 - len(parts[0])) + parts[0], *parts[1:]], (24, 60, 60), strict=False):
        if not _is_two_digits_below(part, end):
            return False
    if offset == "":
        return True
    minutes = _offset_minutes(offset)
    if minutes is None or not iso:
        return False
    try:
        meridian = datetime(day.year, day.month, day.day, int(parts[0]), int(parts[1]), tzinfo=ZoneInfo("UTC"))
        return (meridian - timedelta(minutes=minutes)).astimezone(SITE).date() == day
    except OverflowError:
        return False


def _offset_minutes(offset: str) -> int | None:
    if offset == "Z":
        return 0
    hours, minutes = offset[1:3], offset[3:]
    minutes = minutes.removeprefix(":") if minutes != ":" else minutes
    if not _is_two_digits_below(hours, 24) or not (minutes == "" or _is_two_digits_below(minutes, 60)):
        return None
    offset_minutes = int(hours) * 60 + int(minutes or "0")
    return -offset_minutes if offset[0] == "-" else offset_minutes


def _is_two_digits_below(text: str, end: int) -> bool:
    return len(text) == 2 and _all_digits(text) and int(text) < end


def plain_identifier(text: str) -> str | None:
    """The text of a cell, or nothing where it is refused. Written from docs/files.md by who did not write the first."""
    rest = text.strip()
    rest = rest[1:].strip() if rest.startswith("'") else without_marks(rest)
    for character in rest:
        if not character.isprintable():
            return None
    if is_no_value(rest):
        return None
    return None if _has_lost_digits(rest) else rest


def is_no_value(text: str) -> bool:
    """If an identifier is what a program writes for none, or for an error: the table "No value" of the page."""
    small = text.lower()
    return small in NO_VALUE or is_error_anywhere(small)


def is_error_anywhere(small: str) -> bool:
    """The rows of that table that count in any column; the text is in small letters."""
    if small[:1] == "#":
        return small[1:] in BEHIND_A_HASH or (len(small) >= GROUP and set(small) == {"#"})
    word, colon, number = small.partition(":")
    word = word[:-1] if word[-1:].isspace() else word
    number = number[1:] if number[:1].isspace() else number
    return word in ("err", "erreur") and colon == ":" and len(number) == GROUP and _all_digits(number)


def _has_lost_digits(text: str) -> bool:
    """If a spreadsheet has written a long number with an exponent: 3,25039E+12, 325,039E+10."""
    if text[:1] in ("+", "-"):
        return _has_lost_digits(text[1:]) and text[1:2] in DIGITS
    mantissa, letter, exponent = text.upper().partition("E")
    if letter == "" or exponent[:1] != "+" or not _all_digits(exponent[1:]):
        return False
    before, mark, after = mantissa.replace(".", ",").partition(",")
    return _all_digits(before) and len(before) <= GROUP and (mark == "" or _all_digits(after))
