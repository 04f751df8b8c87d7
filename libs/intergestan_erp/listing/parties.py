"""Third parties in pages, and the card of one."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, select

from intergestan_db.database import AnyRow
from intergestan_db.enums import GeoState, Incomplete, InvoiceGrouping, PartyRole, PickingMode
from intergestan_db.tables import Account, Address, Category, Contact, Party, PartyAccount, PaymentTerm
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.parties.addresses import main_address
from intergestan_erp.parties.agencies import stands_for_depot
from intergestan_erp.parties.fees import Borne, borne_by


@dataclass(frozen=True, slots=True)
class ListedParty:
    """A line of the list."""

    code: str
    name: str
    is_customer: bool
    is_supplier: bool
    postcode: str | None
    city: str | None
    siret: str | None


@dataclass(frozen=True, slots=True)
class PartyAddress:
    """A postal address of a party; `kind` is `main` for its own, `geo` whether it is known where it lies.

    :ivar incomplete: what becomes of an order that goes there and of which not all is there; None: as the card says.
    """

    kind: str
    line1: str | None
    line2: str | None
    postcode: str | None
    city: str | None
    country: str | None
    latitude: Decimal | None
    longitude: Decimal | None
    geo: GeoState
    incomplete: Incomplete | None


@dataclass(frozen=True, slots=True)
class PartyContact:
    """A person at a party."""

    name: str
    telephone: str | None
    email: str | None


@dataclass(frozen=True, slots=True)
class PartyCard:
    """All that is known of a party.

    :ivar accounts: the number in each role that has one; `term`: its own payment term;
        `category`: the code of that by which lists are narrowed to it (A17); `invoice_grouping`: what deferred
        invoicing puts on an invoice (A20); `fees`: those that it bears.
    :ivar picking_mode: whether slips are made for it (A22); `incomplete`: what becomes of an order of which not all is
        there (A39); None: as the dossier says. `group_slips`: they become one delivery note where they may (A53).
    """

    code: str
    name: str
    is_customer: bool
    is_supplier: bool
    siret: str | None
    siren: str | None
    vat_id: str | None
    invoice_email: str | None
    buyer_reference: str | None
    accounts: dict[PartyRole, str]
    addresses: tuple[PartyAddress, ...]
    contacts: tuple[PartyContact, ...]
    term: str | None
    category: str | None
    invoice_grouping: InvoiceGrouping
    picking_mode: PickingMode | None
    incomplete: Incomplete | None
    group_slips: bool
    minimum_order: Decimal | None
    fees: tuple[Borne, ...]


def list_parties(
    connection: Connection,
    role: PartyRole | None = None,
    *,
    category_id: int | None = None,
    with_agencies: bool = False,
    size: int = USUAL,
    after: str | None = None,
) -> Page[ListedParty]:
    """A page of the parties, by code.

    :param role: only those who are this for us; `category_id`: only those that bear it (A17).
    :param with_agencies: also those that stand for depots of ours (D40).
    :raises Problem: `after` is of no such page.
    """
    own = main_address()
    query = (
        select(
            *(Party.code, Party.name, Party.is_customer, Party.is_supplier),
            *(Address.postcode, Address.city, Party.siret),
        )
        .outerjoin(own, own.c.party_id == Party.id)
        .outerjoin(Address, Address.id == own.c.id)
    )
    if role is not None:
        query = query.where(Party.is_customer if role is PartyRole.CUSTOMER else Party.is_supplier)
    if category_id is not None:
        query = query.where(Party.category_id == category_id)
    if not with_agencies:
        query = query.where(~stands_for_depot())
    return read_page(connection, query, [Party.code], lambda row: ListedParty(*row[:7]), size=size, after=after)


def read_card(connection: Connection, party_id: int) -> PartyCard:
    """The card of a party."""
    party = connection.execute(select(Party.__table__).where(Party.id == party_id)).one()
    accounts = (
        select(PartyAccount.role, Account.number)
        .join(Account, Account.id == PartyAccount.account_id)
        .where(PartyAccount.party_id == party_id)
        .order_by(PartyAccount.role)
    )
    return PartyCard(
        *(party.code, party.name, party.is_customer, party.is_supplier, party.siret, party.siren, party.vat_id),
        *(party.invoice_email, party.buyer_reference),
        accounts={PartyRole(row.role): row.number for row in connection.execute(accounts)},
        addresses=tuple(map(_address, _of(connection, Address, party_id))),
        contacts=tuple(PartyContact(*row) for row in _of(connection, Contact, party_id)),
        term=connection.scalar(select(PaymentTerm.code).where(PaymentTerm.id == party.payment_term_id)),
        category=connection.scalar(select(Category.code).where(Category.id == party.category_id)),
        invoice_grouping=InvoiceGrouping(party.invoice_grouping),
        picking_mode=None if party.picking_mode is None else PickingMode(party.picking_mode),
        incomplete=None if party.incomplete is None else Incomplete(party.incomplete),
        group_slips=party.group_slips,
        minimum_order=party.minimum_order,
        fees=borne_by(connection, party_id),
    )


def _address(row: AnyRow) -> PartyAddress:
    written = {**row._mapping}  # noqa: SLF001 - SQLAlchemy calls it so
    said = written.pop("incomplete")
    incomplete = None if said is None else Incomplete(said)
    return PartyAddress(geo=GeoState(written.pop("geo_state")), incomplete=incomplete, **written)


_COLUMNS = {
    Address: (
        *(Address.kind, Address.line1, Address.line2, Address.postcode, Address.city, Address.country),
        *(Address.latitude, Address.longitude, Address.geo_state, Address.incomplete),
    ),
    Contact: (Contact.name, Contact.telephone, Contact.email),
}


def _of(connection: Connection, table: type[Address | Contact], party_id: int) -> list[Any]:
    return list(connection.execute(select(*_COLUMNS[table]).where(table.party_id == party_id).order_by(table.id)))
