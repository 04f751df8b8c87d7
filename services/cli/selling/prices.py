"""`intergestan prices`: price lists by party and establishment (A07)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from intergestan_db.enums import PartyRole, PriceSide
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.buying.taking_files import remarks
from services.cli.context import call_of
from services.cli.figures import a_figure, a_key, day_of
from services.cli.files import read_file
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.paging import After, Limit, say_that_there_are_more
from services.cli.parties.naming import party_of
from services.cli.shown import cell, in_place
from services.cli.translated import Group

app = Group("Price lists of customers, suppliers and establishments.")

SIDES: Mapping[str, str] = {PriceSide.SALE: marked("sale"), PriceSide.PURCHASE: marked("purchase")}


@app.verb("list")
def list_(context: typer.Context, *, limit: Limit = 50, after: After = None, as_json: AsJson = False) -> None:
    """Show the price lists by code, a page at a time.

    The most particular one counts: that of a customer in an establishment, the customer's, the establishment's, then
    that of everybody.
    """
    from intergestan_erp.listing.prices import list_price_lists

    with call_of(context).database.read() as connection:
        page = list_price_lists(connection, size=limit, after=after)
    if as_json:
        print_json({"lists": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [
        _("Price list"),
        _("For"),
        _("Establishment"),
        _("Third party"),
        _("Valid from"),
        _("Valid until"),
        _("Lines"),
    ]
    rows = [
        [
            *(row.code, _(SIDES[row.side]), row.establishment, row.party),
            *(row.valid_from, row.valid_until, row.lines),
        ]
        for row in page.rows
    ]
    print_table(titles, rows)
    say_that_there_are_more(page.after)


@app.verb("show")
def show(
    context: typer.Context,
    *,
    code: Annotated[str, typer.Argument(metavar="LIST", help="The code of a price list.")],
    limit: Limit = 50,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the lines of a price list, a page at a time.

    A line is for a product, for a family, or for all products; without a price it takes the product's own.
    """
    from intergestan_erp.listing.prices import list_price_lines

    with call_of(context).database.read() as connection:
        page = list_price_lines(connection, code, size=limit, after=after)
    if as_json:
        print_json({"lines": [asdict(row) for row in page.rows], "after": page.after})
        return
    titles = [_("Product"), _("Family"), _("From quantity"), _("Price"), _("Discount in %")]
    rows = [[row.product, row.family, row.min_quantity or None, row.price, row.discount or None] for row in page.rows]
    print_table(titles, rows)
    say_that_there_are_more(page.after)


@app.verb("find")
def find(
    context: typer.Context,
    *,
    product: Annotated[str, typer.Argument(metavar="PRODUCT", help="The code of a product.")],
    customer: Annotated[str, typer.Option("--customer", help="Code, SIRET, VAT number or name.")],
    quantity: Annotated[str, typer.Option("--quantity", metavar="QUANTITY", help="So much of it.")] = "1",
    day: Annotated[str | None, typer.Option("--on", metavar="DATE", help="On this day; today by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show what a product costs a customer, and by which price list."""
    from intergestan_erp.selling.drafts import Typed, TypedLine, explain_prices
    from intergestan_erp.site.zone import today

    call, on, many = call_of(context), day_of(day), a_figure(quantity)
    with call.database.read() as connection:
        found = party_of(connection, customer, PartyRole.CUSTOMER)
        typed = Typed(customer_id=found.id, lines=(TypedLine(a_key(product), many),))
        on = on or today(connection, call.database.now())
        ((row, candidates),) = explain_prices(connection, typed, on, call.place(connection).establishment_id)
    decided = candidates[0]
    list_code = None if decided.line is None else decided.line.list_code
    if as_json:
        print_json({"product": row.code, "price": decided.price, "list": list_code})
    elif list_code is None:
        text = _("{product} costs {customer} {price}, by no price list.")
        say(text.format(product=row.code, customer=found.code, price=cell(decided.price)))
    else:
        text = _("{product} costs {customer} {price}, by the price list {code}.")
        say(text.format(product=row.code, customer=found.code, price=cell(decided.price), code=list_code))


@app.verb("end")
def end(
    context: typer.Context,
    *,
    code: Annotated[str, typer.Argument(metavar="LIST", help="The code of a price list.")],
    day: Annotated[str | None, typer.Option("--on", metavar="DATE", help="Its last day; today by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let a price list end with a day. Another one for the same customers may begin with the next one."""
    from intergestan_erp.price_entry.price_table import end_prices
    from intergestan_erp.site.zone import today

    call, on = call_of(context), day_of(day)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        last = on or today(connection, at)
        ended = end_prices(connection, code, last, by=by, at=at)
    if as_json:
        print_json({"list": ended, "valid_until": last})
        return
    say(_("{code} ends on {day}.").format(code=ended, day=cell(last)))


@app.verb("import")
def import_(
    context: typer.Context,
    *,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A CSV file or a workbook (XLSX, ODS).")],
    as_json: AsJson = False,
) -> None:
    """Enter the price lists of a file, all of them or none; a list not in force yet gets these lines for its own.

    Columns: Tarif (its code); in its first row Valable du, and as you like Valable au, Sens (vente or achat),
    Établissement and Tiers; in each row Article or Famille, or neither for all products, À partir de (a quantity), Prix
    HT, Remise (in percent). English titles are known too.
    """
    from intergestan_db.site_rows import read_site
    from intergestan_erp.price_entry.price_reading import LimitedPrices, PricesAsked
    from intergestan_erp.price_entry.price_table import enter_prices

    call = call_of(context)
    with LimitedPrices() as readers:  # before anything is opened
        database = call.database
        with database.read() as connection:
            currency = read_site(connection).currency
        reading = readers.read(str(file), read_file(file), PricesAsked(currency))
    with database.transaction() as connection:
        by = call.actor(connection)
        entered = enter_prices(connection, str(file), reading.rows, by=by, at=database.now())
    if as_json:
        said = [in_place(remark) for remark in reading.said]
        print_json({"file": str(file), "lists": [asdict(each) for each in entered], "said": said})
        return
    for each in entered:
        text = (
            _("{code}: {count} lines, a new list.") if each.is_new else _("{code}: {count} lines, in place of its own.")
        )
        say(text.format(code=each.code, count=each.lines))
    for line in remarks(str(file), reading.said):
        say(line)
