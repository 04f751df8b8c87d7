"""Orders as files for other software: purchase orders and sales orders, each once, as UBL, CSV or XLSX.

A file has one order and its number as name, so that writing it again replaces it. What was exported is noted
after the file is there: a cut in between writes the same file again, never loses one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, Select, select, update

from intergestan_db import site_rows, states
from intergestan_db.enums import FileFormat, PurchaseState, SalesState
from intergestan_db.file_tables.xlsx_table import Cell
from intergestan_db.problem import Problem, ProblemCode, Words
from intergestan_db.tables import (
    Party,
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
    User,
)
from intergestan_erp.agencies.paired import IS_BOUGHT, IS_SOLD
from intergestan_erp.catalogue.catalogue_file import write_book, write_csv
from intergestan_erp.documents import documents
from intergestan_erp.inputs.table import Titles
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.inputs.vat import written_rate
from intergestan_erp.order_files.order_csv import COLUMNS
from intergestan_erp.order_files.order_types import REFERENCES
from intergestan_msg.as_oca import order_as_oca
from intergestan_msg.flavour import Flavour
from intergestan_msg.identity import case_key
from intergestan_msg.order import Order
from intergestan_msg.ubl import write_order

MOST = 200
"""How many orders are written between two commits."""
_MOST_BYTES = 200  # of a file name; file systems take 255


ENDINGS: Final = {FileFormat.UBL: "xml", FileFormat.CSV: "csv", FileFormat.XLSX: "xlsx"}


@dataclass(frozen=True, slots=True)
class Kind:
    """Purchase or sales orders: their tables, who the other party is, which ones are exported."""

    head: type[PurchaseOrder | SalesOrder]
    line: type[PurchaseOrderLine | SalesOrderLine]
    charge: type[PurchaseOrderCharge | SalesOrderCharge]
    order_id: str
    party_id: str
    states: tuple[str, ...]
    is_of_pair: ColumnElement[bool]
    columns: Titles


PURCHASE = Kind(
    PurchaseOrder,
    PurchaseOrderLine,
    PurchaseOrderCharge,
    "purchase_order_id",
    "supplier_id",
    tuple(state for state in PurchaseState if state not in {PurchaseState.DRAFT, PurchaseState.CANCELLED}),
    IS_BOUGHT,
    COLUMNS,
)
SALES = Kind(
    SalesOrder,
    SalesOrderLine,
    SalesOrderCharge,
    "sales_order_id",
    "customer_id",
    (SalesState.ACCEPTED,),
    IS_SOLD,
    {
        "number": ("ID Pièce",),
        "date": ("Date",),
        "customer": ("Client",),
        "customer_name": ("Raison sociale",),
        "customer_order_number": ("Commande client",),
        **{
            name: titles
            for name, titles in COLUMNS.items()
            if name not in {"number", "date", "supplier", "followed_by", "type_code", *REFERENCES.values()}
        },
    },
)


@dataclass(frozen=True, slots=True)
class Exported:
    """An order as it leaves: `party` has the columns of the other party's row."""

    head: Mapping[str, Any]
    party: Mapping[str, Any]
    lines: Sequence[Mapping[str, Any]]
    charges: Sequence[Mapping[str, Any]]


def to_export(connection: Connection, kind: Kind, numbers: Sequence[str], *, again: bool) -> list[int]:
    """The ids of these orders, or of all that may be exported except those between agencies; without `again` only those
    that were not.

    :raises Problem: when a number is none of them, or its order is not ready.
    """
    table = kind.head
    numbers = [as_stored(connection, number, table.number) for number in numbers]
    query = select(table.id, table.number, table.state, table.exported_at).order_by(table.id)
    usual = table.state.in_(kind.states), ~kind.is_of_pair
    query = query.where(table.number.in_(numbers)) if numbers else query.where(*usual)
    rows = connection.execute(query).all()
    _refuse(kind, numbers, {row.number: row.state for row in rows})
    return [row.id for row in rows if again or row.exported_at is None]


def read_orders(connection: Connection, kind: Kind, ids: Sequence[int]) -> list[Exported]:
    """These orders with all that belongs to them, by number."""
    heads = [dict(row) for row in connection.execute(_heads(kind).where(kind.head.id.in_(ids))).mappings()]
    lines = _by_order(connection, kind, select(kind.line.__table__).order_by(kind.line.position), kind.line, ids)
    charges = _by_order(connection, kind, select(kind.charge.__table__).order_by(kind.charge.id), kind.charge, ids)
    query = select(Party.__table__).where(Party.id.in_({head[kind.party_id] for head in heads}))
    parties = {row["id"]: dict(row) for row in connection.execute(query).mappings()}
    return [
        Exported(head, parties[head[kind.party_id]], lines.get(head["id"], ()), charges.get(head["id"], ()))
        for head in heads
    ]


def as_documents(
    connection: Connection, kind: Kind, orders: Iterable[Exported], flavour: Flavour = Flavour.PEPPOL
) -> Iterator[Order]:
    """The same as documents. A sales order has our number as id, and the customer's as their reference."""
    site = site_rows.read_site(connection)
    us = documents.site_party(site)
    for order in orders:
        other = documents.party_of(connection, order.party["id"])
        buyer, seller = (us, other) if kind is PURCHASE else (other, us)
        document = documents.order_document(
            _row(order.head), map(_row, order.lines), map(_row, order.charges), buyer, seller
        )
        if kind is SALES:
            document = replace(document, customer_reference=order.head["customer_order_number"])
        seller_vat_id = order.party["vat_id"] if kind is PURCHASE else site.vat_id
        yield order_as_oca(document, seller_vat_id) if flavour is Flavour.OCA else document


def write_tables(kind: Kind, order: Exported, form: FileFormat, language: str, *, raw: bool = False) -> bytes:
    """An order as CSV or workbook, in the columns of the kind; purchase orders can be imported from it again.

    :param raw: as `write_csv` has it.
    """
    rows = [_titles(kind, language), *_rows(kind, order)]
    name = {"fr": "Commande", "en": "Order"}[language]
    return write_csv(rows, language, raw=raw) if form is FileFormat.CSV else write_book({name: rows})


def write_ubl(order: Order, flavour: Flavour = Flavour.PEPPOL) -> bytes:
    """An order as UBL."""
    return write_order(order, flavour)


class FileNames:
    """The names of the files in a folder, so that the file of one order never takes the place of another's.

    Some systems see one name where two differ by upper and lower case, or by the encoding of an accent, alone.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._there: dict[str, set[str]] = {}
        for name in names:
            self._there.setdefault(case_key(name), set()).add(name)

    def take(self, number: str, form: FileFormat) -> str:
        """The name of an order's file: the same one each time, with a part of the number's hash where need be."""
        name = file_name(number, form)
        same = self._there.setdefault(case_key(name), set())
        if same and name not in same:
            mark = hashlib.sha256(number.encode()).hexdigest()[:8]
            return f"{name.removesuffix(f'.{ENDINGS[form]}')}~{mark}.{ENDINGS[form]}"
        same.add(name)
        return name


def file_name(number: str, form: FileFormat) -> str:
    """What an order's file is called: its number, with what may not stand in a name as %XX."""
    name = "".join(
        each if each.isalnum() or each in "-_" else quote(each, safe="").replace(".", "%2E").replace("~", "%7E")
        for each in number
    )
    if len(name.encode()) > _MOST_BYTES:
        name = hashlib.sha256(number.encode()).hexdigest()
    return f"{name}.{ENDINGS[form]}"


def mark_exported(connection: Connection, kind: Kind, ids: Sequence[int], *, by: str, at: datetime) -> None:
    """Note that these orders were exported."""
    table = kind.head
    connection.execute(update(table).where(table.id.in_(ids)).values(exported_at=at))
    states.record(connection, table.__tablename__, [(row_id, None, None) for row_id in ids], "export", by=by, at=at)


def _refuse(kind: Kind, numbers: Sequence[str], found: Mapping[str, str]) -> None:
    missing = [number for number in numbers if number not in found]
    if missing:
        raise Problem(
            "There is no order {numbers}; nothing was exported.", ProblemCode.NO_ORDER, numbers=", ".join(missing)
        )
    others = [(number, state) for number, state in found.items() if state not in kind.states]
    if others:
        raise Problem(
            "Nothing was exported: this is for orders in the state {wanted}, but {others}.",
            ProblemCode.OTHER_STATE,
            wanted=Words.any_of(kind.states),
            others=Words.by_number(others),
        )


def _heads(kind: Kind) -> Select[*tuple[Any, ...]]:
    if kind is SALES:
        return select(SalesOrder.__table__).order_by(SalesOrder.number)
    contact = (User.login.label("followed_by"), User.name.label("contact_name"), User.email.label("contact_email"))
    joined = select(PurchaseOrder.__table__, *contact).outerjoin(User, User.id == PurchaseOrder.followed_by_id)
    return joined.order_by(PurchaseOrder.number)


def _by_order(
    connection: Connection, kind: Kind, query: Select[*tuple[Any, ...]], table: Any, ids: Sequence[int]
) -> dict[int, list[Mapping[str, Any]]]:
    grouped: dict[int, list[Mapping[str, Any]]] = {}
    for row in connection.execute(query.where(getattr(table, kind.order_id).in_(ids))).mappings():
        grouped.setdefault(row[kind.order_id], []).append(dict(row))
    return grouped


def _row(values: Mapping[str, Any]) -> SimpleNamespace:
    """A row as documents want it; only purchase orders have all of these columns."""
    return SimpleNamespace(**{**dict.fromkeys(_OF_PURCHASES), **values})


_OF_PURCHASES = ("contact_name", "contact_email", "gtin", "supplier_code", "carried")


def _titles(kind: Kind, language: str) -> list[Cell]:
    return [titles[0] if language == "fr" else name for name, titles in kind.columns.items()]


def _rows(kind: Kind, order: Exported) -> Iterator[list[Cell]]:
    head = {
        **order.head,
        **(order.head.get("carried") or {}),
        "date": order.head["issue_date"],
        "supplier": order.party["code"],
        "customer": order.party["code"],
        "customer_name": order.party["name"],
    }
    of_head = [name for name in kind.columns if name in head and name != "name"]
    common = {name: head[name] for name in of_head}
    for line in order.lines:
        own = {"line": line["line_id"], "product": line["product_code"], "line_note": line["note"]}
        own["wanted_date"] = line["wanted_date"] or head["wanted_date"]
        of_line = {name: line[name] for name in kind.columns if name in line and name not in {"line", "note"}}
        yield _cells(kind, {**common, **of_line, **own})
    for charge in order.charges:
        own = {"name": charge["reason"], "charge": charge["amount"]}
        yield _cells(kind, {**common, "vat_category": charge["vat_category"], "vat_rate": charge["vat_rate"], **own})


def _cells(kind: Kind, values: Mapping[str, Any]) -> list[Cell]:
    cells: list[Cell] = []
    for name in kind.columns:
        value = values.get(name)
        if name == "vat_rate" and value is not None:
            value = written_rate(value)
        if isinstance(value, Decimal):
            value = value.normalize()
        cells.append(value if isinstance(value, Decimal | date) else None if value is None else str(value))
    return cells
