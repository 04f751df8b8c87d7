"""`intergestan sales accept` and `refuse`: a clerk decides about sales orders in review."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from intergestan_db.bells import Bells
from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.credit import Override
from services.cli.figures import as_typed
from services.cli.output import AsJson, print_json, say


def accept(
    context: typer.Context,
    *,
    numbers: Annotated[list[str], typer.Argument(metavar="ORDER …", help="Numbers of sales orders in review.")],
    products: Annotated[
        list[str] | None,
        typer.Option("--product", metavar="LINE=CODE", help="The product of ours that a parked line means."),
    ] = None,
    override: Override = None,
    fee: Annotated[
        str | None, typer.Option("--fee", metavar="CODE", help="A fee that is added, such as that of small orders.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Accept sales orders that wait for a clerk; the buyer is told, with what is not as they asked.

    A product chosen for a parked line is remembered for the partner.
    """
    from intergestan_exchange.holds import review
    from intergestan_exchange.holds.choices import read_products

    with as_typed():
        chosen = read_products(products or [])
    if chosen and len(numbers) > 1:
        raise typer.BadParameter(_("Products are chosen for one order at a time."))
    accepting = partial(review.accept, products=chosen, fee=fee, override=override)
    numbers, bells = _decide(call_of(context), numbers, accepting)
    if as_json:
        print_json({"accepted": numbers, "answers": bells.compose})
    else:
        say(_("Accepted: {numbers}. The buyer is told.").format(numbers=", ".join(numbers)))


def refuse(
    context: typer.Context,
    *,
    numbers: Annotated[list[str], typer.Argument(metavar="ORDER …", help="Numbers of sales orders in review.")],
    reason: Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="What the buyer will read.")] = None,
    as_json: AsJson = False,
) -> None:
    """Refuse sales orders that wait for a clerk: they are cancelled, and the buyer is told."""
    from intergestan_exchange.holds import review

    numbers, bells = _decide(call_of(context), numbers, partial(review.refuse, words=reason))
    if as_json:
        print_json({"refused": numbers, "answers": bells.compose})
    else:
        say(_("Refused: {refs}.").format(refs=", ".join(numbers)))


def _decide(call: Call, typed: list[str], decision: Callable[..., Bells]) -> tuple[list[str], Bells]:
    """All of them or none; then the answers are rung for. The orders' numbers, and the bells."""
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored

    bells = Bells()
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        numbers = list(dict.fromkeys(as_stored(connection, each, SalesOrder.number) for each in typed))
        for number in numbers:
            bells += decision(connection, number, by=by, at=at)
    call.ring_all(bells)
    return numbers, bells
