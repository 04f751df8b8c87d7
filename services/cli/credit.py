"""What commands share about credit: the option that lets a document pass, and who may say so (T20)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_operations.language.language import _
from services.cli.figures import an_amount
from services.cli.output import print_fields
from services.cli.shown import amount, cell

if TYPE_CHECKING:
    from datetime import date
    from decimal import Decimal

    from intergestan_erp.credit.customers import CustomerCredit
    from intergestan_erp.site.credit_rules import CreditRules

Override = Annotated[
    str | None,
    typer.Option(
        "--override",
        metavar="REASON",
        help="Let it pass although the customer owes too much, and say why; it needs that right (--as).",
    ),
]
CreditMax = Annotated[
    str | None,
    typer.Option("--credit-max", metavar="AMOUNT", help="What the customer may owe at most; none for no ceiling."),
]
CreditInsured = Annotated[
    str | None, typer.Option("--credit-insured", metavar="AMOUNT", help="What of it an insurer covers.")
]
NO_CEILING = "none"


def a_ceiling(text: str) -> Decimal | None:
    """A maximum as people type it; None: there is none."""
    return None if text.strip().lower() in {NO_CEILING, _("none")} else an_amount(text)


def as_json(customer: CustomerCredit, delivered: Decimal, day: date, rules: CreditRules) -> dict[str, Any]:
    """What a customer owes and may owe, for programs.

    :param delivered: what of it was delivered and not invoiced.
    """
    from intergestan_erp.credit.figures import figures_of

    return asdict(figures_of(customer, delivered, day, rules))


def print_credit(customer: CustomerCredit, delivered: Decimal, day: date) -> None:
    """The same for people (T22)."""
    parts = customer.exposure
    print_fields(
        {
            _("Ordered, not delivered"): amount(parts.not_invoiced - delivered),
            _("Delivered, not invoiced"): amount(delivered),
            _("Invoiced, not settled"): amount(parts.invoices),
            _("On account"): amount(-parts.on_account),
            _("Owes on {day}").format(day=cell(day)): amount(parts.total),
            _("May owe at most"): _("no ceiling") if customer.maximum is None else amount(customer.maximum),
            _("of which insured"): None if customer.maximum is None else amount(customer.insured),
            _("of which authorised"): None if customer.authorised is None else amount(customer.authorised),
            _("Free"): None if customer.free is None else amount(customer.free),
            **{
                _("To establishment {n}").format(n=place.number): _("{exposure} of {maximum} at most").format(
                    exposure=amount(place.exposure.total), maximum=amount(place.maximum)
                )
                for place in customer.places
            },
        }
    )
