"""`intergestan quotes`: what we offer, before it is an order (D17)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import PartyRole
from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.credit import Override
from services.cli.figures import AnyDates, Dates, DecimalMark, an_amount, day_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.parties.naming import party_id, party_of
from services.cli.selling.documents import QUOTES, print_quote
from services.cli.selling.enter import (
    AddFee,
    Customer,
    Discount,
    Fees,
    Lines,
    NoFees,
    Note,
    ToAddress,
    WantedOn,
    address_id,
    is_fee_wanted,
    reader,
    tell_entered,
)
from services.cli.shown import cell
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.selling.enter import SmallOrder

app = Group("Quotes: offers to customers, each of which becomes one sales order at most.")

Number = Annotated[str, typer.Argument(metavar="QUOTE", help="Number of the quote, such as DV1.")]


@app.verb("enter")
def enter(
    context: typer.Context,
    *,
    customer: Customer,
    lines: Lines,
    valid_until: Annotated[
        str | None, typer.Option("--valid-until", metavar="DATE", help="Its last day; without one it does not expire.")
    ] = None,
    fees: Fees = None,
    no_fees: NoFees = False,
    note: Note = None,
    wanted_on: WantedOn = None,
    override: Override = None,
    discount: Discount = None,
    address: ToAddress = None,
    decimal_mark: DecimalMark = None,
    dates: AnyDates = Dates.PLAUSIBLE,
    as_json: AsJson = False,
) -> None:
    """Enter a quote, at the prices of now. Nothing is sent."""
    from intergestan_erp.selling.quotes import enter_quote

    call = call_of(context)
    typed = reader(
        *(lines, fees, discount),
        no_fees=no_fees,
        note=note,
        wanted_on=wanted_on,
        mark=decimal_mark,
        dates=dates,
    )
    until = day_of(valid_until)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        customer_id = party_of(connection, customer, PartyRole.CUSTOMER).id
        wanted = typed(customer_id=customer_id, address_id=address_id(connection, customer_id, address))
        here = call.place(connection)
        made = enter_quote(connection, wanted, valid_until=until, override=override, place=here, by=by, at=at)
    if as_json:
        print_json({"quote": made.number, "total_ht": made.total_ht, "total_ttc": made.total_ttc})
    else:
        say(_("{number} is entered: {amount} incl. VAT.").format(number=made.number, amount=cell(made.total_ttc)))


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    customer: Annotated[str | None, typer.Option("--customer", help="Code, SIRET, VAT number or name.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Accepted, refused and expired quotes too.")] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the open quotes, the newest first, a page at a time; with --all every one."""
    from intergestan_erp.selling.quotes import list_quotes
    from intergestan_erp.site.zone import today

    database = call_of(context).database
    with database.read() as connection:
        page = list_quotes(
            connection,
            today(connection, database.now()),
            customer_id=party_id(connection, customer, PartyRole.CUSTOMER),
            everything=everything,
            size=limit,
            after=after,
        )
    if as_json:
        print_json({"quotes": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Number"), _("Date"), _("Valid until"), _("Customer"), _("Total excl. VAT"), _("Total incl. VAT")]
    rows = [
        [
            row.number,
            row.issue_date,
            row.valid_until,
            row.customer,
            row.total_ht,
            row.total_ttc,
            _(QUOTES[row.state]),
            row.order,
        ]
        for row in page.rows
    ]
    print_table([*titles, _("State"), _("Order")], rows)
    say_that_there_are_more(page.after)


@app.verb("show")
def show(context: typer.Context, *, number: Number, as_json: AsJson = False) -> None:
    """Show a quote with what became of it."""
    from intergestan_erp.selling.quotes import show_quote
    from intergestan_erp.site.zone import today

    database = call_of(context).database
    with database.read() as connection:
        quote = show_quote(connection, number, today(connection, database.now()))
    if as_json:
        print_json(quote)
    else:
        print_quote(quote)


@app.verb("accept")
def accept(
    context: typer.Context,
    *,
    number: Number,
    add_fee: AddFee = False,
    override: Override = None,
    at_prices_of_now: Annotated[
        str | None,
        typer.Option(
            "--at-prices-of-now",
            metavar="TOTAL",
            help="One that has expired: at the prices of now, if that comes to this total without VAT.",
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The customer takes the offer: it becomes a sales order, at the prices of the quote."""
    from intergestan_erp.selling.quotes import accept_quote, foresee_accepting

    call = call_of(context)
    expected = None if at_prices_of_now is None else an_amount(at_prices_of_now)

    def small(connection: Connection) -> SmallOrder | None:
        at, place = call.database.now(), call.place(connection)
        return foresee_accepting(connection, number, at, place, expired_too=expected is not None).small

    add_fee = add_fee or is_fee_wanted(call.database, small, as_json=as_json)
    with call.database.transaction() as connection:
        who: Any = {"place": call.place(connection), "by": call.actor(connection), "at": call.database.now()}
        entered = accept_quote(connection, number, add_fee=add_fee, override=override, expected=expected, **who)
    tell_entered(entered, has_fee=add_fee, as_json=as_json)


@app.verb("refuse")
def refuse(
    context: typer.Context,
    *,
    number: Number,
    reason: Annotated[
        str | None, typer.Option("--reason", metavar="TEXT", help="Why, for those who look later.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """The customer does not take the offer."""
    from intergestan_erp.selling.quotes import refuse_quote

    call = call_of(context)
    with call.database.transaction() as connection:
        refused = refuse_quote(connection, number, reason, by=call.actor(connection), at=call.database.now())
    if as_json:
        print_json({"refused": refused})
    else:
        say(_("Refused: {refs}.").format(refs=refused))
