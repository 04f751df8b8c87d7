"""Orders as the importer of OCA's modules for Odoo finds most in them.

`sale_order_import_ubl` refuses documents without `cbc:UBLVersionID`, which Peppol forbids (PEPPOL-T01-B00110); it knows
a wanted day only as `cbc:LatestDeliveryDate` (both: `ubl/order_out.py`), a GTIN under the scheme GTIN, and the firm
that is meant by its VAT number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from intergestan_msg.order import GTIN, Identifier, Order, OrderLine

OCA_GTIN: Final = "GTIN"


def order_as_oca(order: Order, seller_vat_id: str | None) -> Order:
    """The order in that form.

    :param seller_vat_id: whose order it is to be, where several firms use one Odoo.
    """
    lines = tuple(map(_line, order.lines))
    return replace(order, seller=replace(order.seller, vat_id=seller_vat_id), lines=lines)


def _line(line: OrderLine) -> OrderLine:
    number = line.item.standard_id
    if number is None or number.scheme != GTIN:
        return line
    return replace(line, item=replace(line.item, standard_id=Identifier(number.value, OCA_GTIN)))
