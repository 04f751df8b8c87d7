"""The one reader of numbers as people write them: strict, exact, and never a guess.

`1 234,56`, `1.234,56`, `1'234.56` and `-5` are numbers, whatever made them. What stands between digits must be a
mark for thousands (of one kind, between groups of three) or the one decimal mark. `1.234` alone may be either: then
the other numbers of the file decide, or whoever hands it in (`Marks`), or nobody, and it is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from intergestan_db.problem import Act, ProblemCode
from intergestan_erp.inputs.figure import Figure, Mark
from intergestan_erp.inputs.unreadable import Unreadable, shown
from intergestan_msg.money import MILLIONTH, fits

BLANKS = " \u00a0\u202f"
"""The blanks that French typography puts between thousands, and before a sign."""

_LONGEST = 200
"""Characters of a number, with all that may stand around it. A longer text is none, and is not looked at further."""

_GROUPS = f"{BLANKS}'’.,"
_MINUS = "-\u2212"
_WHOLE = re.compile(r"[0-9]+")
_GROUPED = re.compile(rf"[1-9][0-9]{{0,2}}(?P<mark>[{_GROUPS}])[0-9]{{3}}((?P=mark)[0-9]{{3}})*")
_SIGN_AT_END = re.compile(rf"(?P<number>.*[0-9])[{BLANKS}]?(?P<sign>[^\W\d_]+|[^\w\s{re.escape('.,-+()%')}’'\u2212])")
_SIGN_AT_START = re.compile(
    rf"(?P<sign>[^\W\d_]+|[^\w\s{re.escape('.,-+()%')}’'\u2212])[{BLANKS}]?(?P<number>[-+\u2212]?[0-9.,].*)"
)
_PERCENT = re.compile(rf"(?P<number>.*[0-9])[{BLANKS}]?%")
_SHORTENED = re.compile(r"[-+]?[0-9]+([.,][0-9]+)?[eE][-+]?[0-9]+")
_BRACKETS = re.compile(rf"\((?P<number>[^()]+)\)|(?P<before>[0-9].*?)[{BLANKS}]?[{_MINUS}]")
_WITH_UNIT = re.compile(rf"[-+]?[0-9][0-9.,{BLANKS}]*[^\W\d_][^\n]*")
_SIGN_INSIDE = re.compile(r"[-+]?[0-9][^\n]*[€$£¥][^\n]*[0-9]")
_BADLY_GROUPED = re.compile(rf"[-+\u2212]?[0-9][0-9{_GROUPS}]*")

_SIGNS = {Mark.COMMA: ",", Mark.POINT: "."}


@dataclass(frozen=True, slots=True)
class Marks:
    """What is known about the decimal mark beside the number itself.

    :ivar said: what a person said of all numbers of a file.
    :ivar seen: what the other numbers of the file have.
    :ivar in_file: whether there is a file at all: a typed number can be written otherwise.
    """

    said: Mark | None = None
    seen: frozenset[Mark] = frozenset()
    in_file: bool = False


TYPED = Marks()


@dataclass(frozen=True, slots=True)
class Written:
    """A number that was read.

    :ivar sign: the currency beside an amount, as it was written.
    :ivar percent: whether a rate had its sign.
    """

    value: Decimal
    sign: str | None = None
    percent: bool = False


def read_number(text: str, figure: Figure = Figure.QUANTITY, marks: Marks = TYPED) -> Written:
    """The number that a text is, with at most 6 decimals.

    :raises Unreadable: for everything else, with the cure.
    """
    core, negative, sign, percent = _taken_apart(text[:_LONGEST], figure)
    found = _readings(core)
    if not found or len(text) > _LONGEST:
        raise _why(text[:_LONGEST], figure)
    value = _decided(text, core, found, marks)
    if not fits(value, MILLIONTH):
        raise Unreadable(
            "«{value}» is too large, or has more than 6 decimals: write it like 1234,56.", value=shown(text.strip())
        )
    return Written(-value if negative else value, sign, percent)


def marks_seen(texts: Iterable[tuple[str, Figure]]) -> frozenset[Mark]:
    """Which decimal marks the numbers of a file have, as far as they can be read in one way only."""
    seen: set[Mark] = set()
    for text, figure in texts:
        found = {mark for mark in _readings(_taken_apart(text[:_LONGEST], figure)[0]) if mark is not None}
        if len(found) == 1:
            seen |= found
    return frozenset(seen)


def _taken_apart(text: str, figure: Figure) -> tuple[str, bool, str | None, bool]:
    """The digits with the marks between them; whether a minus stood before; the currency; whether a % stood behind."""
    core, sign, percent = text.strip(), None, False
    if figure is Figure.AMOUNT:
        found = _SIGN_AT_END.fullmatch(core) or _SIGN_AT_START.fullmatch(core)
        if found is not None:
            core, sign = found["number"], found["sign"]
    elif figure is Figure.RATE:
        found = _PERCENT.fullmatch(core)
        if found is not None:
            core, percent = found["number"], True
    negative = core[:1] in _MINUS and core != ""
    return core[1:] if core[:1] in {*_MINUS, "+"} else core, negative, sign, percent


def _readings(core: str) -> dict[Mark | None, Decimal]:
    """What the digits may be, by the decimal mark that each reading takes for granted; None takes none."""
    return dict(_possible(core))


def _possible(core: str) -> Iterator[tuple[Mark | None, Decimal]]:
    if _WHOLE.fullmatch(core):
        yield None, Decimal(core)
        return
    grouped = _GROUPED.fullmatch(core)
    if grouped is not None:
        mark = {".": Mark.COMMA, ",": Mark.POINT}.get(grouped["mark"])
        yield mark, Decimal(core.replace(grouped["mark"], ""))
    for mark, sign in _SIGNS.items():
        whole, found, decimals = core.partition(sign)
        if not found or not _WHOLE.fullmatch(decimals):
            continue
        grouped = _GROUPED.fullmatch(whole)
        if grouped is not None:
            whole = whole.replace(grouped["mark"], "")
        if whole == "" or _WHOLE.fullmatch(whole):
            yield mark, Decimal(f"{whole or '0'}.{decimals}")


def _decided(text: str, core: str, found: dict[Mark | None, Decimal], marks: Marks) -> Decimal:
    """The reading that counts.

    :raises Unreadable: when nothing decides between two, or what decides leaves none.
    """
    written = shown(text.strip())
    if marks.said is not None:
        fitting = [value for mark, value in found.items() if mark in {None, marks.said}]
        if not fitting:
            raise Unreadable(
                "«{value}» is no number with the decimal mark {mark}: correct it, or do not say a decimal mark.",
                ProblemCode.UNREADABLE,
                (Act.SAY_DECIMAL_MARK,),
                value=written,
                mark=_SIGNS[marks.said],
            )
        return fitting[0]
    if len(found) == 1:
        return next(iter(found.values()))
    sign = Mark.POINT if "." in core else Mark.COMMA
    if marks.seen == {sign}:
        return found[sign]
    one, other = sorted(found.values())
    if marks.seen and len(marks.seen) == 1:
        raise Unreadable(
            "«{value}» may be {one} or {other}: the other numbers of the file have «{mark}» before the decimals. "
            "Write it as they are written, or say the decimal mark of the whole file.",
            ProblemCode.UNREADABLE,
            (Act.SAY_DECIMAL_MARK,),
            value=written,
            one=f"{one:f}0",
            other=f"{other:f}",
            mark=_SIGNS[next(iter(marks.seen))],
        )
    if marks.in_file:
        raise Unreadable(
            "«{value}» may be {one} or {other}, and nothing in the file decides: say whether the decimal mark is "
            "comma or point, or write the number without a mark for thousands.",
            ProblemCode.UNREADABLE,
            (Act.SAY_DECIMAL_MARK,),
            value=written,
            one=f"{one:f}0",
            other=f"{other:f}",
        )
    raise Unreadable(
        "«{value}» may be {one} or {other}: write it like one of these.",
        value=written,
        one=f"{one:f}0",
        other=f"{other:f}",
    )


def _why(text: str, figure: Figure) -> Unreadable:
    """Why a text is no number."""
    plain = text.strip()
    value = shown(plain)
    if "\n" in plain or "\r" in plain:
        return Unreadable("«{value}» has more than one line: write one number, like 1234,56.", value=value)
    if _SHORTENED.fullmatch(plain):
        return Unreadable("«{value}» is a shortened number: write all its digits, like 1234,56.", value=value)
    if _BRACKETS.fullmatch(plain):
        return Unreadable(
            "«{value}» is not read as a negative number: write the minus in front, like -1234,56.", value=value
        )
    if "%" in plain and figure is not Figure.RATE:
        return Unreadable(
            "«{value}» is a percentage, which cannot stand here: write a number like 1234,56.", value=value
        )
    if figure is Figure.RATE:
        return Unreadable("«{value}» is no rate: write it like 20, 5,5 or 20 %.", value=value)
    if figure is Figure.QUANTITY and _WITH_UNIT.fullmatch(plain):
        return Unreadable(
            "«{value}» is more than a number: a unit has a column of its own. Write the number alone, like 1234,56.",
            value=value,
        )
    if _SIGN_INSIDE.fullmatch(plain):
        return Unreadable(
            "«{value}» is not a number: a currency stands only before or after an amount. Write it like 1234,56.",
            value=value,
        )
    if _BADLY_GROUPED.fullmatch(plain):
        return Unreadable(
            "«{value}» is not a number: blanks, points, commas and apostrophes stand only between groups of three "
            "digits, all of one kind, and one mark before the decimals. Write it like 1234,56 or 1234.56.",
            value=value,
        )
    return Unreadable(
        "«{value}» is not a number: write it like 1234,56 or 1234.56, with at most 6 decimals.", value=value
    )
