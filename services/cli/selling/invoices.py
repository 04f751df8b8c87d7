"""`intergestan invoices`: what customers owe, making it out in runs, and taking it back."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from intergestan_db.enums import PartyRole
from intergestan_operations.language.language import _
from services.cli.buying.orders import From, To
from services.cli.context import call_of
from services.cli.figures import day_of
from services.cli.output import AsJson, print_json, print_table
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.parties.naming import party_id
from services.cli.selling.credit_notes import credit
from services.cli.selling.deferred import run, verify
from services.cli.translated import Group

app = Group("Invoices, what is open of them, and credit notes.")

Customer = Annotated[str | None, typer.Option("--customer", help="Code, SIRET, VAT number or name.")]


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    first: From = None,
    last: To = None,
    customer: Customer = None,
    only_open: Annotated[bool, typer.Option("--open", help="Only those of which something is open.")] = False,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the invoices, the newest first, a page at a time."""
    from intergestan_erp.listing.invoices import WhichInvoices, list_invoices

    days = day_of(first), day_of(last)
    with call_of(context).database.read() as connection:
        customer_id = party_id(connection, customer, PartyRole.CUSTOMER)
        wanted = WhichInvoices(customer_id=customer_id, first=days[0], last=days[1], only_open=only_open)
        page = list_invoices(connection, wanted, size=limit, after=after)
    if as_json:
        print_json({"invoices": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Number"), _("Date"), _("Customer"), _("Total incl. VAT"), _("Due on"), _("Credited"), _("Open")]
    rows = [
        [row.number, row.issue_date, row.customer, row.total_ttc, row.due_date, row.credited, row.open]
        for row in page.rows
    ]
    print_table(titles, rows)
    say_that_there_are_more(page.after)


@app.verb("due")
def due(
    context: typer.Context,
    *,
    last: Annotated[str | None, typer.Option("--to", metavar="DATE", help="Only what is due until this day.")] = None,
    customer: Customer = None,
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the instalments that are open, the oldest due first, a page at a time."""
    from intergestan_erp.listing.invoices import WhichInvoices, list_due
    from intergestan_erp.site.zone import today

    day, call = day_of(last), call_of(context)
    with call.database.read() as connection:
        customer_id = party_id(connection, customer, PartyRole.CUSTOMER)
        page = list_due(connection, WhichInvoices(customer_id=customer_id, last=day), size=limit, after=after)
        here = today(connection, call.database.now())
    late = [max((here - row.due_date).days, 0) for row in page.rows]
    if as_json:
        rows = [{**asdict(row), "days_late": days} for row, days in zip(page.rows, late, strict=True)]
        print_json({"due": rows, "after": page.after})
        return
    titles = [_("Due on"), _("Customer"), _("Invoice"), _("Instalment"), _("Amount"), _("Open"), _("Days late")]
    print_table(
        titles,
        [
            [row.due_date, row.customer, row.invoice, row.n, row.amount, row.open, days or None]
            for row, days in zip(page.rows, late, strict=True)
        ],
    )
    say_that_there_are_more(page.after)


app.verb("credit")(credit)
app.verb("run")(run)
app.verb("verify")(verify)
