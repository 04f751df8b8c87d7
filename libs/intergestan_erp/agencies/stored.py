"""What is stored of an establishment, a depot and an accounting folder: the columns of their cards, as values."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final, Protocol

from sqlalchemy import Select, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import AccountingFolder, Depot, Establishment, Table


@dataclass(frozen=True, slots=True)
class StoredFolder:
    """An accounting folder. `logo` is a picture; `chart` the accounts that it names in place of the usual ones."""

    id: int
    number: int
    name: str
    siren: str | None
    vat_id: str | None
    legal_form: str | None
    share_capital: str | None
    rcs: str | None
    iban: str | None
    bic: str | None
    late_penalty: str | None
    early_payment: str | None
    vat_exemption: str | None
    vat_on_debits: bool
    logo: bytes | None
    locked_until: date | None
    chart: dict[str, list[str]] | None
    line1: str | None
    line2: str | None
    postcode: str | None
    city: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class StoredEstablishment:
    """An establishment. `accounting_folder_id`: books of its own; None: those of its dossier."""

    id: int
    dossier_id: int
    number: int
    name: str
    siret: str | None
    accounting_folder_id: int | None
    active: bool
    line1: str | None
    line2: str | None
    postcode: str | None
    city: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class StoredDepot:
    """A depot, and the third parties that stand for it."""

    id: int
    code: str
    name: str
    establishment_id: int
    manage_reservations: bool
    allow_negative: bool
    customer_party_id: int | None
    supplier_party_id: int | None
    active: bool
    delivery_name: str | None
    delivery_line1: str | None
    delivery_line2: str | None
    delivery_postcode: str | None
    delivery_city: str | None
    delivery_country: str | None


class Stored(Protocol):
    """A card of them."""

    @property
    def id(self) -> int:
        """Of its row."""


def _columns(table: type[Table], card: type) -> Select[*tuple[Any, ...]]:
    return select(*(table.__table__.c[each.name] for each in fields(card)))


FOLDERS: Final = _columns(AccountingFolder, StoredFolder)
ESTABLISHMENTS: Final = _columns(Establishment, StoredEstablishment)
DEPOTS: Final = _columns(Depot, StoredDepot)


def folder_of_row(row: AnyRow) -> StoredFolder:
    """One of `FOLDERS`."""
    return StoredFolder(*row)


def establishment_of_row(row: AnyRow) -> StoredEstablishment:
    """One of `ESTABLISHMENTS`."""
    return StoredEstablishment(*row)


def depot_of_row(row: AnyRow) -> StoredDepot:
    """One of `DEPOTS`."""
    return StoredDepot(*row)
