"""Order numbers, codes and other identifiers: texts, whatever a spreadsheet makes of them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from intergestan_db.file_tables.rows import EXACT
from intergestan_erp.inputs.unreadable import Unreadable, shown

GTIN_LENGTHS = (8, 12, 13, 14)
_SHORTENED = re.compile(r"[-+]?[0-9]{1,3}([.,][0-9]+)?E\+[0-9]+", re.IGNORECASE)
_AS_TEXT = re.compile(r'="(?P<text>[^"]*)"')
_CUT_AWAY = frozenset("\t\r\n'")
"""What a spreadsheet takes away at the beginning of a cell, whatever follows."""
_FORMULA_SIGNS = frozenset("=+-@")
_QUOTES = frozenset("\"'")

_ERRORS = frozenset(
    {
        *(
            "#N/A",
            "#REF!",
            "#DIV/0!",
            "#VALUE!",
            "#NAME?",
            "#NUM!",
            "#NULL!",
            "#SPILL!",
            "#CALC!",
            "#FIELD!",
            "#ERROR!",
        ),
        *("#VALEUR!", "#NOM?", "#NOMBRE!", "#NUL!", "#PROPAGATION!", "#CALCUL!", "#CHAMP!"),
        *("#BLOCKED!", "#CONNECT!", "#UNKNOWN!", "#GETTING_DATA", "#EN_ATTENTE"),
    }
)
"""What spreadsheets write for an error, in English and French."""
_ERROR = re.compile("#{3,}|(ERR|ERREUR)[ \u00a0\u202f]?:[ \u00a0\u202f]?[0-9]{3}", re.IGNORECASE)
_NOTHING = frozenset({"NULL", "(NULL)", "<NULL>", "\\N", "NAN", "N/A", "N.A."})
"""What databases and programs write for no value at all."""
_FILLERS = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]"
)
"""Letters, accents and signs, says Unicode, but with nothing to see: fillers, and selectors of a variant."""


def is_error(text: str) -> bool:
    """Whether a text is what a spreadsheet shows for an error, or for a column that is too narrow."""
    return text.upper() in _ERRORS or _ERROR.fullmatch(text) is not None


def refuse_error(text: str) -> None:
    """Refuse what a spreadsheet shows in place of a value.

    :raises Unreadable: see `is_error`.
    """
    if is_error(text):
        raise Unreadable(
            "{error} is an error of a spreadsheet, or of a column that is too narrow, and no value: correct it there, "
            "and export the file again.",
            error=shown(text),
        )


def plain_text(written: str) -> str:
    """A cell's text without the marks by which a spreadsheet says that it is one: `="0081"`, `'=A1`."""
    found = _AS_TEXT.fullmatch(written)
    if found is not None:
        return found["text"].strip()
    return written[1:] if written[:1] == "'" and _is_computed(written[1:]) else written


def guarded(text: str) -> str:
    """A text as a CSV file carries it so that no spreadsheet takes it for a formula; `plain_text` undoes it."""
    return f"'{text}" if _is_computed(text) else text


def _is_computed(text: str) -> bool:
    """Whether a spreadsheet may take a text for a formula, or take away how it begins.

    Blanks, quotes and characters that nobody sees do not keep it from that; and the wide and small signs of East Asian
    keyboards are the others for some (NFKC).
    """
    if text[:1] in _CUT_AWAY:
        return bool(text)
    for character in text:
        if not (character.isspace() or character in _QUOTES or not character.isprintable()):
            return unicodedata.normalize("NFKC", character) in _FORMULA_SIGNS
    return False


def in_workbook(text: str) -> str:
    """The same for a workbook, where a text is no formula, but may look like a marked one."""
    return f"'{text}" if text[:1] == "'" or _AS_TEXT.fullmatch(text) else text


def read_identifier(written: str) -> str:
    """An identifier as it is meant, of a cell that holds a text.

    :raises Unreadable: see `check_identifier`.
    """
    plain = plain_text(written)
    if plain == written:
        plain = written.removeprefix("'")
    plain = plain.strip()
    check_identifier(plain)
    return plain


def check_identifier(text: str) -> None:
    """Refuse what stands for no identifier, one that a spreadsheet has shortened, and one that nobody can read.

    :raises Unreadable: with the cure.
    """
    refuse_error(text)
    if text.upper() in _NOTHING:
        raise Unreadable(
            "«{value}» is what a program writes for no value: leave the cell empty, or write what is meant.",
            value=shown(text),
        )
    if _SHORTENED.fullmatch(text):
        raise Unreadable(
            "«{value}» has lost digits: a spreadsheet took it for a number. Format the column as text, and type it "
            "again.",
            value=shown(text),
        )
    if not text.isprintable() or (not text.isascii() and _FILLERS.search(text)):
        raise Unreadable("«{value}» has characters that nobody sees: type it again.", value=ascii(text))


def number_as_identifier(digits: str, form: str) -> str:
    """An identifier of a workbook's cell that holds a number: as its format shows it (0007), with all its digits.

    :raises Unreadable: when the workbook does not have all of its digits.
    """
    value = Decimal(digits)
    if value != value.to_integral_value() or abs(value) >= EXACT:
        raise Unreadable(
            "{value} is a number in the workbook, which keeps 15 digits of it and no zeros at its end: format the "
            "column as text, and type it again.",
            value=digits,
        )
    filled = _filled(abs(int(value)), form)
    return f"-{filled}" if value < 0 else filled


def check_gtin(text: str) -> None:
    """Refuse what is no GTIN.

    :raises Unreadable: when its length or its check digit is wrong.
    """
    if not re.fullmatch("[0-9]+", text) or len(text) not in GTIN_LENGTHS:
        raise Unreadable(
            "«{value}» is no GTIN: it has 8, 12, 13 or 14 digits. Correct it, or leave it out.", value=shown(text)
        )
    if not is_gtin(text):
        raise Unreadable(
            "«{value}» is no GTIN: its last digit does not check. Correct it, or leave it out.", value=shown(text)
        )


def is_gtin(text: str) -> bool:
    """Whether a text is a GTIN: 8, 12, 13 or 14 digits of which the last checks the others."""
    if len(text) not in GTIN_LENGTHS or not re.fullmatch("[0-9]+", text):
        return False
    weighted = sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(text)))
    return weighted % 10 == 0


def same_gtins(gtin: str) -> list[str]:
    """The ways to write one GTIN: with zeros in front, up to 14 digits."""
    short = gtin.lstrip("0")
    return [short.zfill(length) for length in GTIN_LENGTHS if length >= len(short)]


def _filled(number: int, form: str) -> str:
    """A whole number in a format of digits and texts, such as `0000` or `"CF-"000-000`; else its digits."""
    parts = list(_parts(form.partition(";")[0]))
    places = sum(part == "0" for part in parts if part is not None)
    if None in parts or not places:
        return str(number)
    digits = str(number).zfill(places)
    extra = len(digits) - sum(part in {"0", "#"} for part in parts)
    shown_parts: list[str] = []
    for part in reversed(parts):
        assert part is not None
        if part not in {"0", "#"}:
            shown_parts.append(part[1:])
        elif digits:
            shown_parts.append(digits[-1])
            digits = digits[:-1]
    if extra > 0:
        first = max(index for index, part in enumerate(reversed(parts)) if part in {"0", "#"})
        shown_parts.insert(first + 1, digits)
    return "".join(reversed(shown_parts))


def _parts(form: str) -> Iterator[str | None]:
    """A format's places for digits (`0`, `#`) and its texts (`'…`); None for what means something else."""
    rest = re.sub(r"\[[^]]*\]", "", form)
    while rest:
        if rest[0] in "0#":
            yield rest[0]
            rest = rest[1:]
        elif rest[0] == '"':
            text, _, rest = rest[1:].partition('"')
            yield f"'{text}"
        elif rest[0] == "\\":
            yield f"'{rest[1:2]}"
            rest = rest[2:]
        elif rest[0] in " -/()\u00a0":
            yield f"'{rest[0]}"
            rest = rest[1:]
        else:
            yield None
            return
