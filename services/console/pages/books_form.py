"""The form of an entry that is typed: between the texts of its fields and the entry that a person means. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final

from intergestan_db.enums import Journal
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.books.typed import TYPED, TypedEntry, TypedLine, sums_of
from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_msg.money import ZERO
from intergestan_operations.language import formats

HEAD: Final = ("journal", "date", "piece", "libelle")
LINE: Final = ("compte", "tiers", "debit", "credit", "intitule")
MOST_LINES: Final = 500
FEW: Final = 3
_NUMBERED: Final = re.compile(r"l([1-9]\d{0,3})_(\w+)")


@dataclass(frozen=True, slots=True)
class EntryForm:
    """The texts of all fields: of the head by their names, and of each line."""

    head: Mapping[str, str]
    lines: tuple[Mapping[str, str], ...]

    def with_lines(self, lines: Iterable[Mapping[str, str]]) -> EntryForm:
        """The same with these lines."""
        return replace(self, lines=tuple(lines)[:MOST_LINES])


@dataclass(frozen=True, slots=True)
class Read:
    """What the fields say.

    :ivar entry: None where a field is wrong; `rows`: which line of the form each of its lines was.
    :ivar debit, credit: the sums of what can be read already.
    """

    entry: TypedEntry | None
    rows: tuple[int, ...]
    wrong: Mapping[str, Problem]
    debit: Decimal
    credit: Decimal

    @property
    def rest(self) -> Decimal:
        """By how much debits are more than credits."""
        return self.debit - self.credit


def is_form(fields: Mapping[str, str]) -> bool:
    """Whether these are the fields of such a form."""
    return "l1_compte" in fields


def form_of(fields: Mapping[str, str]) -> EntryForm:
    """The form as it was posted."""
    rows: dict[int, dict[str, str]] = {}
    for name, text in fields.items():
        match = _NUMBERED.fullmatch(name)
        if match is not None:
            rows.setdefault(int(match[1]), {})[match[2]] = text
    lines = [{name: row.get(name, "") for name in LINE} for _n, row in sorted(rows.items())]
    return EntryForm({name: fields.get(name, "") for name in HEAD}, tuple(lines[:MOST_LINES]))


def empty_form(today: str) -> EntryForm:
    """A new entry."""
    return EntryForm({**dict.fromkeys(HEAD, ""), "journal": Journal.OTHER, "date": today}, (empty_line(),) * FEW)


def empty_line() -> dict[str, str]:
    """A line in which nothing is typed yet."""
    return dict.fromkeys(LINE, "")


def says_nothing(line: Mapping[str, str]) -> bool:
    """Whether nothing is typed into a line."""
    return not any(text.strip() for text in line.values())


def balanced(form: EntryForm, today: date, language: str, line: int | None = None) -> EntryForm:
    """The form with what is missing on the side that is short: in the first line without an amount, or a new one.

    :param line: in this one instead, in place of what it has.
    """
    lines = list(form.lines)
    if line is not None and 1 <= line <= len(lines):
        lines[line - 1] = {**lines[line - 1], "debit": "", "credit": ""}
        form = form.with_lines(lines)
    read = read_form(form, today)
    if not read.rest:
        return form
    side = "credit" if read.rest > ZERO else "debit"
    if line is not None and 1 <= line <= len(lines):
        lines[line - 1] = {**lines[line - 1], side: formats.amount(abs(read.rest), language)}
        return form.with_lines(lines)
    bare = [n for n, line in enumerate(lines) if not line["debit"].strip() and not line["credit"].strip()]
    place = next((n for n in bare if not says_nothing(lines[n])), bare[0] if bare else len(lines))
    if place == len(lines):
        lines.append(empty_line())
    lines[place] = {**lines[place], side: formats.amount(abs(read.rest), language)}
    return form.with_lines(lines)


def read_form(form: EntryForm, today: date) -> Read:
    """The entry that the fields mean; empty lines are none."""
    wrong: dict[str, Problem] = {}
    lines: list[TypedLine] = []
    rows: list[int] = []
    titles: dict[str, str] = {}
    for n, texts in enumerate(form.lines, start=1):
        if says_nothing(texts):
            continue
        amount = _amount(texts, n, wrong)
        account = "".join(texts["compte"].split()).upper()
        if not account:
            wrong[f"l{n}_compte"] = Unreadable("Which account? The line has none.")
        if texts["intitule"].strip():
            titles[account] = texts["intitule"].strip()
        lines.append(TypedLine(account, amount, texts["tiers"].strip() or None))
        rows.append(n)
    debit, credit = sums_of(lines)
    journal = form.head["journal"].strip()
    if journal not in TYPED:
        wrong["journal"] = Problem("Type something here.", ProblemCode.NO_VALUE)
    day = None
    if form.head["date"].strip():
        try:
            day = read_near_day(form.head["date"], today)
        except Unreadable as bad:
            wrong["date"] = bad
    for name in ("piece", "libelle"):
        if not form.head[name].strip():
            wrong[name] = Problem("Type something here.", ProblemCode.NO_VALUE)
    entry = None
    if not wrong:
        said = {"piece": form.head["piece"], "label": form.head["libelle"]}
        entry = TypedEntry(journal=Journal(journal), lines=lines, day=day, titles=titles, **said)
    return Read(entry, tuple(rows), wrong, debit, credit)


def placed(problem: Problem, form: EntryForm) -> dict[str, Problem]:
    """What a library refused, by the name of the field that it is about; nothing: it is about all of it."""
    if problem.code in {ProblemCode.BOOKS_CLOSED, ProblemCode.NO_DAY}:
        return {"date": problem}
    account = str(problem.values.get("account") or problem.values.get("number") or "")
    fields: Sequence[str] = ()
    if problem.code is ProblemCode.NO_ACCOUNT_NUMBER:
        fields = ("compte", "tiers")
    elif problem.code is ProblemCode.NO_ACCOUNT_TITLE:
        fields = ("compte",)
    shown = "intitule" if problem.code is ProblemCode.NO_ACCOUNT_TITLE else None
    for n, line in enumerate(form.lines, start=1):
        for name in fields:
            if account and "".join(line[name].split()).upper() == "".join(account.split()).upper():
                return {f"l{n}_{shown or name}": problem}
    return {}


def _amount(texts: Mapping[str, str], n: int, wrong: dict[str, Problem]) -> Decimal:
    """What a line comes to: above zero is a debit."""
    found: dict[str, Decimal] = {}
    for side in ("debit", "credit"):
        if texts[side].strip():
            try:
                found[side] = read_amount(texts[side])
            except Unreadable as bad:
                wrong[f"l{n}_{side}"] = bad
    if len(found) == 2:
        wrong[f"l{n}_credit"] = Unreadable("A line has a debit or a credit, not both.")
    elif not found and not {f"l{n}_debit", f"l{n}_credit"} & wrong.keys():
        wrong[f"l{n}_debit"] = Unreadable("How much? The line has no amount.")
    return found.get("debit", ZERO) - found.get("credit", ZERO)
