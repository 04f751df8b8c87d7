"""What came back, in pages; and what of it is still to be credited (D44)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Final

from sqlalchemy import Connection, and_, select

from intergestan_db.database import AnyRow
from intergestan_db.tables import (
    CreditNote,
    CreditNoteLine,
    DeliveryNote,
    DeliveryNoteLine,
    Depot,
    GoodsReturn,
    GoodsReturnLine,
    Invoice,
    InvoiceLine,
    Party,
)
from intergestan_erp.listing.page import USUAL, Page, read_page


@dataclass(frozen=True, slots=True)
class ListedReturn:
    """A line of a return. :ivar line: of the note; `invoice`: on which it was by then; `credit_note`: since."""

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


_IS_UNCREDITED: Final = and_(
    GoodsReturnLine.invoice_line_id.is_not(None), GoodsReturnLine.credit_note_line_id.is_(None)
)
_LINES: Final = (
    select(
        *(GoodsReturn.number, GoodsReturn.issue_date, DeliveryNote.number.label("note"), DeliveryNoteLine.position),
        *(DeliveryNoteLine.product_code, GoodsReturnLine.quantity, Depot.code, Party.code.label("customer")),
        *(GoodsReturn.reason, Invoice.number.label("invoice"), CreditNote.number.label("credit_note")),
    )
    .select_from(GoodsReturnLine.__table__)
    .join(GoodsReturn, GoodsReturn.id == GoodsReturnLine.goods_return_id)
    .join(DeliveryNoteLine, DeliveryNoteLine.id == GoodsReturnLine.delivery_note_line_id)
    .join(DeliveryNote, DeliveryNote.id == GoodsReturn.delivery_note_id)
    .join(Depot, Depot.id == GoodsReturn.depot_id)
    .join(Party, Party.id == DeliveryNote.customer_id)
    .outerjoin(InvoiceLine, InvoiceLine.id == GoodsReturnLine.invoice_line_id)
    .outerjoin(Invoice, Invoice.id == InvoiceLine.invoice_id)
    .outerjoin(CreditNoteLine, CreditNoteLine.id == GoodsReturnLine.credit_note_line_id)
    .outerjoin(CreditNote, CreditNote.id == CreditNoteLine.credit_note_id)
)


def list_returns(
    connection: Connection, *, uncredited: bool = False, size: int = USUAL, after: str | None = None
) -> Page[ListedReturn]:
    """A page of what came back, by line, the oldest first.

    :param uncredited: only what was invoiced and is not credited.
    :raises Problem: `after` is of no such page.
    """
    query = _LINES.where(_IS_UNCREDITED) if uncredited else _LINES
    return read_page(connection, query, [GoodsReturnLine.id], _listed, size=size, after=after)


def _listed(row: AnyRow) -> ListedReturn:
    return ListedReturn(*row[:11])
