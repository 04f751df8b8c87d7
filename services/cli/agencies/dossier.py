"""`intergestan dossier`: the settings of all agencies together (A09 to A18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer

from intergestan_db.enums import Arbitrate, Incomplete, PickingMode
from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import call_of
from services.cli.output import AsJson, print_fields, print_json, say
from services.cli.translated import Group

app = Group("The dossier: what its establishments are to each other, and whether stock is managed.")

Number = Annotated[int | None, typer.Option("--dossier", metavar="N", help="Its number; the first one by default.")]

GROUPS = {"options": marked("Options"), "stock": marked("Stock"), "agencies": marked("Agencies")}
TITLES: Mapping[str, str] = {
    "accounting_folder": marked("Accounting folder"),
    "establishments_are_companies": marked("Establishments as companies"),
    "analytic_axis": marked("Analytic axis"),
    "invoicing_establishment": marked("Invoicing establishment"),
    "default_establishment": marked("Establishment of orders by mail"),
    "manage_stock": marked("Stock is managed"),
    "manage_reservations": marked("Reservations are managed"),
    "reserve_at_entry": marked("Reserved when entered"),
    "picking_mode": marked("Picking slips"),
    "incomplete": marked("Incomplete orders"),
    "arbitrate": marked("Choice of depots"),
    "customer_op_billable": marked("Customer's code, invoiced"),
    "customer_op_plain": marked("Customer's code, not invoiced"),
    "supplier_op_billable": marked("Supplier's code, invoiced"),
    "supplier_op_plain": marked("Supplier's code, not invoiced"),
    "party_category": marked("Category of third parties"),
    "document_category": marked("Category of documents"),
}
WORDS: Mapping[str, str] = {
    PickingMode.SLIP: marked("on slips"),
    PickingMode.NONE: marked("without slips"),
    Incomplete.PICK: marked("what is there is picked"),
    Incomplete.WAIT: marked("all of it waits"),
    Arbitrate.ALWAYS: marked("always asked"),
    Arbitrate.SHORT: marked("asked when short"),
    Arbitrate.NEVER: marked("never asked"),
}


@app.verb("show")
def show(context: typer.Context, *, number: Number = None, as_json: AsJson = False) -> None:
    """Show the settings, in three groups."""
    from intergestan_erp.agencies.dossiers import read_dossier

    with call_of(context).database.read() as connection:
        card = asdict(read_dossier(connection, number))
    if as_json:
        print_json(card)
        return
    print_fields({_("Dossier"): card["number"], _("Name"): card["name"]})
    for group, title in GROUPS.items():
        typer.echo(f"\n{_(title)}")
        print_fields({_(TITLES[name]): _shown(value) for name, value in card[group].items()})


@app.verb("add")
def add(
    context: typer.Context,
    *,
    number: Annotated[int, typer.Argument(metavar="N", help="The number of the dossier.")],
    name: Annotated[str, typer.Option("--name", help="What it is called.")],
    folder: Annotated[
        int | None, typer.Option("--folder", metavar="N", help="Its accounting folder; that of the first by default.")
    ] = None,
) -> None:
    """Enter one more dossier, whose establishments share nothing but third parties and products with others."""
    from intergestan_erp.agencies.dossiers import add_dossier

    call = call_of(context)
    with call.database.transaction() as connection:
        add_dossier(connection, number, name, folder, by=call.actor(connection), at=call.database.now())
    say(_("{name} is dossier {number} now.").format(name=name, number=number))


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    number: Number = None,
    name: Annotated[str | None, typer.Option("--name", help="What it is called.")] = None,
    folder: Annotated[
        int | None, typer.Option("--folder", metavar="N", help="The accounting folder of establishments without one.")
    ] = None,
    companies: Annotated[
        bool | None,
        typer.Option("--companies/--no-companies", help="Whether establishments may be companies with own folders."),
    ] = None,
    axis: Annotated[
        bool | None, typer.Option("--axis/--no-axis", help="Whether results are kept by establishment.")
    ] = None,
    invoicing: Annotated[
        str | None,
        typer.Option("--invoicing", metavar="E", help="Who invoices all delivery notes; empty: each its own."),
    ] = None,
    default: Annotated[
        int | None, typer.Option("--default", metavar="E", help="The establishment of orders that come by mail.")
    ] = None,
    stock: Annotated[bool | None, typer.Option("--stock/--no-stock", help="Whether stock is managed.")] = None,
    reservations: Annotated[
        bool | None, typer.Option("--reservations/--no-reservations", help="Whether goods are set aside for orders.")
    ] = None,
    at_entry: Annotated[
        bool | None,
        typer.Option("--reserve-at-entry/--no-reserve-at-entry", help="Whether that is done as orders are entered."),
    ] = None,
    picking: Annotated[
        PickingMode | None, typer.Option("--picking", help="Whether deliveries are prepared on picking slips.")
    ] = None,
    incomplete: Annotated[
        Incomplete | None, typer.Option("--incomplete", help="Whether an order is picked before all of it is there.")
    ] = None,
    arbitrate: Annotated[
        Arbitrate | None, typer.Option("--arbitrate", help="When a person is asked for the depots of a line.")
    ] = None,
    customer_billable: Annotated[
        str | None, typer.Option(metavar="CODE", help="Operation code of sales between agencies that are invoiced.")
    ] = None,
    customer_plain: Annotated[
        str | None, typer.Option(metavar="CODE", help="Operation code of those that are not.")
    ] = None,
    supplier_billable: Annotated[
        str | None, typer.Option(metavar="CODE", help="Operation code of purchases between agencies that are invoiced.")
    ] = None,
    supplier_plain: Annotated[
        str | None, typer.Option(metavar="CODE", help="Operation code of those that are not.")
    ] = None,
    party_category: Annotated[
        str | None, typer.Option(metavar="CODE", help="Category of the third parties of depots; empty: none.")
    ] = None,
    document_category: Annotated[
        str | None, typer.Option(metavar="CODE", help="Category of orders between agencies; empty: none.")
    ] = None,
) -> None:
    """Change settings. What is there already stays as it was made."""
    from intergestan_erp.agencies.dossiers import set_dossier

    given: dict[str, Any] = {
        "name": name,
        "accounting_folder": folder,
        "establishments_are_companies": companies,
        "analytic_axis": axis,
        "invoicing_establishment": invoicing if not invoicing else _number(invoicing),
        "default_establishment": default,
        "manage_stock": stock,
        "manage_reservations": reservations,
        "reserve_at_entry": at_entry,
        "picking_mode": picking,
        "incomplete": incomplete,
        "arbitrate": arbitrate,
        "customer_op_billable": customer_billable,
        "customer_op_plain": customer_plain,
        "supplier_op_billable": supplier_billable,
        "supplier_op_plain": supplier_plain,
        "party_category": party_category,
        "document_category": document_category,
    }
    changes = {setting: value for setting, value in given.items() if value is not None}
    if not changes:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        changed = set_dossier(connection, number, changes, by=by, at=at)
    tell_changed(changed)


def tell_changed(changed: tuple[str, ...]) -> None:
    """Say what became another, by the titles that are shown."""
    if not changed:
        say(_("All of it was so already."))
        return
    titles = [TITLES.get(column.removesuffix("_id")) for column in changed]
    named = [_(title) if title else column for title, column in zip(titles, changed, strict=True)]
    say(_("Changed: {names}.").format(names=", ".join(named)))


def _shown(value: Any) -> Any:
    return _(WORDS[value]) if isinstance(value, str) and value in WORDS else value


def _number(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise typer.BadParameter(_("«{text}» is not the number of an establishment.").format(text=text))
    return int(text)
