"""`intergestan depots`: where goods lie (A03, A10, A16)."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.enums import PartyRole
from intergestan_operations.language.language import _
from services.cli.agencies.dossier import Number, tell_changed
from services.cli.agencies.establishments import City, Country, Line1, Line2, Postcode
from services.cli.context import call_of
from services.cli.output import AsJson, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.parties.naming import party_of
from services.cli.translated import Group

if TYPE_CHECKING:
    from sqlalchemy import Connection

app = Group("Depots, in which goods lie, and in which order they are drawn on.")

Depot = Annotated[str, typer.Argument(metavar="DEPOT", help="The code of the depot.")]
Reservations = Annotated[
    bool | None, typer.Option("--reservations/--no-reservations", help="Whether goods are set aside in it.")
]
Negative = Annotated[
    bool | None, typer.Option("--negative/--no-negative", help="Whether more may leave than lies there.")
]
Customer = Annotated[
    str | None,
    typer.Option("--customer", metavar="PARTY", help="The customer that it is to other agencies; empty: none."),
]
Supplier = Annotated[
    str | None,
    typer.Option("--supplier", metavar="PARTY", help="The supplier that it is to other agencies; empty: none."),
]


@app.verb("list")
def list_(context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False) -> None:
    """Show all depots, and the third parties that stand for them in orders between agencies."""
    from intergestan_erp.agencies.depots import list_depots

    with call_of(context).database.read() as connection:
        found = list_depots(connection)
    titles = [
        *(_("Depot"), _("Name"), _("Establishment"), _("City"), _("Rank"), _("Reservations"), _("Below nothing")),
        *(_("As customer"), _("As supplier"), _("In use")),
    ]
    listed: Listed[Any] = Listed(
        name="depots", values=asdict, titles=titles, cells=lambda each: list(asdict(each).values())
    )
    show_few(listed, found, lambda each: (each.establishment, each.code), limit, after, as_json=as_json)


@app.verb("add")
def add(
    context: typer.Context,
    *,
    depot: Depot,
    agency: Annotated[int, typer.Option("--agency", metavar="E", help="The number of its establishment.")],
    name: Annotated[str, typer.Option("--name", help="What it is called.")],
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    reservations: Reservations = None,
    negative: Negative = None,
    customer: Customer = None,
    supplier: Supplier = None,
    dossier: Number = None,
) -> None:
    """Enter a depot of an establishment."""
    from intergestan_erp.agencies.depots import add_depot

    values = _values(name, reservations, negative, line1, line2, postcode, city, country)
    call = call_of(context)
    with call.database.transaction() as connection:
        values |= _parties(connection, customer, supplier)
        by, at = call.actor(connection), call.database.now()
        code = add_depot(connection, depot, agency, values, dossier, by=by, at=at)
    say(_("{name} is the depot {code} of establishment {number} now.").format(name=name, code=code, number=agency))


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    depot: Depot,
    name: Annotated[str | None, typer.Option("--name", help="What it is called from now on.")] = None,
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    reservations: Reservations = None,
    negative: Negative = None,
    customer: Customer = None,
    supplier: Supplier = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it is in use.")] = None,
) -> None:
    """Change a depot, or the third parties that stand for it. These have no credit maximum from then on."""
    from intergestan_erp.agencies.depots import set_depot

    values = _values(name, reservations, negative, line1, line2, postcode, city, country)
    if active is not None:
        values["active"] = active
    call = call_of(context)
    with call.database.transaction() as connection:
        values |= _parties(connection, customer, supplier)
        if not values:
            raise typer.BadParameter(_("Say what to change, with at least one option."))
        changed = set_depot(connection, depot, values, by=call.actor(connection), at=call.database.now())
    tell_changed(changed)


@app.verb("rank")
def rank(
    context: typer.Context,
    *,
    agency: Annotated[int, typer.Argument(metavar="E", help="The number of the establishment.")],
    depots: Annotated[
        list[str] | None, typer.Argument(metavar="DEPOT…", help="The depots in their order; none: no order.")
    ] = None,
    dossier: Number = None,
) -> None:
    """Say in which order an establishment draws on depots, its own first where it stands first."""
    from intergestan_erp.agencies.depots import rank_depots

    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        rank_depots(connection, agency, depots or [], dossier, by=by, at=at)
    named = ", ".join(each.upper() for each in depots or [])
    say(_("Establishment {number} draws on: {depots}.").format(number=agency, depots=named or "–"))


def _values(
    name: str | None,
    reservations: bool | None,  # noqa: FBT001 - an option, as it was given
    negative: bool | None,  # noqa: FBT001 - the same
    *address: str | None,
) -> dict[str, Any]:
    parts = dict(zip(("line1", "line2", "postcode", "city", "country"), address, strict=True))
    said: dict[str, Any] = {"name": name, "manage_reservations": reservations, "allow_negative": negative, **parts}
    return {column: value for column, value in said.items() if value is not None}


def _parties(connection: Connection, customer: str | None, supplier: str | None) -> dict[str, int | None]:
    """The ids of the parties that were named; an empty text takes one away."""
    named = (
        ("customer_party_id", customer, PartyRole.CUSTOMER),
        ("supplier_party_id", supplier, PartyRole.SUPPLIER),
    )
    return {
        column: party_of(connection, text, role).id if text else None
        for column, text, role in named
        if text is not None
    }
