"""`intergestan settings`: what people choose while the site runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import typer

from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.parties.payments import tell_released
from services.cli.translated import Group

app = Group("What is chosen for the whole site, such as how codes are made.")

LABELS: Mapping[str, str] = {
    "codes.mode": marked("Codes of third parties (manual or automatic)"),
    "codes.length": marked("Length of a code (6 to 15)"),
    "codes.prefix": marked("Characters of the name that begin a code"),
    "accounts.mode": marked("Accounts of third parties (manual, internal, sequence or alphabet)"),
    "accounts.customer_root": marked("Root of customers' accounts"),
    "accounts.supplier_root": marked("Root of suppliers' accounts"),
    "accounts.width": marked("Digits behind the root (1 to 10)"),
    "search.party_fields": marked("Fields in which third parties are searched"),
    "search.account_fields": marked("Fields in which accounts are searched"),
    "credit.block_from": marked(
        "Credit: first document that is refused (`off`, `quote`, `order`, `delivery` or `invoice`)"
    ),
    "credit.by_payment_due": marked(
        "Credit: payments count when they fall due, else when the invoice does (true or false)"
    ),
    "credit.invoice_delivered": marked("Credit: invoices for goods that left (`block` or `always`)"),
    "credit.told_buyer": marked("Credit: what the buyer of an order that waits reads (`plain` or `amounts`)"),
    "credit.max_default": marked("Credit maximum of new customers (empty: no ceiling)"),
    "credit.insured_default": marked("Insured amount of new customers"),
    "terms.default": marked("Payment term of customers who have none of their own"),
    "invoicing.split_months": marked(
        "Whether deferred invoicing makes an invoice for each calendar month (true or false)"
    ),
    "terms.shift": marked("Days on which instalments fall due (none: any day, or next_working_day)"),
    "fees.default": marked("Fees that are proposed to new customers (codes with commas between)"),
    "orders.minimum_default": marked("Minimum of an order of new customers"),
    "orders.minimum_fee": marked("Fee of orders below their minimum (code)"),
    "geo.on_save": marked("Whether an address that is saved is looked up (true or false)"),
    "geo.provider": marked("Who is asked where addresses lie (none, ban, nominatim, google …)"),
    "geo.calls_per_month": marked("How often it is asked in a month at most"),
    "maps.provider": marked("What the page of the map shows (none, tiles or google)"),
    "maps.tiles": marked("Address of the tile server of that map"),
    "maps.google_key": marked("Google's key for that map, which anybody sees who opens it"),
}


@app.verb("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show all settings that are chosen here, with what they are now."""
    from intergestan_erp.site.preferences import read_texts

    with call_of(context).database.read() as connection:
        texts = read_texts(connection)
    if as_json:
        print_json(texts)
    else:
        print_table([_("Setting"), _("Value"), _("Meaning")], [[*each, _(LABELS[each[0]])] for each in texts.items()])


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Its name, as `settings show` has it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="Its new value.")],
    as_json: AsJson = False,
) -> None:
    """Choose a setting. What was made before stays as it is."""
    from intergestan_erp.site.preferences import read_texts
    from intergestan_exchange.credit_holds import acts
    from intergestan_runtime.steps import IMPORT

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        chosen, released = acts.set_preference(connection, name, value, by=by, at=at)
        value = read_texts(connection)[name]
    call.ring(IMPORT, *released.take_in)
    if as_json:
        print_json({name: value})
        return
    say(_("{setting} is {value} now.").format(setting=_(LABELS[name]), value=value))
    tell_released(released)
    if name == "geo.provider" and chosen.rules.geo.provider is not None:
        say(
            _(
                "The service geocoder asks: `intergestan up` starts it from the next time on, `intergestan run "
                "geocoder` at once. Postcodes, cities and streets of third parties leave the house, nothing else does."
            )
        )
