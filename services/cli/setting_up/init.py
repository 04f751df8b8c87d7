"""`intergestan init`: make a site."""

from __future__ import annotations

import getpass
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from intergestan_db.problem import Problem
from intergestan_operations.language.language import _, spoken
from intergestan_operations.language.wording import sentence
from intergestan_operations.opening.keys import make_bounce_key, make_key, write_private
from services.cli import files
from services.cli.asking import asked
from services.cli.buying.taking_files import remarks
from services.cli.context import Call, call_of, may_ask
from services.cli.figures import DecimalMark
from services.cli.key_words import words_in_both
from services.cli.output import say
from services.cli.setting_up.doubts import say_doubts

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from intergestan_erp.inputs.figure import Mark
    from intergestan_erp.site.setup import NewSite
    from intergestan_msg.seal import SigningKey

Fill = Callable[["Connection"], object]
"""Enters what a new site begins with, in the transaction that makes the site."""

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

    call, country = call_of(context), country_code(country) or country
    place(call, data_dir, database_url, language or spoken())
    refuse_a_second(call)
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
    code, key = make(call, site, (login, user_name or login, email), fill)
    _say_done(call, code, key)


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


def refuse_a_second(call: Call) -> None:
    """Before anything is asked.

    :raises Problem: when there is a site in the database.
    :raises LostDatabase: when there was one, and what it left is still here.
    """
    from intergestan_db.site_rows import has_site
    from intergestan_operations.opening.lost_database import refuse_lost_database

    if has_site(call.unchecked_database):
        raise Problem(
            "There is a site in {url} already, so nothing was done: a base has one identity for ever. Choose "
            "another folder (--data-dir) or another database for the new site.",
            url=call.site.database_url,
        )
    refuse_lost_database(call.site, call.unchecked_database)


def make(call: Call, site: NewSite, user: tuple[str, str, str], fill: Fill | None) -> tuple[str, SigningKey]:
    """The folder, the base, the keys, the configuration, and last the site itself: who was cut can begin again.

    :param user: login, name and mail address of the first one.
    :returns: the site's code, and its key.
    """
    from intergestan_db import migrate
    from intergestan_erp.site.setup import add_user, create_site
    from intergestan_operations.opening.passwords import publish_seal
    from intergestan_operations.opening.private_files import keep_private
    from intergestan_runtime.private import make_folder
    from intergestan_runtime.secrets import create_key_file, read_base_key

    database = call.unchecked_database
    for folder in (call.site.data_dir, call.site.secrets_dir):
        make_folder(folder)
    for said in keep_private(call.site, database):
        say(sentence(said))
    database.check_durability()
    migrate.upgrade(database)
    key = make_key(call.site.key_file)
    if not call.site.base_key_file.exists():
        create_key_file(call.site.base_key_file)
    base_key = read_base_key(call.site.base_key_file)
    make_bounce_key(call.site)
    login, name, email = user
    if call.site.key_days is not None:
        site = replace(site, key_until=database.now() + timedelta(days=call.site.key_days))
    _write_configuration(call, login)
    with database.transaction() as connection:
        code = create_site(connection, site, key.public, by=login, at=database.now())
        add_user(connection, login, name, email, by=login, at=database.now())
        publish_seal(connection, base_key)
        if fill is not None:
            fill(connection)
    return code, key


def _write_configuration(call: Call, login: str) -> None:
    """Write down all that is not as it would be anyway; other files of the machine are not read any more."""
    if call.new_config is None:
        return
    from intergestan_runtime.settings import SiteSettings

    site, folder = call.site, call.new_config.parent.absolute()
    usual = SiteSettings(data_dir=site.data_dir)
    lines = ["# Where this site is. docs/settings.md explains every key.", "alone = true", "", "[site]"]
    lines.append(_assigned("data_dir", "." if site.data_dir == folder else site.data_dir))
    for name in SiteSettings.keys:
        value = getattr(site, name)
        if name != "data_dir" and value != getattr(usual, name):
            lines.append(_assigned(name, value))
    lines += ["", "[cli]", _assigned("user", login), ""]
    write_private(call.new_config, "\n".join(lines).encode())


def _assigned(name: str, value: object) -> str:
    return f"{name} = {json.dumps(str(value), ensure_ascii=False)}"  # a TOML basic string is written like JSON's


def _say_done(call: Call, code: str, key: SigningKey) -> None:
    option = "" if call.new_config in {None, Path(CONFIGURATION_FILE)} else f" --config {call.new_config}"
    text = _(
        "The site {code} is made. Its key's words, for the telephone: {words}\n"
        "Keep a copy of {key_file} and {base_key_file} in a safe place.\n"
        "Next: intergestan{option} relay set …, mailbox add …, site card > ours.card, partner add theirs.card, "
        "doctor."
    )
    values: dict[str, Any] = {"code": code, "words": words_in_both(key.public), "option": option}
    say(text.format(**values, key_file=call.site.key_file, base_key_file=call.site.base_key_file))
