"""`intergestan site`: who we are, for others."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.key_words import both_in_json, words_in_both
from services.cli.output import AsJson, print_fields, print_json, say
from services.cli.setting_up import site_keys
from services.cli.setting_up.countries import country_of
from services.cli.setting_up.doubts import say_doubts
from services.cli.translated import Group

app = Group("Who we are.")
app.add("key", site_keys.app)


@app.verb("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show who we are: name, numbers, address, currency, language, and the time zone that dates the documents."""
    from intergestan_db.site_rows import read_site
    from intergestan_db.views import shown

    with call_of(context).database.read() as connection:
        site = shown(read_site(connection))
    names = {
        "code": _("Code"),
        "name": _("Name"),
        "siret": "SIRET",
        "vat_id": _("VAT number"),
        "line1": _("Address"),
        "line2": "",
        "postcode": _("Postcode"),
        "city": _("City"),
        "country": _("Country"),
        "currency": _("Currency"),
        "language": _("Language"),
        "timezone": _("Time zone"),
        "orders_address": _("For orders"),
        "answers_address": _("For answers"),
    }
    if as_json:
        print_json({name: site[name] for name in names})
    else:
        print_fields({title: site[name] for name, title in names.items() if site[name] is not None})


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    name: Annotated[str | None, typer.Option(help="Name of the firm.")] = None,
    siret: Annotated[str | None, typer.Option(help="SIRET; the code of the site stays.")] = None,
    vat: Annotated[str | None, typer.Option(help="VAT number.")] = None,
    orders_address: Annotated[str | None, typer.Option(metavar="ADDRESS", help="Where others send us orders.")] = None,
    answers_address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Where others send us answers.")
    ] = None,
    line1: Annotated[str | None, typer.Option(help="Postal address, first line.")] = None,
    line2: Annotated[str | None, typer.Option(help="Postal address, second line.")] = None,
    postcode: Annotated[str | None, typer.Option(help="Postcode.")] = None,
    city: Annotated[str | None, typer.Option(help="City.")] = None,
    country: Annotated[str | None, typer.Option(metavar="XX", help="Country, two letters or its name.")] = None,
    timezone: Annotated[
        str | None, typer.Option(metavar="ZONE", help="Time zone whose days date the documents, such as Europe/Paris.")
    ] = None,
) -> None:
    """Correct who we are; an empty value takes away what may be missing. Documents that were made keep their words."""
    from intergestan_erp.parties.company_numbers import compact
    from intergestan_erp.site.setup import change_site

    given = {
        "name": name,
        "siret": None if siret is None else compact(siret),
        "vat_id": None if vat is None else compact(vat),
        "orders_address": orders_address,
        "answers_address": answers_address,
        "line1": line1,
        "line2": line2,
        "postcode": postcode,
        "city": city,
        "country": country_of(country),
        "timezone": timezone,
    }
    changes = {column: value or None for column, value in given.items() if value is not None}
    needed = {"name", "orders_address", "answers_address", "country", "timezone"}
    if empty := sorted(column for column in needed & changes.keys() if changes[column] is None):
        raise typer.BadParameter(_("A site needs these: {names}.").format(names=", ".join(empty)))
    if not changes:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)
    with call.database.transaction() as connection:
        change_site(connection, changes, by=call.actor(connection), at=call.database.now())
    say_doubts(changes.get("siret"), changes.get("vat_id"))
    if timezone is not None:
        say(_("The documents of the site are dated in {timezone} from now on.").format(timezone=timezone))
    if {"name", "siret", "vat_id", "orders_address", "answers_address"} & changes.keys():
        say(
            _("Give partners the new card (`intergestan site card`): they add it again with `intergestan partner add`.")
        )


@app.verb("card")
def card(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Print our card, for a partner: `intergestan site card > ours.card`. It may travel by any way.

    Who cannot read the site's private key gets the card that the composer published.
    """
    from intergestan_db.problem import Problem
    from intergestan_db.published import CARD, read_published
    from intergestan_db.site_rows import read_site
    from intergestan_exchange.keys.key_files import file_of
    from intergestan_exchange.keys.own_keys import signs_now
    from intergestan_exchange.keys.pairing import own_card
    from intergestan_msg.card import read_card, write_card
    from intergestan_operations.opening.keys import read_key

    call = call_of(context)
    with call.database.read() as connection:
        kid = signs_now(read_site(connection), call.database.now()).kid
        try:
            key = read_key(file_of(call.site.key_file, kid))
            ours = own_card(connection, key.public, call.database.now())
            text = write_card(ours, key)
        except Problem:
            text = read_published(connection, CARD) or ""
            if not text or (ours := read_card(text)).key.kid != kid:
                raise
    if as_json:
        told = {"code": ours.code, "kid": ours.key.kid, "fingerprint": " ".join(ours.key.words())}
        print_json({**told, "fingerprints": both_in_json(ours.key), "card": text})
        return
    typer.echo(text)
    say(_("Its words, to compare over the telephone: {words}").format(words=words_in_both(ours.key)))
