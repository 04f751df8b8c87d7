"""The dossier of a new site: one accounting folder, establishment and depot, and the operation codes (D35, D38)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, insert, update

from intergestan_db.enums import OperationSide
from intergestan_db.tables import AccountingFolder, Depot, Dossier, Establishment, OperationCode, Table

MAIN_DEPOT = "PRINCIPAL"
_OPERATIONS = (
    ("customer_op_billable_id", "C+", "Client, facturable", "Customer, invoiced", OperationSide.CUSTOMER, True),
    ("customer_op_plain_id", "C0", "Client, non facturable", "Customer, not invoiced", OperationSide.CUSTOMER, False),
    ("supplier_op_billable_id", "F+", "Fournisseur, facturable", "Supplier, invoiced", OperationSide.SUPPLIER, True),
    (
        *("supplier_op_plain_id", "F0", "Fournisseur, non facturable", "Supplier, not invoiced"),
        *(OperationSide.SUPPLIER, False),
    ),
)


@dataclass(frozen=True, slots=True)
class Company:
    """Whose dossier it is. :ivar address: line1, line2, postcode, city and country."""

    name: str
    siret: str | None = None
    vat_id: str | None = None
    address: Mapping[str, str | None] = field(default_factory=dict)


def add_first_dossier(connection: Connection, company: Company, language: str) -> None:
    """Enter dossier 1 with accounting folder 1, establishment 1 and its depot; stock is not managed (D38)."""
    name, address = company.name, company.address
    is_french = language == "fr"
    siren = company.siret[:9] if company.siret else None
    folder = _add(connection, AccountingFolder, number=1, name=name, siren=siren, vat_id=company.vat_id, **address)
    operations = {
        column: _add(
            connection, OperationCode, code=code, name=french if is_french else english, side=side, billable=billable
        )
        for column, code, french, english, side, billable in _OPERATIONS
    }
    dossier = _add(connection, Dossier, number=1, name=name, accounting_folder_id=folder, **operations)
    own = {"dossier_id": dossier, "number": 1, "name": name, "siret": company.siret}
    establishment = _add(connection, Establishment, **own, **address)
    place = {f"delivery_{part}": value for part, value in {"name": name, **address}.items()}
    called = "Dépôt principal" if is_french else "Main depot"
    _add(connection, Depot, code=MAIN_DEPOT, name=called, establishment_id=establishment, **place)
    connection.execute(update(Dossier).values(default_establishment_id=establishment))


def _add(connection: Connection, table: type[Table], **values: Any) -> int:
    core = table.__table__
    return int(connection.execute(insert(core).values(**values).returning(core.c.id)).scalar_one())
