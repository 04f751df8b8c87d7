"""`intergestan user`: the people of the site."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from intergestan_operations.language.wording import sentence
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, print_table, say
from services.cli.translated import Group

app = Group("The people of the site.")


@app.verb("add")
def add(
    context: typer.Context,
    *,
    login: Annotated[str, typer.Argument(metavar="LOGIN", help="Short name, for --as.")],
    email: Annotated[str, typer.Option(help="Mail address: the From of what this person sends.")],
    name: Annotated[str | None, typer.Option(help="Full name; the login by default.")] = None,
) -> None:
    """Enter a person."""
    from intergestan_erp.inputs.identity import case_doubts
    from intergestan_erp.site.setup import add_user, list_users

    call = call_of(context)
    with call.database.transaction() as connection:
        by = call.actor(connection)
        doubts = case_doubts([row.login for row in list_users(connection)], [login])
        add_user(connection, login, name or login, email, by=by, at=call.database.now())
    say(_("{login} can send orders now, from {email}.").format(login=login, email=email))
    for doubt in doubts:
        say(sentence(doubt))


@app.verb("list")
def list_(context: typer.Context, *, as_json: AsJson = False) -> None:
    """Show the people."""
    from intergestan_erp.site.setup import list_users

    with call_of(context).database.read() as connection:
        users = [
            {"login": row.login, "name": row.name, "email": row.email, "active": row.active}
            for row in list_users(connection)
        ]
    if as_json:
        print_json(users)
    else:
        print_table([_("Login"), _("Name"), _("E-mail"), _("Active")], [list(row.values()) for row in users])


Person = Annotated[str, typer.Argument(help="The person's short name.")]


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    login: Person,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    email: Annotated[str | None, typer.Option(help="Mail address: the From of what this person sends.")] = None,
) -> None:
    """Correct a person's name or mail address. What left already keeps the old ones."""
    from intergestan_erp.site.setup import change_user

    changes = {key: value for key, value in {"name": name, "email": email}.items() if value is not None}
    if not changes:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    call = call_of(context)
    with call.database.transaction() as connection:
        change_user(connection, login, changes, by=call.actor(connection), at=call.database.now())
    say(_("Changed for {login}: {values}.").format(login=login, values=", ".join(changes.values())))


@app.verb("deactivate")
def deactivate(context: typer.Context, *, login: Person) -> None:
    """Take a person out of use: nobody acts in their name any more. What they did stays theirs."""
    from intergestan_erp.site.setup import use_user

    call = call_of(context)
    with call.database.transaction() as connection:
        use_user(connection, login, active=False, by=call.actor(connection), at=call.database.now())
    say(_("{login} is out of use.").format(login=login))


@app.verb("activate")
def activate(context: typer.Context, *, login: Person) -> None:
    """Take a person into use again."""
    from intergestan_erp.site.setup import use_user

    call = call_of(context)
    with call.database.transaction() as connection:
        by = call.actor(connection, as_machine_user=call.named_user == login)
        use_user(connection, login, active=True, by=by, at=call.database.now())
    say(_("{login} is in use again.").format(login=login))
