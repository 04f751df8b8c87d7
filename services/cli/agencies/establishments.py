"""`intergestan agencies`: the establishments of the dossier (A02, A47 to A51)."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

import typer

from intergestan_operations.language.language import _
from services.cli.agencies.dossier import Number, tell_changed
from services.cli.context import call_of
from services.cli.output import AsJson, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.translated import Group

app = Group("The establishments of the dossier: agencies, each with its depots.")

Agency = Annotated[int, typer.Argument(metavar="E", help="The number of the establishment.")]
Siret = Annotated[str | None, typer.Option("--siret", help="Its SIRET, 14 digits.")]
Line1 = Annotated[str | None, typer.Option("--line1", help="Postal address, first line.")]
Line2 = Annotated[str | None, typer.Option("--line2", help="Postal address, second line.")]
Postcode = Annotated[str | None, typer.Option("--postcode", help="Postcode.")]
City = Annotated[str | None, typer.Option("--city", help="City.")]
Country = Annotated[str | None, typer.Option("--country", metavar="XX", help="Country, two letters or its name.")]
Folder = Annotated[
    str | None,
    typer.Option("--folder", metavar="N", help="Its own accounting folder; an empty text: the dossier's."),
]


@app.verb("list")
def list_(context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False) -> None:
    """Show all establishments, and the accounting folder in which each has its books."""
    from intergestan_erp.agencies.establishments import list_establishments

    with call_of(context).database.read() as connection:
        found = list_establishments(connection)
    titles = [_("Dossier"), _("No."), _("Name"), _("SIRET"), _("City"), _("Own folder"), _("Books"), _("In use")]
    listed: Listed[Any] = Listed(
        name="establishments", values=asdict, titles=titles, cells=lambda each: list(asdict(each).values())
    )
    show_few(listed, found, lambda each: (each.dossier, each.number), limit, after, as_json=as_json)


@app.verb("add")
def add(
    context: typer.Context,
    *,
    agency: Agency,
    name: Annotated[str, typer.Option("--name", help="What it is called.")],
    siret: Siret = None,
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    folder: Folder = None,
    dossier: Number = None,
) -> None:
    """Enter an establishment. It needs a depot before anything is done there: `depots add`."""
    from intergestan_erp.agencies.establishments import add_establishment

    values = given(name, siret, folder, line1, line2, postcode, city, country)
    call = call_of(context)
    with call.database.transaction() as connection:
        add_establishment(connection, agency, values, dossier, by=call.actor(connection), at=call.database.now())
    say(_("{name} is establishment {number} now.").format(name=name, number=agency))


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    agency: Agency,
    name: Annotated[str | None, typer.Option("--name", help="What it is called from now on.")] = None,
    siret: Siret = None,
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    folder: Folder = None,
    active: Annotated[bool | None, typer.Option("--active/--inactive", help="Whether it is in use.")] = None,
    dossier: Number = None,
) -> None:
    """Change an establishment. Its accounting folder is fixed once it has invoices or payments."""
    from intergestan_erp.agencies.establishments import set_establishment

    values = given(name, siret, folder, line1, line2, postcode, city, country)
    if active is not None:
        values["active"] = active
    if not values:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        changed = set_establishment(connection, agency, values, dossier, by=by, at=at)
    tell_changed(changed)


def given(
    name: str | None,
    siret: str | None,
    folder: str | None,
    *address: str | None,
) -> dict[str, Any]:
    """What was said of a card, by column; `address` is line1, line2, postcode, city and country."""
    parts = dict(zip(("line1", "line2", "postcode", "city", "country"), address, strict=True))
    said: dict[str, Any] = {"name": name, "siret": siret, **parts}
    values = {column: value for column, value in said.items() if value is not None}
    if folder is not None:
        values["folder"] = _folder(folder)
    return values


def _folder(text: str) -> int | None:
    if not text.strip():
        return None
    if not text.isascii() or not text.isdigit():
        raise typer.BadParameter(_("«{text}» is not the number of an accounting folder.").format(text=text))
    return int(text)
