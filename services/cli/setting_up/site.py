"""`intergestan site`: who we are, for others."""

from __future__ import annotations

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say
from services.cli.setting_up import site_keys
from services.cli.translated import Group

app = Group("Who we are.")
app.add("key", site_keys.app)


@app.verb("card")
def card(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Print our card, for a partner: `intergestan site card > ours.card`. It may travel by any way."""
    from intergestan_db.site_rows import read_site
    from intergestan_exchange.keys.key_files import file_of
    from intergestan_exchange.keys.own_keys import signs_now
    from intergestan_exchange.keys.pairing import own_card
    from intergestan_msg.card import write_card
    from intergestan_operations.opening.keys import read_key

    call = call_of(context)
    with call.database.read() as connection:
        kid = signs_now(read_site(connection), call.database.now()).kid
        key = read_key(file_of(call.site.key_file, kid))
        ours = own_card(connection, key.public, call.database.now())
    words = " ".join(key.public.words())
    text = write_card(ours, key)
    if as_json:
        print_json({"code": ours.code, "kid": key.public.kid, "fingerprint": words, "card": text})
        return
    typer.echo(text)
    say(_("Its words, to compare over the telephone: {words}").format(words=words))
