"""The form of a purchase order: between the texts of its fields and the order that a person means. Pure.

Lines are `l1_produit`, `l1_quantite`, …; charges `f1_motif`, …. What is wrong is said by the name of its field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Final

from intergestan_db.problem import EntryProblems, Fault, Problem
from intergestan_erp.inputs.figure import Figure
from intergestan_erp.inputs.near_days import read_near_day
from intergestan_erp.inputs.units import unit_code
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.inputs.vat import read_vat
from intergestan_erp.ordering.typed_order import DeliveryPlace, TypedCharge, TypedLine, TypedOrder
from intergestan_msg.money import ONE, ZERO
from intergestan_msg.pages.words import Language
from intergestan_msg.units import unit_label
from intergestan_operations.language import formats
from services.console.pages.line_form import FEW, MOST_LINES, empty_line, lines_of, rows_of, says_nothing
from services.console.typed_figures import Fields, typed_figure

HEAD: Final = ("fournisseur", "date_commande", "nature", "suivi", "souhaitee", "devise")
PLACE: Final[Mapping[str, str]] = {
    "livraison_nom": "name",
    "livraison_ligne1": "line1",
    "livraison_ligne2": "line2",
    "livraison_cp": "postcode",
    "livraison_ville": "city",
    "livraison_pays": "country",
}
CHARGE: Final = ("motif", "montant", "tva")
MEANT: Final = "dates_voulues"
"""Says that days far from today are meant."""
_FIELDS_OF_HEAD: Final[Mapping[str, str]] = {
    "supplier": "fournisseur",
    "date": "date_commande",
    "issue_date": "date_commande",
    "note": "nature",
    "followed_by": "suivi",
    "wanted_date": "souhaitee",
    "currency": "devise",
    "charge": "f1_montant",
    "reason": "f1_motif",
    "product": "l1_produit",
    **{f"delivery_{part}": name for name, part in PLACE.items()},
}
_FIELDS_OF_LINE: Final[Mapping[str, str]] = {
    "name": "nom",
    "quantity": "quantite",
    "unit": "unite",
    "price": "prix",
    "base_quantity": "prix",
    "allowance": "remise",
    "vat_category": "tva",
    "vat_rate": "tva",
}
_DAYS: Final = frozenset({"date", "issue_date", "wanted_date"})


@dataclass(frozen=True, slots=True)
class OrderForm:
    """The texts of all fields: of the head by their names, of each line and each charge."""

    head: Mapping[str, str]
    lines: tuple[Mapping[str, str], ...]
    charges: tuple[Mapping[str, str], ...]

    @property
    def is_elsewhere(self) -> bool:
        """Whether a place of delivery is typed."""
        return any(self.head.get(name, "").strip() for name in PLACE)

    def with_lines(self, lines: Iterable[Mapping[str, str]]) -> OrderForm:
        """The same with these lines."""
        return replace(self, lines=tuple(lines)[:MOST_LINES])

    def with_products(self, codes: Iterable[str]) -> OrderForm:
        """The same with one line more, above what is empty, for one of each of these."""
        named = ({**empty_line(), "produit": code, "quantite": "1"} for code in codes)
        return self.with_lines((*named, *self.lines))


@dataclass(frozen=True, slots=True)
class Read:
    """What the fields say: the order, unless a field is wrong. `rows`: which line of the form each of its lines was."""

    order: TypedOrder | None
    rows: tuple[int, ...]
    wrong: Mapping[str, Problem] = field(default_factory=dict)


def form_of(fields: Mapping[str, str]) -> OrderForm:
    """The form as it was posted."""
    head = {name: fields.get(name, "") for name in (*HEAD, *PLACE, MEANT)}
    return OrderForm(head, tuple(lines_of(fields)), tuple(rows_of(fields, "f", CHARGE)))


def empty_form(supplier: str, followed_by: str, today: str) -> OrderForm:
    """A new order."""
    head = dict.fromkeys((*HEAD, *PLACE, MEANT), "")
    head |= {"fournisseur": supplier, "suivi": followed_by, "date_commande": today}
    return OrderForm(head, (empty_line(),) * FEW, (dict.fromkeys(CHARGE, ""),))


def form_from(typed: TypedOrder, language: str) -> OrderForm:
    """The form of an order that is there: read again it says the same."""
    delivery = typed.delivery or DeliveryPlace()
    head = {
        "fournisseur": typed.supplier,
        "date_commande": _day(typed.issue_date, language),
        "nature": typed.note or "",
        "suivi": typed.followed_by or "",
        "souhaitee": _day(typed.wanted_date, language),
        "devise": typed.currency or "",
        MEANT: "",
        **{name: getattr(delivery, part) or "" for name, part in PLACE.items()},
    }
    lines = tuple(_shown_line(line, language) for line in typed.lines)
    charges = tuple(
        {
            "motif": charge.reason or "",
            "montant": formats.price(charge.amount, language),
            "tva": _vat(charge.vat_category, charge.vat_rate, language),
        }
        for charge in typed.charges
    )
    return OrderForm(head, lines, (*charges, dict.fromkeys(CHARGE, "")))


def _shown_line(line: TypedLine, language: str) -> Mapping[str, str]:
    label = unit_label(line.unit, Language(language)) if line.unit else ""
    return {
        "ligne": line.line_id or "",
        "produit": line.product,
        "nom": line.name or "",
        "quantite": formats.figure(line.quantity, language),
        "unite": label if line.unit is None or unit_code(label) == line.unit else line.unit,
        "prix": "" if line.price is None else formats.price(line.price, language),
        "pour": "" if line.base_quantity == ONE else formats.figure(line.base_quantity, language),
        "remise": formats.price(line.allowance, language) if line.allowance else "",
        "tva": _vat(line.vat_category, line.vat_rate, language),
    }


def _vat(category: str | None, rate: Decimal | None, language: str) -> str:
    if rate is None:
        return category or ""
    if category in {None, "S"}:
        return formats.figure(rate, language)
    return f"{category}:{formats.figure(rate, language)}" if rate else str(category)


def _day(day: date | None, language: str) -> str:
    return "" if day is None else formats.day(day, language)


def read_form(form: OrderForm, language: str, today: date, stored: TypedOrder | None = None) -> Read:
    """The order that the fields mean; empty lines and charges are none.

    :param stored: as it was: what the form does not show of a line stays with it, as long as it is of the same product.
    """
    fields = Fields(language)
    read, figure, wrong = fields.read, fields.figure, fields.wrong

    before = {line.line_id: line for line in stored.lines} if stored is not None else {}
    lines, rows = [], []
    for n, texts in enumerate(form.lines, start=1):
        if says_nothing(texts):
            continue
        at = f"l{n}_"
        if not texts["quantite"].strip():
            wrong[f"{at}quantite"] = Unreadable("How many? The line has no quantity.")
        vat = read(f"{at}tva", texts["tva"], lambda text: _read_vat(text, language), (None, None))
        line = TypedLine(
            line_id=texts["ligne"].strip() or None,
            product=texts["produit"],
            quantity=figure(f"{at}quantite", texts["quantite"], Figure.QUANTITY, ZERO),
            price=figure(f"{at}prix", texts["prix"], Figure.AMOUNT),
            base_quantity=figure(f"{at}prix", texts["pour"], Figure.QUANTITY, ONE),
            name=texts["nom"].strip() or None,
            unit=texts["unite"].strip() or None,
            allowance=figure(f"{at}remise", texts["remise"], Figure.AMOUNT, ZERO),
            vat_category=vat[0],
            vat_rate=vat[1],
        )
        same = before.get(line.line_id)
        if same is not None and same.product == line.product.strip():
            line = replace(
                line,
                note=same.note,
                gtin=same.gtin,
                supplier_code=same.supplier_code,
                wanted_date=same.wanted_date,
            )
        lines.append(line)
        rows.append(n)
    charges = []
    for n, texts in enumerate(form.charges, start=1):
        if not any(text.strip() for text in texts.values()):
            continue
        if not texts["montant"].strip():
            wrong[f"f{n}_montant"] = Unreadable("How much? The charge has no amount.")
        vat = read(f"f{n}_tva", texts["tva"], lambda text: _read_vat(text, language), (None, None))
        amount = figure(f"f{n}_montant", texts["montant"], Figure.AMOUNT, ZERO)
        charges.append(
            TypedCharge(reason=texts["motif"].strip() or None, amount=amount, vat_category=vat[0], vat_rate=vat[1])
        )
    head = form.head
    place = DeliveryPlace(**{part: head[name].strip() or None for name, part in PLACE.items()})
    order = TypedOrder(
        supplier=head["fournisseur"],
        lines=tuple(lines),
        charges=tuple(charges),
        issue_date=read("date_commande", head["date_commande"], lambda text: read_near_day(text, today)),
        followed_by=head["suivi"].strip() or None,
        note=head["nature"].strip() or None,
        wanted_date=read("souhaitee", head["souhaitee"], lambda text: read_near_day(text, today)),
        currency=head["devise"].strip() or None,
        delivery=None if place == DeliveryPlace() else place,
    )
    return Read(None if wrong else order, tuple(rows), wrong)


def _read_vat(text: str, language: str) -> tuple[str | None, Decimal]:
    if text.strip()[:1].isalpha():
        vat = read_vat(text)
        return vat.category, vat.rate
    return None, typed_figure(text, Figure.RATE, language)


def placed(error: EntryProblems, rows: Sequence[int]) -> tuple[dict[str, Problem], bool]:
    """Faults by the names of their fields; and whether any is of a day that may be meant."""
    wrong: dict[str, Problem] = {}
    for fault in error.faults:
        wrong.setdefault(_field_of(fault, rows), fault)
    return wrong, any(fault.column in _DAYS for fault in error.faults)


def _field_of(fault: Fault, rows: Sequence[int]) -> str:
    column = fault.column or ""
    if fault.row:
        row = rows[fault.row - 1] if fault.row <= len(rows) else fault.row
        return f"l{row}_{_FIELDS_OF_LINE.get(column, 'produit')}"
    return _FIELDS_OF_HEAD.get(column, "fournisseur")
