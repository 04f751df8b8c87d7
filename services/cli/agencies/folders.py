"""`intergestan folders`: accounting folders, each the books of one company (D36)."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from intergestan_operations.language.language import _
from services.cli.agencies.dossier import tell_changed
from services.cli.agencies.establishments import City, Country, Line1, Line2, Postcode
from services.cli.books.lock import lock
from services.cli.context import call_of
from services.cli.files import read_file
from services.cli.output import AsJson, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.translated import Group

app = Group("Accounting folders: the books of a company, and what its invoices say of it.")

Number = Annotated[int, typer.Argument(metavar="N", help="The number of the folder.")]
Siren = Annotated[str | None, typer.Option("--siren", help="SIREN of the company, 9 digits.")]
Vat = Annotated[str | None, typer.Option("--vat", help="VAT number of the company.")]
LegalForm = Annotated[str | None, typer.Option("--legal-form", help="Its legal form, such as SARL.")]
Capital = Annotated[str | None, typer.Option("--share-capital", help="Its share capital, as it is printed.")]
Rcs = Annotated[str | None, typer.Option("--rcs", help="Where it is registered, such as RCS Mulhouse B 732 829 320.")]
Iban = Annotated[str | None, typer.Option("--iban", help="The account on which customers pay.")]
Bic = Annotated[str | None, typer.Option("--bic", help="The bank of that account.")]
Penalty = Annotated[str | None, typer.Option("--late-penalty", help="What is owed for paying late.")]
Early = Annotated[
    str | None, typer.Option("--early-payment", help="The discount for paying early, or that there is none.")
]
Exemption = Annotated[str | None, typer.Option("--vat-exemption", help="Why a document bears no VAT.")]
OnDebits = Annotated[
    bool | None, typer.Option("--vat-on-debits/--no-vat-on-debits", help="Whether VAT of services is due on invoicing.")
]
Logo = Annotated[Path | None, typer.Option("--logo", metavar="FILE", help="A PNG or SVG of at most 200 kB.")]


@app.verb("list")
def list_(context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False) -> None:
    """Show all accounting folders, and whose books they are."""
    from intergestan_erp.agencies.establishments import list_folders

    with call_of(context).database.read() as connection:
        found = list_folders(connection)
    titles = [_("No."), _("Name"), _("SIREN"), _("VAT number"), _("City"), _("Establishments")]
    listed: Listed[Any] = Listed(
        name="folders",
        values=asdict,
        titles=titles,
        cells=lambda each: [*list(asdict(each).values())[:-1], ", ".join(map(str, each.establishments))],
    )
    show_few(listed, found, lambda each: (each.number,), limit, after, as_json=as_json)


@app.verb("add")
def add(
    context: typer.Context,
    *,
    number: Number,
    name: Annotated[str, typer.Option("--name", help="The company's name, as invoices say it.")],
    siren: Siren = None,
    vat: Vat = None,
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    legal_form: LegalForm = None,
    share_capital: Capital = None,
    rcs: Rcs = None,
    iban: Iban = None,
    bic: Bic = None,
    late_penalty: Penalty = None,
    early_payment: Early = None,
    vat_exemption: Exemption = None,
    vat_on_debits: OnDebits = None,
    logo: Logo = None,
) -> None:
    """Enter the books of one more company."""
    from intergestan_erp.agencies.establishments import add_folder

    said = {"name": name, "siren": siren, "vat_id": vat, "legal_form": legal_form, "share_capital": share_capital}
    said |= {"line1": line1, "line2": line2, "postcode": postcode, "city": city, "country": country}
    said |= {"rcs": rcs, "iban": iban, "bic": bic, "late_penalty": late_penalty, "early_payment": early_payment}
    values = _values(said, vat_exemption, vat_on_debits, logo)
    call = call_of(context)
    with call.database.transaction() as connection:
        add_folder(connection, number, values, by=call.actor(connection), at=call.database.now())
    say(_("{name} has its books in accounting folder {number} now.").format(name=name, number=number))


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    number: Number,
    name: Annotated[str | None, typer.Option("--name", help="The company's name, as invoices say it.")] = None,
    siren: Siren = None,
    vat: Vat = None,
    line1: Line1 = None,
    line2: Line2 = None,
    postcode: Postcode = None,
    city: City = None,
    country: Country = None,
    legal_form: LegalForm = None,
    share_capital: Capital = None,
    rcs: Rcs = None,
    iban: Iban = None,
    bic: Bic = None,
    late_penalty: Penalty = None,
    early_payment: Early = None,
    vat_exemption: Exemption = None,
    vat_on_debits: OnDebits = None,
    logo: Logo = None,
) -> None:
    """Change what invoices say of a company. Those that were made say what they said; an empty text takes it away."""
    from intergestan_erp.agencies.establishments import set_folder

    said = {"name": name, "siren": siren, "vat_id": vat, "legal_form": legal_form, "share_capital": share_capital}
    said |= {"line1": line1, "line2": line2, "postcode": postcode, "city": city, "country": country}
    said |= {"rcs": rcs, "iban": iban, "bic": bic, "late_penalty": late_penalty, "early_payment": early_payment}
    values = _values(said, vat_exemption, vat_on_debits, logo)
    if not values:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)
    with call.database.transaction() as connection:
        by, at = call.actor(connection), call.database.now()
        changed = set_folder(connection, number, values, by=by, at=at)
    tell_changed(changed)


def _values(
    said: dict[str, str | None],
    vat_exemption: str | None,
    vat_on_debits: bool | None,  # noqa: FBT001 - an option, as it was given
    logo: Path | None,
) -> dict[str, Any]:
    values: dict[str, Any] = {**said, "vat_exemption": vat_exemption, "vat_on_debits": vat_on_debits}
    if logo is not None:
        values["logo"] = read_file(logo)
    return {column: value for column, value in values.items() if value is not None}


app.verb("lock")(lock)
