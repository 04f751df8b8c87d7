"""The form of a third party: what its fields are called, and what was typed into them, read as it is kept. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final, TypeVar

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_erp.inputs.amounts import read_amount
from intergestan_erp.parties.accounts import account_by_hand
from intergestan_erp.parties.ceilings import NO_CEILING, Ceiling, check_ceiling
from intergestan_erp.parties.company_numbers import check_siren
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.party_entry.typed import read_each
from intergestan_msg.money import ZERO

Value = TypeVar("Value")

TEXTS: Final[Mapping[str, str]] = {
    "raison_sociale": "name",
    "siret": "siret",
    "siren": "siren",
    "tva": "vat_id",
    "courriel_facture": "invoice_email",
    "reference_acheteur": "buyer_reference",
    "ligne1": "line1",
    "ligne2": "line2",
    "cp": "postcode",
    "ville": "city",
    "pays": "country",
    "contact": "contact",
    "telephone": "telephone",
    "courriel": "email",
}
"""The fields that are texts, and the columns that they fill."""
ROLES: Final[Mapping[str, PartyRole]] = {"client": PartyRole.CUSTOMER, "fournisseur": PartyRole.SUPPLIER}
ACCOUNTS: Final[Mapping[str, PartyRole]] = {
    "compte_client": PartyRole.CUSTOMER,
    "compte_fournisseur": PartyRole.SUPPLIER,
}
MAXIMUM, INSURED, MINIMUM = "encours_maximum", "encours_assure", "minimum"
FEE, FEE_AMOUNT = "frais.", "frais_montant."
"""Before the code of a fee: whether the customer bears it, and its own amount."""
NO_ROLE: Final = Problem("Say what it is for us: a customer, a supplier or both.", ProblemCode.NO_ROLE)


@dataclass
class Typed:
    """What was typed, as far as it could be read.

    :ivar texts: by column; `wrong`: what is wrong, by field.
    """

    form: Mapping[str, str]
    texts: dict[str, str | None] = field(default_factory=dict)
    roles: frozenset[PartyRole] = frozenset()
    wrong: dict[str, Problem] = field(default_factory=dict)

    def read(self, name: str, read: Callable[[str], Value]) -> Value | None:
        """The value of a field; None where it is empty, or what is wrong is noted."""
        text = self.form.get(name, "").strip()
        if not text:
            return None
        try:
            return read(text)
        except Problem as problem:
            self.wrong[name] = problem
            return None

    def amount(self, name: str) -> Decimal | None:
        """An amount."""
        return self.read(name, read_amount)

    def ceiling(self) -> Ceiling:
        """What a customer may owe; without a maximum nothing is insured (T18, T19)."""
        maximum, insured = self.amount(MAXIMUM), self.amount(INSURED)
        if maximum is None:
            return NO_CEILING
        ceiling = Ceiling(maximum, insured or ZERO)
        try:
            check_ceiling(ceiling)
        except Problem as problem:
            self.wrong.setdefault(INSURED, problem)
        return ceiling

    def fees(self) -> dict[str, Decimal | None]:
        """The fees that are ticked, each with its own amount or None."""
        codes = [name.removeprefix(FEE) for name in self.form if name.startswith(FEE)]
        return {code: self.amount(f"{FEE_AMOUNT}{code}") for code in codes}

    def accounts(self) -> dict[PartyRole, str]:
        """The numbers that were typed for the roles that it has."""
        read = {role: self.read(name, account_by_hand) for name, role in ACCOUNTS.items() if role in self.roles}
        return {role: number for role, number in read.items() if number is not None}


def read_form(form: Mapping[str, str]) -> Typed:
    """What was typed of texts and roles; the rest is read when it is asked for."""
    by_column = {column: name for name, column in TEXTS.items()}
    texts, wrong = read_each({column: form.get(name, "") for name, column in TEXTS.items()})
    roles = frozenset(role for name, role in ROLES.items() if name in form)
    typed = Typed(form, texts, roles, {by_column[column]: problem for column, problem in wrong.items()})
    if not roles:
        typed.wrong["client"] = NO_ROLE
    try:
        check_siren(texts.get("siren"), texts.get("siret"))
    except Problem as problem:
        typed.wrong.setdefault("siren", problem)
    return typed


def new_party(typed: Typed, code: str | None, *, with_ceiling: bool, **ids: int | None) -> NewParty:
    """The third party that was typed: all that the form says, nothing that it does not.

    :param with_ceiling: whoever typed may say what customers owe; else it is what new customers usually may (D22).
    """
    is_customer = PartyRole.CUSTOMER in typed.roles
    given: dict[str, Any] = {**typed.texts, "name": typed.texts.get("name") or "", **ids}
    return NewParty(
        code=code,
        is_customer=is_customer,
        is_supplier=PartyRole.SUPPLIER in typed.roles,
        accounts=typed.accounts(),
        ceiling=typed.ceiling() if is_customer and with_ceiling else None,
        minimum_order=(typed.amount(MINIMUM) or ZERO) if is_customer else None,
        fees=typed.fees() if is_customer else {},
        proposed_fees=False,
        **given,
    )


def blank(fees: Iterable[str], **values: str) -> dict[str, str]:
    """The fields of a form for somebody new, with the fees that are proposed."""
    return {**values, **{f"{FEE}{code}": "1" for code in fees}}
