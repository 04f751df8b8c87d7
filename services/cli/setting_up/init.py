"""`intergestan init`: make a site."""

from __future__ import annotations

import getpass
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.problem import Problem, ProblemCode
from intergestan_operations.language.language import _, spoken
from services.cli import files
from services.cli.asking import asked
from services.cli.buying.taking_files import remarks
from services.cli.context import Call, call_of, may_ask
from services.cli.figures import DecimalMark
from services.cli.kept_files import files_to_keep
from services.cli.key_words import words_in_both
from services.cli.output import say
from services.cli.setting_up.doubts import say_doubts
from services.cli.shown import sentence

if TYPE_CHECKING:
    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.site.setup import NewSite
    from intergestan_operations.opening.making import Fill, Made

CONFIGURATION_FILE = "intergestan.toml"
_NOT_ASKED_YET = "asked@later.invalid"


def init(
    context: typer.Context,
    *,
    name: Annotated[str | None, typer.Option(help="Name of the site: its partners read it.")] = None,
    orders_address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Mail address where others send us orders.")
    ] = None,
    answers_address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="For answers; that for orders by default.")
    ] = None,
    siret: Annotated[str | None, typer.Option(help="SIRET, 14 digits; it becomes the code of the site.")] = None,
    vat: Annotated[str | None, typer.Option(help="VAT number.")] = None,
    line1: Annotated[str | None, typer.Option(help="Postal address, first line.")] = None,
    line2: Annotated[str | None, typer.Option(help="Postal address, second line.")] = None,
    postcode: Annotated[str | None, typer.Option(help="Postcode.")] = None,
    city: Annotated[str | None, typer.Option(help="City.")] = None,
    country: Annotated[str, typer.Option(metavar="XX", help="Country, two letters or its name.")] = "FR",
    currency: Annotated[str, typer.Option(metavar="EUR", help="Currency, three letters.")] = "EUR",
    language: Annotated[
        str | None, typer.Option(metavar="fr|en", help="Language of the site's mails; yours by default.")
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Time zone whose days date the documents; Europe/Paris in France."),
    ] = None,
    login: Annotated[str | None, typer.Option(help="Login of the first user; yours by default.")] = None,
    user_name: Annotated[str | None, typer.Option(help="Full name of the first user.")] = None,
    user_email: Annotated[
        str | None, typer.Option(help="Mail address of the first user; that for orders by default.")
    ] = None,
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of the site; where the configuration is by default.")
    ] = None,
    database_url: Annotated[
        str | None, typer.Option(metavar="URL", help="postgresql+psycopg://…; an SQLite file in the folder by default.")
    ] = None,
    from_copy: Annotated[
        str | None,
        typer.Option(
            metavar="BASE", help="Take products and third parties from a copy of the supplier's base: a file or a URL."
        ),
    ] = None,
    from_catalog: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Take the products of the supplier's `catalog export`; we pay its sale prices.",
        ),
    ] = None,
    decimal_mark: DecimalMark = None,
) -> None:
    """Make a site: its base, its identity, its key pair, its first user.

    At a terminal it asks for what is missing. What is taken from another site's copy or export leaves that
    site's identity, partners, mails and orders behind.
    """
    from intergestan_erp.inputs.countries import country_code
    from intergestan_erp.inputs.currencies import currency_code
    from intergestan_erp.parties.company_numbers import read_siret, read_vat
    from intergestan_erp.site.setup import (
        NewSite,
        check_address,
        check_login,
        check_site,
        check_user_name,
        usual_zone,
    )
    from intergestan_operations.opening.making import refuse_a_second

    call, country = call_of(context), country_code(country) or country
    place(call, data_dir, database_url, language or spoken())
    refuse_a_second(call.site, call.unchecked_database)
    # What is given is checked before anything is asked: nobody types a name for a site that cannot be made.
    known = NewSite(
        name=name or _NOT_ASKED_YET,
        orders_address=orders_address or _NOT_ASKED_YET,
        answers_address=answers_address or orders_address or _NOT_ASKED_YET,
        siret=siret and read_siret(siret),
        vat_id=vat and read_vat(vat),
        line1=line1,
        line2=line2,
        postcode=postcode,
        city=city,
        country=country,
        currency=currency_code(currency) or currency,
        language=language or spoken(),
        timezone=timezone or usual_zone(country),
    )
    check_site(known)
    check_address(user_email or known.orders_address)
    login = login or getpass.getuser()
    check_login(login)
    check_user_name(user_name or login)
    fill = _fill(from_copy, from_catalog, decimal_mark, known.currency)
    given = _asked({"name": name, "orders_address": orders_address})
    orders = given["orders_address"]
    site = replace(known, name=given["name"], orders_address=orders, answers_address=answers_address or orders)
    check_site(site)
    say_doubts(site.siret, site.vat_id)
    email = user_email or site.orders_address
    made = make(call, site, (login, user_name or login, email), fill)
    _say_done(call, made)


def _asked(values: Mapping[str, str | None]) -> dict[str, str]:
    """The values, with those that are missing asked for at a terminal."""
    questions = {
        "name": _("Name of the site"),
        "orders_address": _("Mail address where others send orders"),
    }
    missing = [name for name, value in values.items() if not value]
    if missing and not may_ask():
        options = ", ".join(f"--{name.replace('_', '-')}" for name in missing)
        raise typer.BadParameter(_("Missing: {options}.").format(options=options))
    return {name: value or asked(questions[name]) for name, value in values.items()}


def place(call: Call, data_dir: Path | None, database_url: str | None, language: str) -> None:
    """Settle where the site is, and which configuration is to be written if there is none."""
    file = call.config or (data_dir or Path()) / CONFIGURATION_FILE
    if not file.exists():
        folder = (data_dir or file.parent).absolute()
        call.config, call.new_config = None, file
        call.flags = {
            "site.data_dir": str(folder),
            "site.database_url": database_url,
            "site.language": language,
        }
    elif call.config is None and database_url is None:
        call.config = file
    elif data_dir is not None or database_url is not None:
        raise Problem(
            "{file} says where the site is, so nothing was done: leave --data-dir and --database-url out, or "
            "change that file.",
            ProblemCode.SETTING_NEEDED,
            file=file,
        )


def _fill(from_copy: str | None, from_catalog: Path | None, decimal_mark: Mark | None, currency: str) -> Fill | None:
    """What the site begins with, read and checked before anything is made."""
    if from_copy is not None and from_catalog is not None:
        raise typer.BadParameter(_("Give --from-copy or --from-catalog, not both."))
    if from_copy is not None:
        from intergestan_erp.catalogue.copied_base import put_copy, read_copy

        return partial(put_copy, copied=read_copy(from_copy))
    if from_catalog is not None:
        from intergestan_erp.catalogue.catalogue_reading import CatalogueAsked, LimitedCatalogues
        from intergestan_erp.catalogue.whole_catalogue import put_catalogue

        with LimitedCatalogues() as readers:
            question = CatalogueAsked(decimal_mark, currency)
            reading = readers.read(str(from_catalog), files.read_file(from_catalog), question)
        for remark in remarks(str(from_catalog), reading.said):
            say(remark)
        return partial(put_catalogue, catalogue=reading.catalogue.as_buyer())
    return None


def make(call: Call, site: NewSite, user: tuple[str, str, str], fill: Fill | None) -> Made:
    """Make the site where the call says, and say what was closed to others on the way.

    :param user: login, name and mail address of the first one.
    """
    from intergestan_operations.opening.making import FirstUser, make_site

    made = make_site(call.site, call.unchecked_database, site, FirstUser(*user), fill, configuration=call.new_config)
    for said in made.closed:
        say(sentence(said))
    return made


def _say_done(call: Call, made: Made) -> None:
    option = "" if call.new_config in {None, Path(CONFIGURATION_FILE)} else f" --config {call.new_config}"
    text = _(
        "The site {code} is made. Its key's words, for the telephone: {words}\n"
        "Keep a copy of {key_file}, {base_key_file}, {bounce_key_file} and {console_key_file} in a safe place.\n"
        "Next: intergestan{option} relay set …, mailbox add …, site card > ours.card, partner add theirs.card, "
        "doctor."
    )
    values: dict[str, Any] = {"code": made.code, "words": words_in_both(made.key.public), "option": option}
    say(text.format(**values, **files_to_keep(call.site)))
