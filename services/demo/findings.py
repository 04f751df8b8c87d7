"""What happened at each site of the demo, read from the bases once all is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select

from intergestan_db.enums import InboundState, OutboundState
from intergestan_db.tables import (
    Hold,
    InboundMail,
    InboundTransfer,
    OutboundMail,
    OutboundOrder,
    Partner,
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_db.tables.order import ChargeColumns, DeliveryColumns, LineColumns, OrderColumns
from intergestan_msg.kinds import Kind
from services.demo.stage import Site
from services.demo.timings import seconds_by_step, seconds_of_site, seconds_to_last_answer
from services.demo.verdict import Bought, Document, Key, Verdict, judge
from services.demo.watch import DELIVERED

HEAD = tuple(sorted({*OrderColumns.__annotations__, *DeliveryColumns.__annotations__} - {"number"}))
LINE = tuple(sorted(LineColumns.__annotations__))
CHARGE = tuple(sorted(ChargeColumns.__annotations__))
"""What a purchase order and its sales order both have; the numbers are each side's own."""


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What happened at one site; `seconds` from its first act with a mail to its last."""

    name: str
    orders_out: int
    mails_out: int
    mails_in: int
    sales_orders: int
    answers: int
    held: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Result:
    """What came of the demo; `seconds` from the first process's start to the last answer."""

    verdict: Verdict
    mails_sent: int
    reports: tuple[SiteReport, ...]
    seconds: float
    seconds_by_step: Mapping[str, float]

    def as_json(self) -> str:
        """One line for scripts; `mails_sent` counts the order batches."""
        verdict = self.verdict
        figures = {
            "sites": len(self.reports),
            "orders_sent": verdict.orders_sent,
            "mails_sent": self.mails_sent,
            "sales_orders": verdict.sales_orders,
            "duplicates": len(verdict.duplicates),
            "lost": len(verdict.lost),
            "altered": len(verdict.altered),
            "answers_applied": verdict.answers_applied,
            "held": sum(report.held for report in self.reports),
            "seconds": self.seconds,
            "seconds_by_step": self.seconds_by_step,
        }
        return json.dumps(figures)


def find_out(started: datetime, base: Site, distributors: Sequence[Site]) -> Result:
    """Read and compare all that the bases say. `started` is when the first process did."""
    return Result(
        verdict=judge([each for site in distributors for each in bought(site)], sold(base)),
        mails_sent=sum(order_mails(site) for site in distributors),
        reports=tuple(report(site) for site in (base, *distributors)),
        seconds=seconds_to_last_answer(started, distributors),
        seconds_by_step=seconds_by_step(started, base, distributors),
    )


def report(site: Site) -> SiteReport:
    """What happened at a site."""
    delivered = OutboundMail.state.in_(DELIVERED)
    with site.database.read() as connection:
        return SiteReport(
            name=site.role.name,
            orders_out=_count(connection, OutboundOrder, OutboundOrder.outbound_mail_id == OutboundMail.id, delivered),
            mails_out=_count(connection, OutboundMail, delivered),
            mails_in=_count(connection, InboundMail, InboundMail.state == InboundState.DONE),
            sales_orders=_count(connection, SalesOrder),
            answers=_count(connection, PurchaseOrder, PurchaseOrder.answer_n > 0),
            held=_held(connection),
            seconds=seconds_of_site(site),
        )


def order_mails(site: Site) -> int:
    """How many order batches left a site."""
    with site.database.read() as connection:
        return _count(connection, OutboundMail, _ORDERS, OutboundMail.state.in_(DELIVERED))


_ORDERS = OutboundMail.kind == Kind.ORDERS


def _held(connection: Connection) -> int:
    return (
        _count(connection, OutboundMail, OutboundMail.state == OutboundState.HELD)
        + _count(connection, InboundMail, InboundMail.state == InboundState.HELD)
        + _count(connection, Hold, Hold.closed_at.is_(None))
    )


def _count(connection: Connection, table: Any, *conditions: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count(table.id)).where(*conditions)) or 0


def bought(site: Site) -> list[Bought]:
    """A distributor's purchase orders."""
    delivered = select(OutboundOrder.purchase_order_id).join(
        OutboundMail, OutboundMail.id == OutboundOrder.outbound_mail_id
    )
    heads = select(PurchaseOrder.__table__)
    with site.database.read() as connection:
        sent = set(connection.scalars(delivered.where(OutboundMail.state.in_(DELIVERED))))
        rows = {row["id"]: dict(row) for row in connection.execute(heads).mappings()}
        lines = _by_order(connection, select(PurchaseOrderLine.__table__), "purchase_order_id")
        charges = _by_order(connection, select(PurchaseOrderCharge.__table__), "purchase_order_id")
    return [
        Bought(
            _document((site.code, row["number"]), row, lines.get(row_id, []), charges.get(row_id, [])),
            sent=row_id in sent,
            answer=row["answer_code"],
        )
        for row_id, row in rows.items()
    ]


def sold(site: Site) -> list[Document]:
    """The sales orders of the base."""
    heads = select(SalesOrder.__table__, Partner.site_code).join(Partner, Partner.id == SalesOrder.partner_id)
    with site.database.read() as connection:
        rows = {row["id"]: dict(row) for row in connection.execute(heads).mappings()}
        lines = _by_order(connection, select(SalesOrderLine.__table__), "sales_order_id")
        charges = _by_order(connection, select(SalesOrderCharge.__table__), "sales_order_id")
    return [
        _document((row["site_code"], row["customer_order_number"]), row, lines.get(row_id, []), charges.get(row_id, []))
        for row_id, row in rows.items()
    ]


Rows = Iterable[Mapping[str, Any]]


def _by_order(connection: Connection, query: Select[*tuple[Any, ...]], order: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for row in connection.execute(query).mappings():
        found.setdefault(row[order], []).append(row)
    return found


def _document(key: Key, head: Mapping[str, Any], lines: Rows, charges: Rows) -> Document:
    return Document(
        key,
        _only(HEAD, head),
        [_only(LINE, line) for line in lines],
        [_only(CHARGE, charge) for charge in charges],
    )


def _only(columns: Sequence[str], row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in columns}


def an_order_mail(site: Site) -> Path | None:
    """The archived file of the first mail with orders that a site took in."""
    query = (
        select(InboundMail.sha256)
        .join(InboundTransfer, InboundTransfer.inbound_mail_id == InboundMail.id)
        .where(InboundTransfer.kind == Kind.ORDERS)
        .order_by(InboundMail.id)
        .limit(1)
    )
    with site.database.read() as connection:
        sha256 = connection.scalar(query)
    return None if sha256 is None else site.archive.path(sha256)
