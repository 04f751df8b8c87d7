"""`intergestan sales charge`, `set`, `close` and `cancel`: what a person settles of an order (D17, D33, A38, A54)."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_msg.money import plain
from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.credit import Override
from services.cli.figures import a_vat
from services.cli.output import AsJson, print_json, say
from services.cli.parties.payments import tell_released
from services.cli.picking.cards import INCOMPLETE, LEVELS, IncompleteWord
from services.cli.selling.changes import tell_changed
from services.cli.shown import cell

Order = Annotated[str, typer.Argument(metavar="ORDER", help="Number of the sales order, such as CCL1.")]


def charge(
    context: typer.Context,
    *,
    number: Order,
    place: Annotated[
        int, typer.Argument(metavar="N", min=1, help="Which of its charges, as `sales show` counts them.")
    ],
    vat: Annotated[str, typer.Option("--vat", metavar="CATEGORY:RATE", help="VAT category and rate, such as S:20.")],
    override: Override = None,
    as_json: AsJson = False,
) -> None:
    """Give a charge that came without a VAT category its own, so that it can be invoiced. A partner is told.

    The total of the order changes by that VAT.
    """
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_exchange.changes.charge_vat import set_charge_vat

    stated, call = a_vat(vat), call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        number = as_stored(connection, number, SalesOrder.number)
        bells = set_charge_vat(connection, number, place, stated, override=override, by=by, at=at)
    call.ring_all(bells)
    tell_changed(number, bells, as_json=as_json)


def close(
    context: typer.Context,
    *,
    number: Order,
    lines: Annotated[
        list[str] | None,
        typer.Option("--line", metavar="ID", help="Only what remains of this line; several may follow."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """End what remains of an order: nobody waits for it any more. What has left or is set aside stays ordered.

    A partner who sent the order is told, as of any change of ours.
    """
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_exchange.changes.close_order import close_order

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        number = as_stored(connection, number, SalesOrder.number)
        closed = close_order(connection, number, lines, by=by, at=at)
    call.ring_all(closed.bells)
    mail = next(iter(closed.bells.compose), None)
    if as_json:
        told = {"mail": None if mail is None else f"out-{mail}"}
        print_json({"order": number, "ended": {line: plain(rest) for line, rest in closed.lines.items()}, **told})
        return
    for line, rest in closed.lines.items():
        say(_("{number}, line {line}: {rest} will not follow.").format(number=number, line=line, rest=cell(rest)))
    if mail is not None:
        say(_("The customer is told (out-{mail}).").format(mail=mail))


def set_(
    context: typer.Context,
    *,
    number: Order,
    incomplete: Annotated[
        IncompleteWord,
        typer.Option("--incomplete", help="Whether it is picked before all of it is there, whatever cards say."),
    ],
    as_json: AsJson = False,
) -> None:
    """Say whether an order is picked before all of it is there; `inherit`: as address, customer and dossier say."""
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_erp.picking.header import set_incomplete

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        number = as_stored(connection, number, SalesOrder.number)
        counting = set_incomplete(connection, number, incomplete.stored, by=by, at=at)
    if as_json:
        print_json({"order": number, "incomplete": counting.incomplete, "incomplete_from": counting.said_by})
        return
    words = {"rule": _(INCOMPLETE[counting.incomplete]), "level": _(LEVELS[counting.said_by])}
    say(_("{number}, while not all of it is there: {rule} ({level}).").format(number=number, **words))


def cancel(
    context: typer.Context,
    *,
    number: Order,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why, for those who look later.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Cancel an order that was entered here, as long as nothing of it was delivered. Nothing is sent.

    An order that came by mail is cancelled by its partner.
    """
    from intergestan_db.tables import SalesOrder
    from intergestan_erp.inputs.typed_keys import as_stored
    from intergestan_exchange.credit_holds import acts
    from intergestan_runtime.steps import IMPORT, SERVE

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        number = as_stored(connection, number, SalesOrder.number)
        released = acts.cancel_order(connection, number, reason, by=by, at=at)
    call.ring(IMPORT, *released.take_in)
    call.ring(SERVE, *released.products)
    if as_json:
        print_json({"cancelled": number, "released": released.holds})
        return
    say(_("{number} is cancelled.").format(number=number))
    tell_released(released)
