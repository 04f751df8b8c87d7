"""`intergestan token`: what programs of our people open the HTTP API with."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.translated import Group

app = Group("Tokens of the HTTP API.")

Login = Annotated[str, typer.Argument(metavar="LOGIN", help="Whose program it is: it may no more than this person.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="What the program is called: letters, digits, hyphens.")]


@app.verb("add")
def add(
    context: typer.Context,
    *,
    login: Login,
    name: Name,
    scopes: Annotated[
        list[str],
        typer.Option("--scope", metavar="SCOPE", help="What it is for: one scope or more, with commas."),
    ],
    days: Annotated[int, typer.Option(min=1, max=366, help="So many days it lasts.")] = 90,
    as_json: AsJson = False,
) -> None:
    """Make a token for a program, and show it once: nobody can show it again.

    An administrator does it (--as). The program sends it with each call, and may no more than its person.
    """
    from datetime import timedelta

    from intergestan_db.enums import Right, Scope
    from intergestan_erp.people.tokens import create_token
    from services.cli.running.run import address_of

    wanted = [word for each in scopes for word in each.replace(",", " ").split()]
    unknown = [word for word in wanted if word not in set(Scope)]
    if unknown:
        text = _("{words}: no scope. There are: {scopes}.")
        raise typer.BadParameter(text.format(words=", ".join(unknown), scopes=", ".join(Scope)))
    call = call_of(context)
    url = address_of(call)
    with call.database.transaction() as connection:
        by, at = call.entitled(connection, Right.MANAGE_USERS), call.database.now()
        chosen, lasts = [Scope(word) for word in wanted], timedelta(days=days)
        secret = create_token(connection, login, name, chosen, lasts=lasts, by=by, at=at)
    if as_json:
        print_json({"login": login, "name": name, "token": secret, "ends_at": at + lasts, "url": f"{url}api/v1"})
        return
    typer.echo(secret)
    text = _("For {name} of {login}, {days} days. Keep it like a password; it is not shown again. The API: {url}")
    say(text.format(name=name, login=login, days=days, url=f"{url}api/v1"))


@app.verb("list")
def list_(
    context: typer.Context,
    *,
    login: Annotated[str | None, typer.Option("--login", metavar="LOGIN", help="Only those of this person.")] = None,
    limit: SomeLimit = None,
    after: After = None,
    as_json: AsJson = False,
) -> None:
    """Show the tokens: whose they are, what for, until when, when they were last used. No token is shown itself."""
    from dataclasses import asdict

    from intergestan_erp.people.tokens import ListedToken, list_tokens

    database = call_of(context).database
    now = database.now()
    with database.read() as connection:
        tokens = list_tokens(connection, login)
    listed: Listed[ListedToken] = Listed(
        name="tokens",
        values=asdict,
        titles=[_("Login"), _("Name"), _("Begins with"), _("For"), _("Until"), _("Last used")],
        cells=lambda row: [
            *(row.login, row.name, f"ig_{row.prefix}", " ".join(row.scopes)),
            *(row.ends_at if row.is_good(now) else _("ended"), row.last_used_at),
        ],
        empty=_("There are no tokens."),
    )
    show_few(listed, tokens, lambda row: (row.login, row.name), limit, after, as_json=as_json)


@app.verb("revoke")
def revoke(context: typer.Context, *, login: Login, name: Name) -> None:
    """End a token at once. An administrator does it (--as)."""
    from intergestan_db.enums import Right
    from intergestan_erp.people.tokens import revoke_token

    call = call_of(context)
    with call.database.transaction() as connection:
        by = call.entitled(connection, Right.MANAGE_USERS)
        was_good = revoke_token(connection, login, name, by=by, at=call.database.now())
    text = _("{name} of {login} opens nothing any more.") if was_good else _("{name} of {login} had ended already.")
    say(text.format(name=name, login=login))
