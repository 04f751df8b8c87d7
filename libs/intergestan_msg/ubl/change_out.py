"""Writing UBL OrderChange and OrderCancellation."""

from intergestan_msg.change import OrderCancellation, OrderChange
from intergestan_msg.order import Order
from intergestan_msg.ubl.names import ORDER_CANCELLATION, ORDER_CHANGE
from intergestan_msg.ubl.order_out import figures, order_line, parties
from intergestan_msg.ubl.parts_out import issued, role
from intergestan_msg.ubl.xml_out import document, inside, optional, text


def write_order_change(change: OrderChange) -> bytes:
    """The change as UBL 2.1: valid against the OASIS schemas, and the same bytes for the same change.

    :raises BadDocument: when a text has a character that XML can't carry.
    """
    order = change.order
    lines = "".join([order_line(line, order.currency, code) for code, line in change.lines()])
    return document("OrderChange", ORDER_CHANGE, _header(change, order) + parties(order) + figures(order) + lines)


def write_order_cancellation(cancellation: OrderCancellation) -> bytes:
    """The cancellation as UBL 2.1, like `write_order_change`.

    :raises BadDocument: when a text has a character that XML can't carry.
    """
    content = (
        text("CustomizationID", cancellation.customization_id)
        + text("ProfileID", cancellation.profile_id)
        + text("ID", cancellation.id)
        + issued(cancellation.issue_date, cancellation.issue_time)
        + text("Note", cancellation.note)
        + text("CancellationNote", cancellation.reason)
        + inside("OrderReference", text("ID", cancellation.order_id))
        + role("BuyerCustomerParty", cancellation.buyer)
        + role("SellerSupplierParty", cancellation.seller)
    )
    return document("OrderCancellation", ORDER_CANCELLATION, content)


def _header(change: OrderChange, order: Order) -> str:
    return (
        text("CustomizationID", order.customization_id)
        + text("ProfileID", order.profile_id)
        + text("ID", change.id)
        + issued(change.issue_date, change.issue_time)
        + text("SequenceNumberID", str(change.sequence))
        + text("Note", order.note)
        + text("DocumentCurrencyCode", order.currency)
        + text("CustomerReference", order.customer_reference)
        + text("AccountingCost", order.accounting_cost)
        + inside("ValidityPeriod", text("EndDate", optional(str, order.valid_until)))
        + inside("OrderReference", text("ID", order.id) + _day_of(change, order))
        + inside("QuotationDocumentReference", text("ID", order.quotation_id))
        + inside("OriginatorDocumentReference", text("ID", order.originator_order_id))
    )


def _day_of(change: OrderChange, order: Order) -> str:
    """The day of the order; a reader that finds none takes the change's own."""
    return text("IssueDate", order.issue_date.isoformat()) if order.issue_date != change.issue_date else ""
