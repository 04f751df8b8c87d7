"""What came back, in pages; and what of it is still to be credited (D44)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, case, or_, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import (
    CreditNote,
    CreditNoteLine,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    Establishment,
    GoodsReturn,
    GoodsReturnLine,
    Invoice,
    InvoiceLine,
    Party,
)
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_erp.picking.to_credit import IS_TO_CREDIT, TO_CREDIT


@dataclass(frozen=True, slots=True)
class ListedReturn:
    """A line of a return. :ivar line: of the note; `invoice`: on which it was by then; `credit_note`: since.

    :ivar to_credit: what of it is still to be credited; what the invoice's line was credited otherwise counts.
    """

    number: str
    day: date
    delivery_note: str
    line: int
    product: str | None
    quantity: Decimal
    depot: str
    customer: str
    reason: str
    invoice: str | None
    credit_note: str | None
    to_credit: Decimal


_NEWEST: Final = (
    select(CreditNote.number)
    .join(CreditNoteLine, CreditNoteLine.credit_note_id == CreditNote.id)
    .where(
        CreditNoteLine.invoice_line_id == GoodsReturnLine.invoice_line_id,
        or_(GoodsReturnLine.credit_note_line_id.is_(None), CreditNoteLine.id == GoodsReturnLine.credit_note_line_id),
    )
    .order_by(CreditNoteLine.id.desc())
    .limit(1)
    .correlate(GoodsReturnLine.__table__)
    .scalar_subquery()
)
"""The credit note of a return, else the newest one of its line of the invoice, where something of it is credited."""
_LINES: Final = (
    select(
        *(GoodsReturn.number, GoodsReturn.issue_date, DeliveryNote.number.label("note"), DeliveryNoteLine.position),
        *(DeliveryNoteLine.product_code, GoodsReturnLine.quantity, Depot.code, Party.code.label("customer")),
        *(
            GoodsReturn.reason,
            Invoice.number.label("invoice"),
            case((GoodsReturnLine.quantity > TO_CREDIT, _NEWEST)).label("credit_note"),
        ),
        TO_CREDIT.label("to_credit"),
    )
    .select_from(GoodsReturnLine.__table__)
    .join(GoodsReturn, GoodsReturn.id == GoodsReturnLine.goods_return_id)
    .join(DeliveryNoteLine, DeliveryNoteLine.id == GoodsReturnLine.delivery_note_line_id)
    .join(DeliveryNote, DeliveryNote.id == GoodsReturn.delivery_note_id)
    .join(Depot, Depot.id == GoodsReturn.depot_id)
    .join(Party, Party.id == DeliveryNote.customer_id)
    .outerjoin(InvoiceLine, InvoiceLine.id == GoodsReturnLine.invoice_line_id)
    .outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id)
)
_HEAD: Final = (
    select(
        *(GoodsReturn.number, GoodsReturn.issue_date, DeliveryNote.number, Party.code, Party.name),
        *(Establishment.number, Depot.code, GoodsReturn.reason, GoodsReturn.created_by, GoodsReturn.created_at),
    )
    .join(DeliveryNote, DeliveryNote.id == GoodsReturn.delivery_note_id)
    .join(Party, Party.id == DeliveryNote.customer_id)
    .join(Establishment, Establishment.id == GoodsReturn.establishment_id)
    .join(Depot, Depot.id == GoodsReturn.depot_id)
)


@dataclass(frozen=True, slots=True)
class ShownReturn:
    """A return as a whole. :ivar customer_name: what the card says; the rest of the head is that of each line."""

    number: str
    day: date
    delivery_note: str
    customer: str
    customer_name: str
    establishment: int
    depot: str
    reason: str
    by: str
    at: datetime
    lines: tuple[ListedReturn, ...]

    @property
    def is_to_credit(self) -> bool:
        """Whether something of it was invoiced and is not credited."""
        return any(line.to_credit for line in self.lines)

    @property
    def credit_notes(self) -> tuple[str, ...]:
        """What credits it."""
        return tuple(dict.fromkeys(line.credit_note for line in self.lines if line.credit_note is not None))


def list_returns(
    connection: Connection,
    *,
    uncredited: bool = False,
    size: int = USUAL,
    after: str | None = None,
    before: str | None = None,
) -> Page[ListedReturn]:
    """A page of what came back, by line, the oldest first.

    :param uncredited: only what was invoiced and is not credited.
    :raises Problem: `after` or `before` is of no such page.
    """
    query = _LINES.where(IS_TO_CREDIT) if uncredited else _LINES
    return read_page(connection, query, [GoodsReturnLine.id], _listed, size=size, after=after, before=before)


def show_return(connection: Connection, number: str) -> ShownReturn | None:
    """A return by its number; None: there is none."""
    head = connection.execute(_HEAD.where(GoodsReturn.number == number)).one_or_none()
    if head is None:
        return None
    rows = connection.execute(_LINES.where(GoodsReturn.number == number).order_by(DeliveryNoteLine.position))
    return ShownReturn(*head[:10], lines=tuple(map(_listed, rows)))


def _listed(row: AnyRow) -> ListedReturn:
    return ListedReturn(*row[:12])
