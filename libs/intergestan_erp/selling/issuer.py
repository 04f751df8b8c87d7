"""Who issues invoices and who gets them, as both are on the day: what a later print must still say (D39).

`identity` is kept with the document and covered by its chain. Names and texts that are changed afterwards change
nothing of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select

from intergestan_db.among import among
from intergestan_db.database import AnyRow
from intergestan_db.enums import InvoiceKind
from intergestan_db.tables import AccountingFolder, Address, Depot, Dossier, Establishment, Party
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER
from intergestan_erp.parties.addresses import POSTAL, main_address

_OF_FOLDER: Final = (
    *("siren", "vat_id", "legal_form", "share_capital", "rcs", "iban", "bic", "late_penalty", "early_payment"),
    *("vat_exemption", "vat_on_debits"),
)


@dataclass(frozen=True, slots=True)
class Issuer:
    """An establishment that issues documents, and the books of which company they are in (A04, A47).

    :ivar establishment_id: its id; `folder_id`, `folder_number`: of its effective accounting folder.
    :ivar dossier_id: whose establishment it is; `invoicing_id`: the establishment that invoices for all, if one does.
    :ivar identity: what its documents say of it.
    """

    establishment_id: int
    dossier_id: int
    invoicing_id: int | None
    folder_id: int
    folder_number: int
    identity: Mapping[str, Any]

    def issues_for(self, establishment_id: int) -> bool:
        """Whether deferred invoicing of another establishment of the dossier is done here."""
        return self.establishment_id in {establishment_id, self.invoicing_id}


@dataclass(frozen=True, slots=True)
class Billed:
    """Who gets an invoice: what it says of them, and what kind of invoice that makes it."""

    kind: InvoiceKind
    identity: Mapping[str, Any]


def read_issuer(connection: Connection, establishment_id: int) -> Issuer:
    """An establishment as the issuer of documents."""
    row = connection.execute(_ISSUER, {"establishment": establishment_id}).one()
    place = "folder" if row.folder_line1 or row.folder_city else "own"
    seller = {
        "name": row.folder_name,
        "establishment": row.name,
        "siret": row.siret,
        **{name: getattr(row, f"{place}_{name}") for name in POSTAL},
        **{name: getattr(row, name) for name in _OF_FOLDER},
    }
    return Issuer(
        *(row.id, row.dossier_id, row.invoicing_establishment_id, row.folder_id, row.folder_number), identity=seller
    )


def read_billed(connection: Connection, issuer: Issuer, customer_ids: Collection[int]) -> dict[int, Billed]:
    """Those customers as they are billed by an issuer, by id.

    A party that stands for a depot is an agency: of another company, or of this one, to whom no VAT is billed (D57).
    """
    ids = {"ids": sorted(set(customer_ids))}
    folders = {row.customer_party_id: row.folder_id for row in connection.execute(_AGENCIES, ids)}
    return {row.id: Billed(_kind(folders.get(row.id), issuer), _buyer(row)) for row in connection.execute(_BUYERS, ids)}


def _kind(folder_id: int | None, issuer: Issuer) -> InvoiceKind:
    if folder_id is None:
        return InvoiceKind.CUSTOMER
    return InvoiceKind.INTERNAL if folder_id == issuer.folder_id else InvoiceKind.AGENCY


def _buyer(row: AnyRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in ("code", "name", "siret", "vat_id", *POSTAL)}


_ISSUER: Final = (
    select(
        *(Establishment.id, Establishment.name, Establishment.siret, Establishment.dossier_id),
        *(getattr(Establishment, name).label(f"own_{name}") for name in POSTAL),
        *(getattr(AccountingFolder, name).label(f"folder_{name}") for name in POSTAL),
        *(getattr(AccountingFolder, name) for name in _OF_FOLDER),
        *(AccountingFolder.id.label("folder_id"), AccountingFolder.number.label("folder_number")),
        *(AccountingFolder.name.label("folder_name"), Dossier.invoicing_establishment_id),
    )
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .join(AccountingFolder, AccountingFolder.id == EFFECTIVE_FOLDER)
    .where(Establishment.id == bindparam("establishment"))
)
_AGENCIES: Final = (
    select(Depot.customer_party_id, EFFECTIVE_FOLDER.label("folder_id"))
    .join(Establishment, Establishment.id == Depot.establishment_id)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .where(among(Depot.customer_party_id, "ids"))
)
_MAIN: Final = main_address()
_BUYERS: Final = (
    select(
        *(Party.id, Party.code, Party.name, Party.siret, Party.vat_id),
        *(getattr(Address, name) for name in POSTAL),
    )
    .outerjoin(_MAIN, _MAIN.c.party_id == Party.id)
    .outerjoin(Address, Address.id == _MAIN.c.id)
    .where(among(Party.id, "ids"))
)
