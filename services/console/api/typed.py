"""What a call says of a document that is entered by hand: a quote, or a sales order."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, Field
from sqlalchemy import Connection

from intergestan_db.enums import PartyRole
from intergestan_erp.parties.fees import fee_code
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import EnteredOrder, SmallOrder
from services.console.api.asked import Day
from services.console.api.here import Here
from services.console.api.shapes import STRICT, Figure, Long

Named = Annotated[str, Field(min_length=1, max_length=200, description="Code, SIRET, VAT number or name.")]
Code = Annotated[str, Field(min_length=1, max_length=60)]


class Line(BaseModel):
    """So much of a product; without a price at that of the price lists, or else the product's own."""

    model_config = STRICT

    product: Annotated[str, Field(min_length=1, max_length=60, description="Our code.")]
    quantity: Figure
    price: Annotated[Figure | None, Field(description="Without VAT.")] = None


class Document(BaseModel):
    """What a quote and a sales order have in common."""

    model_config = STRICT

    customer: Named
    here: Here
    lines: Annotated[list[Line], Field(min_length=1, max_length=1000)]
    add_fees: Annotated[
        list[Code], Field(max_length=100, description="Codes of fees besides those that the customer bears.")
    ] = []
    fees: Annotated[
        dict[Code, Figure] | None, Field(max_length=100, description="Another amount for a fee, by its code.")
    ] = None
    no_fees: Annotated[bool, Field(description="Without the fees that the customer bears.")] = False
    note: Long | None = None
    wanted_date: Day | None = None

    def typed(self, connection: Connection, reference: str | None = None) -> Typed:
        """The document, as the library takes it.

        :raises Problem: there is no such customer, or a code is none.
        """
        amounts = {fee_code(code): Decimal(figure) for code, figure in (self.fees or {}).items()}
        return Typed(
            customer_id=one_party(connection, self.customer, PartyRole.CUSTOMER).id,
            lines=tuple(
                TypedLine(each.product, Decimal(each.quantity), None if each.price is None else Decimal(each.price))
                for each in self.lines
            ),
            fees={**dict.fromkeys(map(fee_code, self.add_fees)), **amounts},
            proposed_fees=not self.no_fees,
            note=self.note,
            wanted_date=self.wanted_date,
            reference=reference,
        )


class Small(BaseModel):
    """That an order is below its customer's minimum. `fee`: the site's for that; `added`: it is on the order."""

    kind: str
    minimum: Figure
    amount: Figure
    fee: str | None
    added: bool


class Entered(BaseModel):
    """An order that was entered. `to_arbitrate`: of a line something remains that no depot has."""

    number: str
    total_ht: Figure
    total_ttc: Figure
    warnings: list[Small]
    to_arbitrate: bool


def told(entered: EnteredOrder, *, has_fee: bool) -> dict[str, Any]:
    """An order that was entered, as it is answered."""
    own = {"number": entered.number, "total_ht": entered.total_ht, "total_ttc": entered.total_ttc}
    warnings = [] if entered.small is None else [_small(entered.small, has_fee=has_fee)]
    is_short = entered.allocated is not None and entered.allocated.short > 0
    return {**own, "warnings": warnings, "to_arbitrate": is_short}


def _small(small: SmallOrder, *, has_fee: bool) -> dict[str, Any]:
    return {
        "kind": "below_minimum",
        "minimum": small.below.minimum,
        "amount": small.below.amount,
        "fee": small.fee.code if small.fee else None,
        "added": has_fee and small.charge is not None,
    }
