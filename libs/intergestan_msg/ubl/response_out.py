"""Writing a UBL OrderResponse."""

from decimal import Decimal

from intergestan_msg.answer import AnswerLine, OrderAnswer, with_tax_apart
from intergestan_msg.order import Item
from intergestan_msg.peppol import PEPPOL_ORDER_RESPONSE_ADVANCED
from intergestan_msg.ubl.names import ORDER_RESPONSE
from intergestan_msg.ubl.parts_out import Named, issued, item, period, role
from intergestan_msg.ubl.xml_out import amount, document, inside, optional, quantity, text

NO_ITEM = "<cac:Item/>"  # the schema wants one


def write_order_response(answer: OrderAnswer) -> bytes:
    """The answer as UBL 2.1: valid against the OASIS schemas, and the same bytes for the same answer.

    Peppol wants the item of each line named: give lines their item.

    :raises BadDocument: when a text has a character that XML can't carry.
    """
    lines = "".join([_line(line, answer.currency) for line in answer.lines])
    return document("OrderResponse", ORDER_RESPONSE, _header(answer) + lines)


def _header(answer: OrderAnswer) -> str:
    return (
        text("CustomizationID", answer.customization_id)
        + text("ProfileID", answer.profile_id)
        + text("ID", answer.id)
        + text("SalesOrderID", answer.sales_order_id)
        + issued(answer.issue_date, answer.issue_time)
        + text("OrderResponseCode", answer.code)
        + text("Note", answer.note)
        + text("DocumentCurrencyCode", answer.currency)
        + inside("OrderReference", text("ID", answer.order_id))
        + inside(_reference(answer), text("ID", answer.change_id))
        + role("SellerSupplierParty", answer.seller, Named.AS_REGISTERED)
        + role("BuyerCustomerParty", answer.buyer, Named.AS_REGISTERED)
        + inside("Delivery", period("PromisedDeliveryPeriod", answer.promised))
    )


def _reference(answer: OrderAnswer) -> str:
    """Where the change that is answered is named: Peppol's element (T116) is none of UBL 2.1."""
    advanced = (answer.customization_id or "").startswith(PEPPOL_ORDER_RESPONSE_ADVANCED)
    return "OrderChangeDocumentReference" if advanced else "OrderDocumentReference"


def _line(line: AnswerLine, currency: str) -> str:
    thing, other = line.item, line.substitute
    if thing is not None and thing.tax is not None and other is None:
        thing, other = with_tax_apart(thing)
    return (
        "<cac:OrderLine><cac:LineItem>"
        + text("ID", line.number or line.id)
        + text("Note", line.note)
        + text("LineStatusCode", line.code)
        + quantity("Quantity", line.quantity, line.unit)
        + quantity("MaximumBackorderQuantity", line.backorder, line.unit)
        + inside("Delivery", period("PromisedDeliveryPeriod", line.promised))
        + inside("Price", _price(line.price, line.base_quantity, currency))
        + (optional(item, thing) or NO_ITEM)
        + "</cac:LineItem>"
        + (_substitute(other, line.id) if other else "")
        + f"<cac:OrderLineReference>{text('LineID', line.id)}</cac:OrderLineReference></cac:OrderLine>"
    )


def _price(price: Decimal | None, base: Decimal, currency: str) -> str:
    if price is None:
        return ""
    return amount("PriceAmount", price, currency) + (quantity("BaseQuantity", base, None) if base != 1 else "")


def _substitute(value: Item, line_id: str) -> str:
    return inside("SellerSubstitutedLineItem", text("ID", line_id) + item(value))
