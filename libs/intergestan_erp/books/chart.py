"""Which account an amount goes on: the usual ones of the French chart, and those that a folder names instead. Pure.

Books are kept in French (C. com. L123-22), so titles are those of the chart, whatever language the site speaks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from intergestan_db.enums import Journal
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_msg.money import plain

LONGEST_NUMBER = 50
LONGEST_TITLE = 200
_NUMBER = re.compile(r"[1-7][0-9A-Z]{2,49}")
"""Classes 1 to 5 are carried forward, 6 and 7 are the result; the books know no others."""

Vat = tuple[str, Decimal]
"""A category of VAT and its rate in percent."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the chart, or of a third party."""

    number: str
    title: str


class Use(StrEnum):
    """What an account is for."""

    CUSTOMERS = "customers"
    SUPPLIERS = "suppliers"
    SALES = "sales"
    CHARGES = "charges"
    SALES_VAT = "sales_vat"
    PURCHASES = "purchases"
    PURCHASE_VAT = "purchase_vat"
    FROM_AGENCY = "from_agency"
    TO_AGENCY = "to_agency"
    BANK = "bank"
    CHEQUES = "cheques"
    BILLS = "bills"
    CASH = "cash"
    PROFIT = "profit"
    LOSS = "loss"


USUAL: Final[Mapping[Use, Account]] = MappingProxyType(
    {
        Use.CUSTOMERS: Account("411000", "Clients"),
        Use.SUPPLIERS: Account("401000", "Fournisseurs"),
        Use.SALES: Account("707000", "Ventes de marchandises"),
        Use.CHARGES: Account("708500", "Ports et frais accessoires facturés"),
        Use.SALES_VAT: Account("445710", "TVA collectée"),
        Use.PURCHASES: Account("607000", "Achats de marchandises"),
        Use.PURCHASE_VAT: Account("445660", "TVA déductible sur autres biens et services"),
        Use.FROM_AGENCY: Account("186000", "Biens et prestations échangés entre établissements (charges)"),
        Use.TO_AGENCY: Account("187000", "Biens et prestations échangés entre établissements (produits)"),
        Use.BANK: Account("512000", "Banques"),
        Use.CHEQUES: Account("511200", "Chèques à encaisser"),
        Use.BILLS: Account("413000", "Clients - Effets à recevoir"),
        Use.CASH: Account("530000", "Caisse"),
        Use.PROFIT: Account("120000", "Résultat de l'exercice (bénéfice)"),
        Use.LOSS: Account("129000", "Résultat de l'exercice (perte)"),
    }
)
JOURNALS: Final[Mapping[str, str]] = MappingProxyType(
    {
        Journal.SALES: "Ventes",
        Journal.PURCHASES: "Achats",
        Journal.BANK: "Banque",
        Journal.CASH: "Caisse",
        Journal.OTHER: "Opérations diverses",
        Journal.OPENING: "À-nouveaux",
    }
)
OF_PARTIES: Final = frozenset({Use.CUSTOMERS, Use.SUPPLIERS})
"""Accounts whose lines say whose they are."""
LINKS: Final = ("186", "187")
"""Accounts that link the establishments of one company: over a year they add up to nothing."""
BY_FAMILY: Final = frozenset({Use.SALES})
"""What a family of products may have another account for."""
BY_VAT: Final = frozenset({Use.SALES, Use.CHARGES, Use.SALES_VAT, Use.PURCHASE_VAT})
"""What a category and rate of VAT may have another account for."""


def vat_text(vat: Vat) -> str:
    """`S:20`."""
    return f"{vat[0]}:{plain(vat[1])}"


@dataclass(frozen=True, slots=True)
class Chart:
    """The accounts of a folder.

    :ivar own: those that it names: for a use (`sales`), of it for a family of products (`sales/family/BOUL`) or for a
        category and rate of VAT (`sales_vat/vat/S:5.5`).
    """

    own: Mapping[str, Account] = field(default_factory=dict)

    @classmethod
    def of(cls, stored: Mapping[str, list[str]] | None) -> Chart:
        """The chart as the database keeps it: number and title by key."""
        return cls({key: Account(number, title) for key, (number, title) in (stored or {}).items()})

    def stored(self) -> dict[str, list[str]]:
        """As the database keeps it."""
        return {key: [account.number, account.title] for key, account in sorted(self.own.items())}

    def account(self, use: Use, family: str | None = None, vat: Vat | None = None) -> Account:
        """The account for a use: the family's, else that of the VAT, else the folder's, else the usual one."""
        keys = (
            *((key_of(use, family=family),) if family is not None and use in BY_FAMILY else ()),
            *((key_of(use, vat=vat),) if vat is not None and use in BY_VAT else ()),
            key_of(use),
        )
        return next((self.own[key] for key in keys if key in self.own), USUAL[use])

    def with_account(self, key: str, account: Account | None) -> Chart:
        """The chart with another account under a key; None: with the usual one again."""
        others = {name: one for name, one in self.own.items() if name != key}
        return Chart(others if account is None else {**others, key: account})

    def titled(self, number: str) -> str | None:
        """The title under which the chart knows an account; None: it does not."""
        known = (*self.own.values(), *USUAL.values())
        return next((account.title for account in known if account.number == number), None)


def key_of(use: Use, family: str | None = None, vat: Vat | None = None) -> str:
    """Where a chart keeps the account for a use, of a family or of a category of VAT."""
    if family is not None:
        return f"{use}/family/{family}"
    return str(use) if vat is None else f"{use}/vat/{vat_text(vat)}"


def checked_number(typed: str) -> str:
    """The number of an account as the books keep it.

    :raises Problem: it is none.
    """
    number = "".join(typed.split()).upper()
    if not _NUMBER.fullmatch(number):
        raise Problem(
            "«{number}» is not an account of the books: it begins with its class, 1 to 7, and has 3 to 50 digits and "
            "letters. Nothing was written.",
            ProblemCode.NO_ACCOUNT_NUMBER,
            (Act.SHOW_CHART,),
            number=typed,
        )
    return number
