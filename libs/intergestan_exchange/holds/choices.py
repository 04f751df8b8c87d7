"""What a person says about an order when they release it, remembered for the partner and used from then on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from intergestan_db.enums import HoldReason, PartyRole
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.inputs.unreadable import Unreadable
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.site.preferences import read_preferences
from intergestan_exchange.holds.holds import Hold
from intergestan_exchange.partners.customer_matches import remember_customer
from intergestan_exchange.partners.product_matches import find_product, remember_match
from intergestan_msg.identity import nfc


@dataclass(frozen=True, slots=True)
class Choices:
    """Which products of ours lines mean, by line id and code, and which customer the order is for (`one_party`)."""

    products: Mapping[str, str] = field(default_factory=dict)
    customer: str | None = None

    def __bool__(self) -> bool:
        return bool(self.products) or self.customer is not None


def read_products(texts: Sequence[str]) -> dict[str, str]:
    """Our products' codes by line id, from texts such as L3=CAS16.

    :raises Unreadable: a text that is none, or a line that stands twice.
    """
    chosen: dict[str, str] = {}
    for text in texts:
        line_id, equals, code = nfc(text).partition("=")
        if not (line_id and equals and code) or line_id in chosen:
            raise Unreadable("«{text}» is no line with its product: write L3=CAS16.", text=text)
        chosen[line_id] = code
    return chosen


def remember(connection: Connection, hold: Hold, partner_id: int, choices: Choices, *, by: str, at: datetime) -> None:
    """Keep the choices made about one order.

    :raises Problem: when a line does not wait for a product, or the order not for a customer.
    """
    codes = {
        finding.line_id: finding.values["key"]
        for finding in hold.findings
        if finding.line_id is not None and "key" in finding.values
    }
    for line_id, product in choices.products.items():
        if line_id not in codes:
            raise Problem(
                "Line {line} of {ref} does not wait for a product, so nothing was released; those that do: {lines}.",
                ProblemCode.NO_LINE,
                (Act.SHOW_HOLD,),
                line=line_id,
                ref=hold.ref,
                lines=", ".join(codes) or "–",
            )
        product_id = find_product(connection, product)
        remember_match(connection, partner_id, codes[line_id], product_id, by=by, at=at)
    if choices.customer is not None:
        _remember_customer(connection, hold, partner_id, choices.customer, by, at)


def _remember_customer(connection: Connection, hold: Hold, partner_id: int, code: str, by: str, at: datetime) -> None:
    asked = next((each for each in hold.findings if each.reason is HoldReason.TWO_CUSTOMERS), None)
    if asked is None:
        raise Problem(
            "{ref} does not wait for the choice of a customer, so nothing was released.",
            ProblemCode.NOT_WAITING,
            (Act.SHOW_HOLD,),
            ref=hold.ref,
        )
    fields = read_preferences(connection).party_fields
    party = one_party(connection, code, PartyRole.CUSTOMER, fields)
    remember_customer(connection, partner_id, asked.values["id"], party.id, by=by, at=at)
