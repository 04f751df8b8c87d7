"""The commercial file with its places: dossier, accounting folders, establishments, depots (A01 to A19, A47 to A51)."""

from __future__ import annotations

from datetime import date

from sqlalchemy import JSON, LargeBinary, String, Text

from intergestan_db.enums import Arbitrate, CategoryKind, Incomplete, OperationSide, PickingMode
from intergestan_db.tables.order import PlaceColumns
from intergestan_db.tables.types import RowId, Table, Typed, column, holds, one_of, unique


class AddressColumns:
    """A postal address of our own."""

    line1: Typed[str | None] = column(String(200))
    line2: Typed[str | None] = column(String(200))
    postcode: Typed[str | None] = column(String(20))
    city: Typed[str | None] = column(String(100))
    country: Typed[str | None] = column(String(2))


class Dossier(Table):
    """The commercial file of establishments that share parties, products and stock; nearly always the only one (D35).

    `accounting_folder_id` is the folder of every establishment that has none of its own (A47). With `manage_stock` off
    nothing is counted, allocated or prepared (D38). `invoicing_establishment_id` invoices all delivery notes; NULL:
    each establishment its own (A23, A31). The four operation codes are what both orders of a pair of agencies bear
    (A13 to A15). `default_establishment_id` is where an order is that came by mail.
    """

    __tablename__ = "dossier"
    __table_args__ = (
        one_of("picking_mode", PickingMode),
        one_of("incomplete", Incomplete),
        one_of("arbitrate", Arbitrate),
    )

    id: Typed[RowId]
    number: Typed[int] = column(unique=True)
    name: Typed[str] = column(String(200))
    accounting_folder_id: Typed[int] = column(references="accounting_folder.id")
    manage_stock: Typed[bool] = column(default=False)
    manage_reservations: Typed[bool] = column(default=False)
    reserve_at_entry: Typed[bool] = column(default=False)
    invoicing_establishment_id: Typed[int | None] = column(references="establishment.id", use_alter=True)
    customer_op_billable_id: Typed[int] = column(references="operation_code.id")
    customer_op_plain_id: Typed[int] = column(references="operation_code.id")
    supplier_op_billable_id: Typed[int] = column(references="operation_code.id")
    supplier_op_plain_id: Typed[int] = column(references="operation_code.id")
    party_category_id: Typed[int | None] = column(references="category.id")
    document_category_id: Typed[int | None] = column(references="category.id")
    establishments_are_companies: Typed[bool] = column(default=False)
    analytic_axis: Typed[bool] = column(default=False)
    picking_mode: Typed[str] = column(String(4), default=PickingMode.SLIP)
    incomplete: Typed[str] = column(String(4), default=Incomplete.PICK)
    arbitrate: Typed[str] = column(String(6), default=Arbitrate.SHORT)
    default_establishment_id: Typed[int | None] = column(references="establishment.id", use_alter=True)


class AccountingFolder(AddressColumns, Table):
    """The books of one company: the folder is the company (D36), and says what its invoices must say of it.

    `early_payment` is the discount for paying early, or that there is none; `vat_exemption` the ground why a document
    bears no VAT. `logo` is a PNG or SVG. `locked_until`: nothing enters its books any more until that day.
    `chart`: the accounts that it names in place of the usual ones, number and title by what they are for.
    """

    __tablename__ = "accounting_folder"

    id: Typed[RowId]
    number: Typed[int] = column(unique=True)
    name: Typed[str] = column(String(200))
    siren: Typed[str | None] = column(String(9), unique=True)
    vat_id: Typed[str | None] = column(String(20))
    legal_form: Typed[str | None] = column(Text())
    share_capital: Typed[str | None] = column(Text())
    rcs: Typed[str | None] = column(Text())
    iban: Typed[str | None] = column(Text())
    bic: Typed[str | None] = column(Text())
    late_penalty: Typed[str | None] = column(Text())
    early_payment: Typed[str | None] = column(Text())
    vat_exemption: Typed[str | None] = column(Text())
    vat_on_debits: Typed[bool] = column(default=False)
    logo: Typed[bytes | None] = column(LargeBinary())
    locked_until: Typed[date | None]
    chart: Typed[dict[str, list[str]] | None] = column(JSON(none_as_null=True))


class Establishment(AddressColumns, Table):
    """A place of business with its depots; a company of its own has an accounting folder (A02, A47)."""

    __tablename__ = "establishment"
    __table_args__ = (unique("dossier_id", "number"),)

    id: Typed[RowId]
    dossier_id: Typed[int] = column(references="dossier.id")
    number: Typed[int]
    name: Typed[str] = column(String(200))
    siret: Typed[str | None] = column(String(14))
    accounting_folder_id: Typed[int | None] = column(references="accounting_folder.id")
    active: Typed[bool] = column(default=True)


class Depot(PlaceColumns, Table):
    """Where goods lie. Its two parties bear the orders between agencies (A16); one party may be both sides."""

    __tablename__ = "depot"

    id: Typed[RowId]
    code: Typed[str] = column(String(20), unique=True)
    name: Typed[str] = column(String(200))
    establishment_id: Typed[int] = column(references="establishment.id", index=True)
    manage_reservations: Typed[bool] = column(default=False)
    allow_negative: Typed[bool] = column(default=False)
    customer_party_id: Typed[int | None] = column(references="party.id", index=True)
    supplier_party_id: Typed[int | None] = column(references="party.id", index=True)
    active: Typed[bool] = column(default=True)


class DepotRank(Table):
    """In which order an establishment draws on depots; a depot without a rank comes after all that have one."""

    __tablename__ = "depot_rank"
    __table_args__ = (holds("rank", "rank > 0"),)

    establishment_id: Typed[int] = column(references="establishment.id", primary_key=True, autoincrement=False)
    depot_id: Typed[int] = column(references="depot.id", primary_key=True, autoincrement=False)
    rank: Typed[int]


class OperationCode(Table):
    """Says whether a document is invoiced (code opération, A14, A15)."""

    __tablename__ = "operation_code"
    __table_args__ = (one_of("side", OperationSide),)

    id: Typed[RowId]
    code: Typed[str] = column(String(10), unique=True)
    name: Typed[str] = column(String(200))
    side: Typed[str] = column(String(8))
    billable: Typed[bool]


class Category(Table):
    """A mark on parties or documents by which lists are narrowed (A17, A18)."""

    __tablename__ = "category"
    __table_args__ = (one_of("kind", CategoryKind),)

    id: Typed[RowId]
    code: Typed[str] = column(String(20), unique=True)
    name: Typed[str] = column(String(200))
    kind: Typed[str] = column(String(8))
