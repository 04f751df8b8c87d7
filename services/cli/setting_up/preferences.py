"""`intergestan settings`: what people choose while the site runs."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.parties.payments import tell_released
from services.cli.translated import Group

app = Group("What is chosen for the whole site, such as how codes are made.")


@app.verb("show")
def show(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show all settings that are chosen here, with what they are now."""
    from intergestan_erp.site.preferences import read_texts
    from intergestan_operations.language.settings_words import PREFERENCES

    with call_of(context).database.read() as connection:
        texts = read_texts(connection)
    if as_json:
        print_json(texts)
    else:
        rows = [[name, value, _(PREFERENCES[name])] for name, value in texts.items()]
        print_table([_("Setting"), _("Value"), _("Meaning")], rows)


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
    from intergestan_operations.language.settings_words import PREFERENCES
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
    say(_("{setting} is {value} now.").format(setting=_(PREFERENCES[name]), value=value))
    tell_released(released)
    if name == "geo.provider" and chosen.rules.geo.provider is not None:
        say(
            _(
                "The service geocoder asks: `intergestan up` starts it from the next time on, `intergestan run "
                "geocoder` at once. Postcodes, cities and streets of third parties leave the house, nothing else does."
            )
        )
