"""The form of a quote or of a sales order by hand: between the texts of its fields and what a person means. Pure.

Lines are those of `line_form`; charges `f1_code`, `f1_montant`. They are the customer's own until the form has shown
them (`frais_de`), and then those that stand there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from intergestan_db.enums import Incomplete
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_msg.money import ZERO
from services.console.pages.line_form import FEW, MOST_LINES, empty_line, lines_of, rows_of, says_nothing
from services.console.typed_figures import Fields

CUSTOMER: Final = "client"
REFERENCE, NOTE, WANTED, UNTIL = "reference", "nature", "souhaitee", "valable"
ADDRESS, TERM, DISCOUNT, INCOMPLETE = "adresse", "conditions", "remise", "incomplet"
FEES_OF: Final = "frais_de"
"""The customer whose fees the form shows; those of another one it has not shown yet."""
MEANT: Final = "dates_voulues"
WHY_PASS: Final = "motif_depassement"  # noqa: S105 - the name of a field
HEAD: Final = (REFERENCE, NOTE, WANTED, UNTIL, ADDRESS, TERM, DISCOUNT, INCOMPLETE, FEES_OF, MEANT, WHY_PASS)
OF_ORDERS: Final = (REFERENCE, TERM, INCOMPLETE)
"""What a quote does not keep."""
CHARGE: Final = ("code", "montant")
MOST_CHARGES: Final = 50
_PLACES: Final[Mapping[str, str]] = {"quantity": "quantite", "price": "prix"}


@dataclass(frozen=True, slots=True)
class SaleForm:
    """The texts of all fields: of the head by their names, of each line and each charge."""

    head: Mapping[str, str]
    lines: tuple[Mapping[str, str], ...]
    charges: tuple[Mapping[str, str], ...]

    def with_lines(self, lines: Iterable[Mapping[str, str]]) -> SaleForm:
        """The same with these lines."""
        return replace(self, lines=tuple(lines)[:MOST_LINES])

    def with_charges(self, charges: Iterable[Mapping[str, str]], customer: str | None = None) -> SaleForm:
        """The same with these charges, once each; of a customer: those that are shown now."""
        kept = {each["code"]: each for each in charges if each["code"].strip()}
        head = self.head if customer is None else {**self.head, FEES_OF: customer}
        return replace(self, head=head, charges=tuple(kept.values())[:MOST_CHARGES])

    def shows_fees_of(self, customer: str) -> bool:
        """Whether the charges that stand here are what a person saw for this customer."""
        return self.head[FEES_OF] == customer


@dataclass(frozen=True, slots=True)
class Read:
    """What the fields say, unless one is wrong. `rows`: which line of the form each line was."""

    lines: tuple[TypedLine, ...]
    rows: tuple[int, ...]
    fees: Mapping[str, Decimal | None]
    discount: Decimal = ZERO
    wanted: date | None = None
    until: date | None = None
    address_id: int | None = None
    incomplete: Incomplete | None = None
    wrong: dict[str, Problem] = field(default_factory=dict)

    def typed(self, form: SaleForm, customer_id: int, code: str) -> Typed:
        """The same as it is entered for a customer."""
        shown, of_nobody = form.shows_fees_of(code), not form.head[FEES_OF]
        return Typed(
            customer_id=customer_id,
            lines=self.lines,
            fees=self.fees if shown or of_nobody else {},
            proposed_fees=not shown,
            note=form.head[NOTE],
            wanted_date=self.wanted,
            reference=form.head[REFERENCE],
            any_dates=form.head[MEANT] == "1",
            discount=self.discount,
            address_id=self.address_id,
        )


def form_of(fields: Mapping[str, str]) -> SaleForm:
    """The form as it was posted."""
    charges = rows_of(fields, "f", CHARGE)[:MOST_CHARGES]
    return SaleForm({name: fields.get(name, "") for name in HEAD}, tuple(lines_of(fields)), tuple(charges))


def empty_form() -> SaleForm:
    """Nothing is typed yet."""
    return SaleForm(dict.fromkeys(HEAD, ""), (empty_line(),) * FEW, ())


def read_form(form: SaleForm, language: str, today: date) -> Read:
    """What the fields mean; empty lines are none."""
    fields = Fields(language)
    read, figure, wrong = fields.read, fields.figure, fields.wrong

    lines, rows = [], []
    for n, texts in enumerate(form.lines, start=1):
        if says_nothing(texts):
            continue
        if not texts["produit"].strip():
            wrong[f"l{n}_produit"] = Unreadable("Which product? The line has none.")
        if not texts["quantite"].strip():
            wrong[f"l{n}_quantite"] = Unreadable("How many? The line has no quantity.")
        lines.append(
            TypedLine(
                texts["produit"].strip(),
                figure(f"l{n}_quantite", texts["quantite"], Figure.QUANTITY, ZERO),
                figure(f"l{n}_prix", texts["prix"], Figure.AMOUNT),
            )
        )
        rows.append(n)
    fees = {
        texts["code"]: figure(f"f{n}_montant", texts["montant"], Figure.AMOUNT)
        for n, texts in enumerate(form.charges, start=1)
    }
    head = form.head
    if not lines and "l1_produit" not in wrong:
        wrong["l1_produit"] = Problem("An order has one line at least.", ProblemCode.NO_VALUE)
    return Read(
        tuple(lines),
        tuple(rows),
        fees,
        discount=figure(DISCOUNT, head[DISCOUNT], Figure.RATE, ZERO),
        wanted=read(WANTED, head[WANTED], lambda text: read_near_day(text, today)),
        until=read(UNTIL, head[UNTIL], lambda text: read_near_day(text, today)),
        address_id=int(head[ADDRESS]) if head[ADDRESS].isascii() and head[ADDRESS].isdigit() else None,
        incomplete=next((each for each in Incomplete if each == head[INCOMPLETE]), None),
        wrong=wrong,
    )


def placed(problem: Problem, read: Read) -> dict[str, Problem]:
    """A fault by the name of its field; nothing where it has none."""
    line = problem.values.get("line")
    if isinstance(line, int) and line <= len(read.rows):
        part = next((name for key, name in _PLACES.items() if key in problem.values), "quantite")
        return {f"l{read.rows[line - 1]}_{part}": problem}
    if problem.code is ProblemCode.NO_PRODUCT:
        missing = set(str(problem.values.get("codes", "")).split(", "))
        named = [n for n, each in zip(read.rows, read.lines, strict=True) if each.product in missing]
        return {f"l{n}_produit": problem for n in named or read.rows[:1]}
    field_of = {"wanted": WANTED, "until": UNTIL, "discount": DISCOUNT}
    if problem.code is ProblemCode.NO_REASON:
        return {WHY_PASS: problem}
    return {name: problem for key, name in field_of.items() if key in problem.values}
