"""`intergestan credit`: what customers owe and may owe, and who let documents pass (T18 to T22)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, time, timedelta
from typing import Annotated

import typer

from intergestan_db.enums import PartyRole, Right
from intergestan_msg.money import ZERO
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.credit import a_ceiling, print_credit
from services.cli.credit import as_json as credit_json
from services.cli.figures import an_amount, day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.parties.naming import party_of
from services.cli.parties.payments import tell_released
from services.cli.shown import amount
from services.cli.translated import Group

app = Group("What customers owe and may owe.")

STAGES: Mapping[str, str] = {
    "quote": marked("Quote"),
    "order": marked("Order"),
    "delivery": marked("Delivery note"),
    "invoice": marked("Invoice"),
}


@app.verb("show")
def show(
    context: typer.Context,
    *,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Code, SIRET, VAT number or name.")],
    day: Annotated[str | None, typer.Option("--day", metavar="DATE", help="On this day; today by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a customer owes, by parts, and may owe."""
    from intergestan_erp.credit.customers import read_customers
    from intergestan_erp.credit.exposure import read_delivered
    from intergestan_erp.site.credit_rules import read_credit_rules
    from intergestan_erp.site.zone import today

    call = call_of(context)
    with call.database.read() as connection:
        rules, found = read_credit_rules(connection), party_of(connection, customer, PartyRole.CUSTOMER)
        on = day_of(day) or today(connection, call.database.now())
        credit = read_customers(connection, [found.id], on, rules)[found.id]
        delivered = read_delivered(connection, [found.id])[found.id]
    if as_json:
        print_json({"code": credit.code, "name": credit.name, "exposure": credit_json(credit, delivered, on, rules)})
        return
    say(f"{credit.code} {credit.name}")
    print_credit(credit, delivered, on)


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    over: Annotated[bool, typer.Option("--over", help="Only those above their maximum.")] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show what customers owe and may owe, a page at a time."""
    from intergestan_erp.credit.exposure import read_delivered
    from intergestan_erp.credit.listing import list_credit
    from intergestan_erp.site.credit_rules import read_credit_rules
    from intergestan_erp.site.zone import today

    call = call_of(context)
    with call.database.read() as connection:
        rules, day = read_credit_rules(connection), today(connection, call.database.now())
        page = list_credit(connection, day, rules, over=over, size=limit, after=after)
        delivered = read_delivered(connection, [each.id for each in page.rows]) if as_json else {}
    if as_json:
        rows = [
            {"code": each.code, "name": each.name, **credit_json(each, delivered[each.id], day, rules)}
            for each in page.rows
        ]
        print_json({"customers": rows, "after": page.after})
        return
    titles = [_("Code"), _("Name"), _("Owes"), _("May owe at most"), _("of which insured"), _("Free")]
    print_table(
        titles,
        [
            [
                *(each.code, each.name, amount(each.exposure.total)),
                *("" if value is None else amount(value) for value in (each.maximum, each.insured, each.free)),
            ]
            for each in page.rows
        ],
    )
    say_that_there_are_more(page.after)


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    customer: Annotated[str, typer.Argument(metavar="CUSTOMER", help="Code, SIRET, VAT number or name.")],
    establishment: Annotated[int, typer.Option("--establishment", metavar="NUMBER", min=1, help="To which one.")],
    most: Annotated[
        str, typer.Option("--max", metavar="AMOUNT", help="What the customer may owe it at most; none for no ceiling.")
    ],
    insured: Annotated[
        str | None, typer.Option("--insured", metavar="AMOUNT", help="What of it an insurer covers.")
    ] = None,
) -> None:
    """Set what a customer may owe to an establishment; what they may owe in all counts beside it.

    The latter is set by `intergestan parties set --credit-max`.
    """
    from intergestan_erp.parties.ceilings import Ceiling
    from intergestan_exchange.credit_holds import acts
    from intergestan_runtime.steps import IMPORT

    call = call_of(context)
    ceiling = Ceiling(a_ceiling(most), ZERO if insured is None else an_amount(insured))
    with call.database.transaction() as connection:
        by = call.entitled(connection, Right.SET_CREDIT)
        found = party_of(connection, customer, PartyRole.CUSTOMER)
        at = call.database.now()
        released = acts.set_ceiling_at(connection, found.id, establishment, ceiling, by=by, at=at)
    call.ring(IMPORT, *released.take_in)
    if ceiling.maximum is None:
        say(_("{customer} has no ceiling at establishment {n} now.").format(customer=found.code, n=establishment))
    else:
        text = _("{customer} may owe {maximum} to establishment {n} now.")
        say(text.format(customer=found.code, maximum=amount(ceiling.maximum), n=establishment))
    tell_released(released)


@app.verb("overrides")
def overrides(
    context: typer.Context,
    *,
    first: Annotated[str | None, typer.Option("--from", metavar="DATE", help="From this day on.")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Up to this day.")] = None,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show who let documents pass although their customer owed too much, the newest first."""
    from intergestan_erp.credit.listing import list_overrides

    call, since, until = call_of(context), day_of(first), day_of(last)
    zone = call.zone
    with call.database.read() as connection:
        page = list_overrides(
            connection,
            first=None if since is None else datetime.combine(since, time(), zone),
            until=None if until is None else datetime.combine(until + timedelta(days=1), time(), zone),
            size=limit,
            after=after,
        )
    if as_json:
        print_json({"overrides": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("When"), _("Who"), _("Customer"), _("Document"), "", _("Owed"), _("Maximum"), _("Added"), _("Why")]
    print_table(
        titles,
        [
            [
                *(row.at, row.by, row.customer, _(STAGES[row.stage]), row.document),
                *(amount(row.exposure), amount(row.maximum), amount(row.delta), row.reason),
            ]
            for row in page.rows
        ],
    )
    say_that_there_are_more(page.after)
