"""The card of the dossier: three groups of settings (A09 to A18, A22, A23, A32, A38, A47, A51)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, exists, or_, select, update

from intergestan_db.database import AnyRow
from intergestan_db.enums import Arbitrate, CategoryKind, Incomplete, OperationSide, PickingMode
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    AccountingFolder,
    Category,
    Depot,
    Dossier,
    Establishment,
    OperationCode,
    Party,
    StockMove,
)
from intergestan_erp.agencies.cards import add_row, checked, set_row
from intergestan_erp.agencies.codes import category_called, operation_called
from intergestan_erp.agencies.establishments import (
    check_number,
    dossier_row,
    establishment_called,
    folder_called,
    refuse_used,
    with_own_folder,
)


@dataclass(frozen=True, slots=True)
class Options:
    """What the dossier's establishments are to each other. Establishments and folders by number.

    :ivar invoicing_establishment: who invoices all delivery notes; None: each its own (A23, A31).
    :ivar default_establishment: where orders are that come by mail.
    """

    accounting_folder: int
    establishments_are_companies: bool
    analytic_axis: bool
    invoicing_establishment: int | None
    default_establishment: int | None


@dataclass(frozen=True, slots=True)
class StockOptions:
    """What is counted, set aside and prepared (A10, A11, A22, A32, A38)."""

    manage_stock: bool
    manage_reservations: bool
    reserve_at_entry: bool
    picking_mode: PickingMode
    incomplete: Incomplete
    arbitrate: Arbitrate


@dataclass(frozen=True, slots=True)
class AgencyOptions:
    """What marks the documents between agencies and the parties that bear them, by code (A13 to A18)."""

    customer_op_billable: str
    customer_op_plain: str
    supplier_op_billable: str
    supplier_op_plain: str
    party_category: str | None
    document_category: str | None


@dataclass(frozen=True, slots=True)
class DossierCard:
    """A dossier as people see it."""

    number: int
    name: str
    options: Options
    stock: StockOptions
    agencies: AgencyOptions


FLAGS = ("establishments_are_companies", "analytic_axis", "manage_stock", "manage_reservations", "reserve_at_entry")
WORDS = {"picking_mode": PickingMode, "incomplete": Incomplete, "arbitrate": Arbitrate}
OPERATIONS: Mapping[str, tuple[OperationSide, bool]] = {
    "customer_op_billable": (OperationSide.CUSTOMER, True),
    "customer_op_plain": (OperationSide.CUSTOMER, False),
    "supplier_op_billable": (OperationSide.SUPPLIER, True),
    "supplier_op_plain": (OperationSide.SUPPLIER, False),
}
"""Whose documents bear the code, and whether these are invoiced."""
CATEGORIES = {"party_category": CategoryKind.PARTY, "document_category": CategoryKind.DOCUMENT}


def read_dossier(connection: Connection, number: int | None = None) -> DossierCard:
    """The card of a dossier; None: of the first one.

    :raises Problem: there is none of this number.
    """
    row = dossier_row(connection, number)
    folders = _numbers(connection, select(AccountingFolder.id, AccountingFolder.number))
    establishments = _numbers(connection, select(Establishment.id, Establishment.number))
    operations = _numbers(connection, select(OperationCode.id, OperationCode.code))
    categories = _numbers(connection, select(Category.id, Category.code))
    return DossierCard(
        row.number,
        row.name,
        Options(
            accounting_folder=folders[row.accounting_folder_id],
            establishments_are_companies=row.establishments_are_companies,
            analytic_axis=row.analytic_axis,
            invoicing_establishment=establishments.get(row.invoicing_establishment_id),
            default_establishment=establishments.get(row.default_establishment_id),
        ),
        StockOptions(
            manage_stock=row.manage_stock,
            manage_reservations=row.manage_reservations,
            reserve_at_entry=row.reserve_at_entry,
            picking_mode=PickingMode(row.picking_mode),
            incomplete=Incomplete(row.incomplete),
            arbitrate=Arbitrate(row.arbitrate),
        ),
        AgencyOptions(
            customer_op_billable=operations[row.customer_op_billable_id],
            customer_op_plain=operations[row.customer_op_plain_id],
            supplier_op_billable=operations[row.supplier_op_billable_id],
            supplier_op_plain=operations[row.supplier_op_plain_id],
            party_category=categories.get(row.party_category_id),
            document_category=categories.get(row.document_category_id),
        ),
    )


def add_dossier(
    connection: Connection, number: int, name: str, folder: int | None = None, *, by: str, at: datetime
) -> None:
    """Enter one more dossier, with the operation codes of the first one, and nothing managed yet (D35).

    :param folder: the number of its accounting folder; None: that of the first dossier.
    :raises Problem: the number is taken, or there is no such folder.
    """
    check_number(number)
    if connection.execute(select(Dossier.id).where(Dossier.number == number)).first():
        raise Problem("The number {number} is taken. Nothing was changed.", ProblemCode.CODE_TAKEN, number=number)
    first = dossier_row(connection)
    books = first.accounting_folder_id if folder is None else folder_called(connection, folder).id
    operations = {f"{each}_id": getattr(first, f"{each}_id") for each in OPERATIONS}
    values = {"number": number, "name": name, "accounting_folder_id": books, **operations}
    add_row(connection, Dossier, checked(Dossier, values), by=by, at=at)


def set_dossier(
    connection: Connection, number: int | None, changes: Mapping[str, Any], *, by: str, at: datetime
) -> tuple[str, ...]:
    """Change settings of a dossier; the columns that changed.

    :param changes: `name`, and fields of the three groups; establishments and folders by number, codes as texts. An
        empty text takes away an establishment or a category.
    :raises Problem: one of them may not stand there, or not beside the others; nothing may be written then.
    """
    before = dossier_row(connection, number, lock=True)
    new: dict[str, Any] = {}
    for name, value in changes.items():
        column, found = _column(connection, before, name, value)
        new[column] = found
    new = checked(Dossier, new)
    _check(connection, before, {**before._mapping, **new})  # noqa: SLF001 - SQLAlchemy calls it so
    if "accounting_folder_id" in new and new["accounting_folder_id"] != before.accounting_folder_id:
        without = select(Establishment.id).where(
            Establishment.dossier_id == before.id, Establishment.accounting_folder_id.is_(None)
        )
        refuse_used(connection, before.id, connection.execute(without).scalars().all())
    changed = set_row(connection, Dossier, before, new, by=by, at=at)
    if "party_category_id" in changed:
        _mark_agencies(connection, before.id, new["party_category_id"])
    return changed


def _column(connection: Connection, before: AnyRow, name: str, value: Any) -> tuple[str, Any]:
    """The column of a setting, and what it holds for a value as people say it."""
    if name == "name" or name in FLAGS or name in WORDS:
        return name, value
    column = f"{name}_id"
    if name == "accounting_folder":
        return column, folder_called(connection, value).id
    if name in {"invoicing_establishment", "default_establishment"}:
        return column, None if value == "" else establishment_called(connection, int(value), before.number).id
    if name in OPERATIONS:
        return column, operation_called(connection, value, *OPERATIONS[name]).id
    return column, None if value == "" else category_called(connection, value, CATEGORIES[name])


def _check(connection: Connection, before: AnyRow, new: Mapping[str, Any]) -> None:
    """Refuse settings that contradict each other or what is there.

    :raises Problem: the first that does.
    """
    if not new["establishments_are_companies"]:
        for own in with_own_folder(connection, before.id):
            raise Problem(
                "Establishment {n} has an accounting folder of its own: «establishments as companies» stays ticked as "
                "long as it does. Nothing was changed.",
                ProblemCode.COMPANIES_NEEDED,
                (Act.SET_ESTABLISHMENT,),
                n=own,
            )
    if before.manage_stock and not new["manage_stock"] and connection.execute(select(moved(before.id))).scalar():
        raise Problem(
            "Goods came or left under the management of stock: it stays on. Nothing was changed.",
            ProblemCode.STILL_NEEDED,
            (Act.SHOW_STOCK,),
        )
    needs = {"manage_reservations": "manage_stock", "reserve_at_entry": "manage_reservations"}
    for setting, needed in needs.items():
        if new[setting] and not new[needed]:
            raise Problem(
                "{setting} asks for {needed}. Nothing was changed.",
                ProblemCode.SETTING_NEEDED,
                (Act.SET_DOSSIER,),
                setting=setting,
                needed=needed,
            )
    if new["default_establishment_id"] is None and before.default_establishment_id is not None:
        raise Problem(
            "A dossier has an establishment where orders are that come by mail. Nothing was changed.",
            ProblemCode.NO_VALUE,
        )
    for name in ("invoicing_establishment_id", "default_establishment_id"):
        refuse_idle(connection, new[name], with_depot=name == "default_establishment_id")


def moved(dossier_id: int) -> ColumnElement[bool]:
    """Whether goods of a dossier's depots ever came, left or were counted, as a condition of a statement."""
    depots = select(Depot.id).join(Establishment, Establishment.id == Depot.establishment_id)
    return exists().where(StockMove.depot_id.in_(depots.where(Establishment.dossier_id == dossier_id)))


def refuse_idle(connection: Connection, establishment_id: int | None, *, with_depot: bool) -> None:
    """Refuse an establishment that is not in use, or has no depot in use.

    :raises Problem: with its number.
    """
    if establishment_id is None:
        return
    row = connection.execute(
        select(Establishment.number, Establishment.active).where(Establishment.id == establishment_id)
    ).one()
    depots = select(Depot.id).where(Depot.establishment_id == establishment_id, Depot.active).limit(1)
    if not row.active or (with_depot and connection.execute(depots).first() is None):
        raise Problem(
            "Establishment {number} is not in use, or has no depot in use. Nothing was changed.",
            ProblemCode.NO_PLACE,
            (Act.LIST_DEPOTS,),
            number=row.number,
        )


def _mark_agencies(connection: Connection, dossier_id: int, category_id: int | None) -> None:
    """Give the parties of the dossier's depots its category (A17, D40)."""
    own = select(Establishment.id).where(Establishment.dossier_id == dossier_id)
    tied = exists().where(
        or_(Depot.customer_party_id == Party.id, Depot.supplier_party_id == Party.id),
        Depot.establishment_id.in_(own),
    )
    connection.execute(update(Party).where(tied).values(category_id=category_id))
    of_depots = [
        select(column).where(column.is_not(None)) for column in (Depot.customer_party_id, Depot.supplier_party_id)
    ]
    if dossier_id is not None:
        own = select(Establishment.id).where(Establishment.dossier_id == dossier_id)
        of_depots = [query.where(Depot.establishment_id.in_(own)) for query in of_depots]
    return of_depots[0].union(of_depots[1])  # type: ignore[return-value]


def _numbers(connection: Connection, query: Select[Any, Any]) -> dict[int | None, Any]:
    return {row[0]: row[1] for row in connection.execute(query)}
