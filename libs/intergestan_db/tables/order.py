"""Purchase orders (what we ask of suppliers) and sales orders (what customers asked of us)."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import JSON, String, Text

from intergestan_db.enums import ChangeState, Incomplete, Invoiced, PurchaseState, SalesState
from intergestan_db.tables.types import (
    Amount,
    Fine,
    Instant,
    RowId,
    Rule,
    Table,
    Typed,
    column,
    index,
    index_where,
    one_of,
    unique,
)
from intergestan_db.tables.usual_place import PURCHASE, SALE, USUAL_DEPOT, USUAL_ESTABLISHMENT
from intergestan_msg.identity import case_key


class PlaceColumns:
    """Where goods go, as agreed when the document was made: addresses of parties may change later."""

    delivery_name: Typed[str | None] = column(String(200))
    delivery_line1: Typed[str | None] = column(String(200))
    delivery_line2: Typed[str | None] = column(String(200))
    delivery_postcode: Typed[str | None] = column(String(20))
    delivery_city: Typed[str | None] = column(String(100))
    delivery_country: Typed[str | None] = column(String(2))


class DeliveryColumns(PlaceColumns):
    """Where an order goes, and when."""

    wanted_date: Typed[date | None]


class OrderColumns(DeliveryColumns):
    """What the head of either kind of order has. `total_ht`, `total_ttc`: without and with VAT."""

    number: Typed[str] = column(String(60), unique=True)
    revision: Typed[int] = column(default=0)
    issue_date: Typed[date]
    note: Typed[str | None] = column(Text())
    currency: Typed[str] = column(String(3))
    total_ht: Typed[Amount]
    total_vat: Typed[Amount]
    total_ttc: Typed[Amount]


class LineColumns:
    """What a line of either kind has. `line_id` is the buyer's stable id; `allowance` is signed.

    `wanted_date` is the line's own, where the lines of an order are wanted on different days.
    """

    line_id: Typed[str] = column(String(60))
    position: Typed[int]
    product_code: Typed[str | None] = column(String(60))
    name: Typed[str] = column(String(400))
    quantity: Typed[Fine]
    unit: Typed[str] = column(String(3))
    price: Typed[Fine]
    base_quantity: Typed[Fine]
    allowance: Typed[Amount]
    total: Typed[Amount]
    vat_category: Typed[str] = column(String(3))
    vat_rate: Typed[Fine]
    note: Typed[str | None] = column(Text())
    wanted_date: Typed[date | None]


class ChargeColumns:
    """A charge (port, frais) or allowance of a whole order; `amount` is signed, < 0 is an allowance."""

    reason: Typed[str | None] = column(String(200))
    amount: Typed[Amount]
    vat_category: Typed[str | None] = column(String(3))
    vat_rate: Typed[Fine | None]


class WhereColumns:
    """Where an order belongs, and whether it is invoiced (A14). `category_id`: by which lists are narrowed (A18)."""

    establishment_id: Typed[int] = column(references="establishment.id", default=USUAL_ESTABLISHMENT)
    depot_id: Typed[int] = column(references="depot.id", default=USUAL_DEPOT)
    category_id: Typed[int | None] = column(references="category.id")


def _of_a_category(table: str) -> Rule:
    """The index of what has one: a site without categories pays nothing for it with each order."""
    return index_where("category_id IS NOT NULL", "category_id", name=f"ix_{table}_category_id")


def _number_key(context: Any) -> str:
    return case_key(context.get_current_parameters()["number"])


class PurchaseOrder(OrderColumns, WhereColumns, Table):
    """An order to a supplier. `version` rises with each change, so that a stale selection is seen (G14).

    It says what both sides agreed on; what is under way stands in `PurchaseOrderChange`, and `revision` is the last
    change that was settled. `answer_n` is the newest answer to the order itself, `lines_n` the answer whose words on
    the lines are kept, each within the seller's series of its `…_epoch`; `supplier_number_epoch` is the series in which
    the seller gave the sales order its number. `spelled` is how its keys
    were spelled when an older release sent it, where that is not NFC; `number_key` finds numbers that differ by case.
    `carried` is what its document says beside the columns: fields of `intergestan_msg.order.Order` by name.
    """

    __tablename__ = "purchase_order"
    __table_args__ = (
        one_of("state", PurchaseState),
        index("supplier_id", "state", "issue_date"),
        _of_a_category("purchase_order"),
        index("issue_date", "id"),
        index("state", "issue_date", "id"),
    )

    id: Typed[RowId]
    supplier_id: Typed[int] = column(references="party.id")
    followed_by_id: Typed[int | None] = column(references="user.id")
    operation_code_id: Typed[int] = column(references="operation_code.id", default=PURCHASE)
    state: Typed[str] = column(String(20))
    version: Typed[int] = column(default=1)
    outbound_mail_id: Typed[int | None] = column(references="outbound_mail.id", index=True)
    answer_epoch: Typed[int] = column(default=0)
    answer_n: Typed[int] = column(default=0)
    answer_code: Typed[str | None] = column(String(2))
    answer_note: Typed[str | None] = column(Text())
    lines_epoch: Typed[int] = column(default=0)
    lines_n: Typed[int] = column(default=0)
    supplier_order_number: Typed[str | None] = column(String(60), index=True)
    supplier_number_epoch: Typed[int] = column(default=0)
    spelled: Typed[dict[str, str] | None] = column(JSON(none_as_null=True))
    number_key: Typed[str | None] = column(String(180), index=True, default=_number_key)
    carried: Typed[dict[str, str] | None] = column(JSON(none_as_null=True))
    created_at: Typed[Instant]
    exported_at: Typed[Instant | None]
    updated_at: Typed[Instant]


class PurchaseOrderLine(LineColumns, Table):
    """A line, with the answer's word on it once there is one.

    It is agreed upon up to the answer `settled_n` of the seller's series `settled_epoch`.
    """

    __tablename__ = "purchase_order_line"
    __table_args__ = (unique("purchase_order_id", "line_id"),)

    id: Typed[RowId]
    purchase_order_id: Typed[int] = column(references="purchase_order.id")
    gtin: Typed[str | None] = column(String(14))
    supplier_code: Typed[str | None] = column(String(60))
    answer_code: Typed[str | None] = column(String(2))
    answer: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))
    settled_epoch: Typed[int] = column(default=0)
    settled_n: Typed[int] = column(default=0)
    promised_date: Typed[date | None]


class PurchaseOrderChange(Table):
    """A change or a cancellation of an order that was sent: the document, the mail it is in, what became of it.

    `revision` is its place in the sequence, 1 for the first; one that was given up leaves its place to the next.
    """

    __tablename__ = "purchase_order_change"
    __table_args__ = (
        one_of("state", ChangeState),
        one_of("type", ("change", "cancel")),
        index_where(
            "state <> 'abandoned'", "purchase_order_id", "revision", name="uq_purchase_order_change_place", unique=True
        ),
    )

    id: Typed[RowId]
    purchase_order_id: Typed[int] = column(references="purchase_order.id")
    revision: Typed[int]
    type: Typed[str] = column(String(10))
    state: Typed[str] = column(String(20))
    document: Typed[dict[str, Any]] = column(JSON())
    outbound_mail_id: Typed[int] = column(references="outbound_mail.id", index=True)
    answer_epoch: Typed[int] = column(default=0)
    answer_n: Typed[int] = column(default=0)
    answer_code: Typed[str | None] = column(String(2))
    answer_note: Typed[str | None] = column(Text())
    answer_lines: Typed[list[dict[str, Any]] | None] = column(JSON(none_as_null=True))
    requested_by: Typed[str] = column(String(80))
    requested_at: Typed[Instant]
    updated_at: Typed[Instant]


class PurchaseOrderCharge(ChargeColumns, Table):
    """A charge or allowance of a purchase order."""

    __tablename__ = "purchase_order_charge"

    id: Typed[RowId]
    purchase_order_id: Typed[int] = column(references="purchase_order.id", index=True)


class SalesOrder(OrderColumns, WhereColumns, Table):
    """An order of a customer; at most one per partner and order number, whatever the mail does.

    One without a partner was entered here. A quote becomes one order at most. `below_minimum`: its goods are worth less
    than the minimum that the customer had when it was made or last changed.
    `payment_term_id`: the term of its invoices; NULL for the customer's, else the site's.
    `allocated_at`: when its goods were first allocated to depots; from then on its allocations follow its lines.
    `invoiced`: what invoices leave of it, so that nobody has to read the lines of all orders of all years.
    `address_id`: the address of the customer to which it goes; `incomplete`: what becomes of it when not all of it is
    there; NULL: as the address, the customer and the dossier say (A39).
    `carried` is what its document says beside the columns: fields of `intergestan_msg.order.Order` by name, and as
    `left_out` the elements that had no place.
    """

    __tablename__ = "sales_order"
    __table_args__ = (
        unique("partner_id", "customer_order_number"),
        one_of("state", SalesState),
        one_of("invoiced", Invoiced),
        index("customer_id", "state", "invoiced", "total_ttc"),
        one_of("incomplete", Incomplete),
        index("issue_date", "id"),
        index("state", "issue_date", "id"),
        _of_a_category("sales_order"),
        index_where("quote_id IS NOT NULL", "quote_id", name="uq_sales_order_quote_id", unique=True),
        index_where("allocated_at IS NULL AND state = 'accepted'", "id", name="ix_sales_order_unallocated"),
    )

    id: Typed[RowId]
    customer_id: Typed[int] = column(references="party.id")
    partner_id: Typed[int | None] = column(references="partner.id")
    customer_order_number: Typed[str | None] = column(String(60))
    quote_id: Typed[int | None] = column(references="quote.id")
    state: Typed[str] = column(String(20))
    invoiced: Typed[str] = column(String(5), server_default="none")
    operation_code_id: Typed[int] = column(references="operation_code.id", default=SALE)
    below_minimum: Typed[bool] = column(default=False)
    payment_term_id: Typed[int | None] = column(references="payment_term.id")
    address_id: Typed[int | None] = column(references="address.id", ondelete="SET NULL")
    incomplete: Typed[str | None] = column(String(4))
    carried: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))
    created_at: Typed[Instant]
    exported_at: Typed[Instant | None]
    allocated_at: Typed[Instant | None]
    rung_at: Typed[Instant | None]


class SalesOrderLine(LineColumns, Table):
    """A line; without a product it is parked until a person says which one is meant.

    `said` is our own change of it as we told it to the buyer, as long as the buyer has not agreed.
    """

    __tablename__ = "sales_order_line"
    __table_args__ = (unique("sales_order_id", "line_id"),)

    id: Typed[RowId]
    sales_order_id: Typed[int] = column(references="sales_order.id")
    product_id: Typed[int | None] = column(references="product.id")
    promised_date: Typed[date | None]
    said: Typed[dict[str, Any] | None] = column(JSON(none_as_null=True))


class SalesOrderCharge(ChargeColumns, Table):
    """A charge or allowance of a sales order; `fee_id`: the fee of our catalogue that it is."""

    __tablename__ = "sales_order_charge"

    id: Typed[RowId]
    sales_order_id: Typed[int] = column(references="sales_order.id", index=True)
    fee_id: Typed[int | None] = column(references="fee.id")
