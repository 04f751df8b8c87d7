"""The card of a third party as the console opens it, and by what it is known that somebody changed it meanwhile."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, func, null, or_, select

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Account, Depot, EntryLine, Partner, Party, PartyAccount
from intergestan_erp.listing.parties import PartyCard, read_card
from intergestan_erp.parties.addresses import MAIN
from intergestan_erp.parties.ceilings import Ceiling
from intergestan_erp.parties.parties import lock_party

OF_CARD: Final = (
    *("name", "is_customer", "is_supplier", "siret", "siren", "vat_id", "invoice_email", "buyer_reference"),
    *("contact", "telephone", "email", "term", "category", "invoice_grouping", "picking_mode", "incomplete"),
    "group_slips",
)
OF_ADDRESS: Final = ("line1", "line2", "postcode", "city", "country", "latitude", "longitude", "address_incomplete")
OF_CREDIT: Final = ("maximum", "insured")
OF_FEES: Final = ("fees", "minimum_order")
OF_ACCOUNTS: Final = ("accounts",)
"""What the forms of a card change, each by itself."""


@dataclass(frozen=True, slots=True)
class CardAccount:
    """An account of a third party.

    :ivar entries: so many lines of the books are on it, and then it keeps its number; None: they were not counted.
    """

    number: str
    title: str
    entries: int | None


@dataclass(frozen=True, slots=True)
class OpenCard:
    """A card with what stands beside it.

    :ivar partner: the code of the site that it is; `depots`: those of ours that it stands for (D40).
    """

    id: int
    card: PartyCard
    ceiling: Ceiling
    accounts: Mapping[PartyRole, CardAccount]
    partner: str | None
    depots: tuple[str, ...]
    anonymised_at: datetime | None

    @property
    def texts(self) -> dict[str, Any]:
        """What its forms change, by name."""
        own = next((each for each in self.card.addresses if each.kind == MAIN), None)
        person = self.card.contacts[0] if self.card.contacts else None
        found = {name: getattr(self.card, name) for name in OF_CARD if name not in {"contact", "telephone", "email"}}
        found |= {"contact": person and person.name, "telephone": person and person.telephone}
        found |= {"email": person and person.email, "address_incomplete": own and own.incomplete}
        found |= {name: own and getattr(own, name) for name in OF_ADDRESS if name != "address_incomplete"}
        found |= {"maximum": self.ceiling.maximum, "insured": self.ceiling.insured}
        fees = [(each.code, str(each.amount) if each.is_own else None) for each in self.card.fees]
        accounts = [(role, each.number, each.title) for role, each in self.accounts.items()]
        return found | {"fees": fees, "minimum_order": self.card.minimum_order, "accounts": accounts}

    def version(self, names: Iterable[str]) -> str:
        """By which a form knows whether anything that it changes was changed meanwhile, whoever did it and how."""
        texts = self.texts
        told = json.dumps([texts[name] for name in names], default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def open_card(connection: Connection, code: str, *, with_entries: bool = False) -> OpenCard | None:
    """The card with this code; None: there is none.

    :param with_entries: also count the lines of the books on its accounts.
    """
    columns = Party.id, Party.credit_max, Party.credit_insured, Party.anonymised_at, Partner.site_code
    query = select(*columns).outerjoin(Partner, Partner.party_id == Party.id).where(Party.code == code)
    row = connection.execute(query).one_or_none()
    if row is None:
        return None
    stands = or_(Depot.customer_party_id == row.id, Depot.supplier_party_id == row.id)
    depots = connection.execute(select(Depot.code).where(stands).order_by(Depot.code)).scalars()
    return OpenCard(
        row.id,
        read_card(connection, row.id),
        Ceiling(row.credit_max, row.credit_insured),
        _accounts(connection, row.id, counted=with_entries),
        row.site_code,
        tuple(depots),
        row.anonymised_at,
    )


def lock_card(connection: Connection, code: str, names: Iterable[str] = (), seen: str | None = None) -> OpenCard:
    """The card, which nobody else changes until the transaction ends; of two people who change it one is told.

    :param seen: the version of these names that a person looked at; None: whichever there is.
    :raises Problem: there is no such card, it was made anonymous (D34), or somebody changed it meanwhile; nothing is
        changed then.
    """
    found = open_card(connection, code)
    if found is not None:
        lock_party(connection, found.id)
        found = open_card(connection, code)
    if found is None:
        raise Problem("There is no third party «{code}».", ProblemCode.NOT_ONE_PARTY, code=code)
    if found.anonymised_at is not None:
        raise Problem(
            "{code} was made anonymous: nothing is changed there any more. Nothing was saved.",
            ProblemCode.OTHER_STATE,
            code=code,
        )
    if seen is not None and found.version(names) != seen:
        raise Problem(
            "Somebody else changed {code} meanwhile. Nothing was saved; what you typed is all here.",
            ProblemCode.CHANGED_MEANWHILE,
            code=code,
        )
    return found


def _accounts(connection: Connection, party_id: int, *, counted: bool) -> dict[PartyRole, CardAccount]:
    query = (
        select(PartyAccount.role, Account.number, Account.title, _BOOKED if counted else null())
        .join(Account, Account.id == PartyAccount.account_id)
        .where(PartyAccount.party_id == party_id)
        .order_by(PartyAccount.role)
    )
    return {PartyRole(row.role): CardAccount(*row[1:]) for row in connection.execute(query)}


def _lines(*where: Any) -> Any:
    counted = select(func.count()).select_from(EntryLine.__table__).where(*where)
    return counted.correlate(Account.__table__).scalar_subquery()


_BOOKED: Final = _lines(EntryLine.aux == Account.number) + _lines(
    EntryLine.account == Account.number, EntryLine.aux.is_distinct_from(Account.number)
)
"""Each count has its own index."""
