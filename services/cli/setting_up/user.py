"""`intergestan user`: the people of the site."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Annotated, Any, TypeVar

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import AsJson, print_json, say
from services.cli.paging import After, Listed, SomeLimit, show_few
from services.cli.shown import sentence
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
def list_(context: typer.Context, *, limit: SomeLimit = None, after: After = None, as_json: AsJson = False) -> None:
    """Show the people."""
    from intergestan_erp.people.rights import read_people
    from intergestan_erp.site.setup import list_users
    from intergestan_operations.language.settings_words import RIGHTS, ROLES

    with call_of(context).database.read() as connection:
        people = {person.id: person for person in read_people(connection)}
        users = [
            {"login": row.login, "name": row.name, "email": row.email, "active": row.active}
            | {"roles": people[row.id].roles, "rights": sorted(people[row.id].rights)}
            for row in list_users(connection)
        ]
    listed: Listed[dict[str, Any]] = Listed(
        name="users",
        values=dict,
        titles=[_("Login"), _("Name"), _("E-mail"), _("Active"), _("Roles"), _("Rights")],
        cells=lambda row: [*list(row.values())[:4], _words(ROLES, row["roles"]), _words(RIGHTS, row["rights"])],
    )
    show_few(listed, users, lambda row: (row["login"],), limit, after, as_json=as_json)


Person = Annotated[str, typer.Argument(help="The person's short name.")]


@app.verb("set")
def set_(
    context: typer.Context,
    *,
    login: Person,
    name: Annotated[str | None, typer.Option(help="Full name.")] = None,
    email: Annotated[str | None, typer.Option(help="Mail address: the From of what this person sends.")] = None,
    role: Annotated[
        str | None,
        typer.Option(
            metavar="ROLE,…", help="All their roles: reader, clerk, operator, accountant, administrator; with commas."
        ),
    ] = None,
    grant: Annotated[
        str | None,
        typer.Option(
            metavar="RIGHT,…",
            help="Rights by name, such as override_credit, set_credit, anonymise, send_orders; with commas.",
        ),
    ] = None,
    revoke: Annotated[
        str | None, typer.Option(metavar="RIGHT,…", help="Rights that they have by name and shall lose.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Correct a person's name or mail address, or say what they may do. What left already keeps the old ones.

    Roles and rights are given by an administrator (--as).
    """
    from intergestan_db.enums import Right, Role
    from intergestan_erp.people.rights import change_rights, read_person
    from intergestan_erp.site.setup import change_user
    from intergestan_operations.language.settings_words import RIGHTS, ROLES

    changes = {key: value for key, value in {"name": name, "email": email}.items() if value is not None}
    about_rights = (role, grant, revoke) != (None, None, None)
    if not changes and not about_rights:
        raise typer.BadParameter(_("Say what to change, with at least one option."))
    roles = None if role is None else _chosen(role, tuple(Role), "--role")
    granted, revoked = _chosen(grant, tuple(Right), "--grant"), _chosen(revoke, tuple(Right), "--revoke")
    call = call_of(context)
    with call.database.transaction() as connection:
        at = call.database.now()
        by = call.entitled(connection, Right.MANAGE_USERS) if about_rights else call.actor(connection)
        if about_rights:
            change_rights(connection, login, roles=roles, grant=granted, revoke=revoked, by=by, at=at)
        if changes:
            change_user(connection, login, changes, by=by, at=at)
        person = read_person(connection, login)
    if as_json:
        print_json({"login": person.login, "roles": person.roles, "rights": sorted(person.rights)})
        return
    if changes:
        say(_("Changed for {login}: {values}.").format(login=login, values=", ".join(changes.values())))
    if about_rights:
        text = _("Roles of {login}: {roles}. Rights: {rights}.")
        roles_now, rights_now = _words(ROLES, person.roles), _words(RIGHTS, sorted(person.rights))
        say(text.format(login=person.login, roles=roles_now or "–", rights=rights_now or "–"))


Word = TypeVar("Word", bound=StrEnum)


def _chosen(text: str | None, words: Sequence[Word], option: str) -> tuple[Word, ...]:
    """The words that a person typed with commas between, each once."""
    by_name = {str(word): word for word in words}
    typed = [each for each in (part.strip().lower() for part in (text or "").split(",")) if each]
    for each in typed:
        if each not in by_name:
            text = _("{option}: «{value}» is none of {words}.")
            raise typer.BadParameter(text.format(option=option, value=each, words=", ".join(by_name)))
    return tuple(by_name[each] for each in dict.fromkeys(typed))


def _words(labels: Mapping[str, str], words: Iterable[str]) -> str:
    return ", ".join(_(labels[word]) for word in words)


@app.verb("invite")
def invite(context: typer.Context, *, login: Person, as_json: AsJson = False) -> None:
    """Make a link by which a person enters the pages once and chooses a password; it is good for two days.

    An administrator does it (--as). Who has the link is that person: hand it to nobody else.
    """
    from intergestan_db.enums import Right
    from intergestan_erp.people.invitations import VALID, in_groups
    from intergestan_erp.people.invitations import invite as invite_person
    from services.cli.running.run import address_of

    call = call_of(context)
    url = address_of(call)
    with call.database.transaction() as connection:
        by = call.entitled(connection, Right.MANAGE_USERS)
        secret = invite_person(connection, login, by=by, at=call.database.now())
    link = f"{url}invitation#{secret}"
    if as_json:
        print_json({"login": login, "link": link, "code": in_groups(secret)})
        return
    typer.echo(link)
    text = _("For {login}, once, within {hours} hours. Without JavaScript: {page} and the code {code}.")
    hours = int(VALID.total_seconds() // 3600)
    say(text.format(login=login, hours=hours, page=f"{url}invitation", code=in_groups(secret)))


@app.verb("password")
def password(context: typer.Context, *, login: Person) -> None:
    """Give a person another password for the pages; it is asked for, or read from standard input.

    Their sessions end. An administrator does it (--as).
    """
    from intergestan_db.enums import Right
    from intergestan_erp.people.passwords import as_typed, check_password, set_password
    from intergestan_erp.people.users import in_use
    from intergestan_erp.site.setup import list_users
    from intergestan_runtime.password_hash import hash_of

    call = call_of(context)
    with call.database.read() as connection:
        by = call.entitled(connection, Right.MANAGE_USERS)
        user_id = in_use(connection, login)
        (person,) = (row for row in list_users(connection) if row.id == user_id)
    typed = _password(_("Password for {login}").format(login=person.login))
    check_password(typed, (person.login, person.name, person.email))
    hashed = hash_of(as_typed(typed))
    with call.database.transaction() as connection:
        set_password(connection, user_id, hashed, by=by, at=call.database.now())
    say(_("{login} has another password; their sessions have ended.").format(login=person.login))


def _password(question: str) -> str:
    """Typed where a person sits at the terminal, else the first line of standard input."""
    import sys

    from services.cli.asking import asked
    from services.cli.context import may_ask

    return asked(question, hidden=True) if may_ask() else sys.stdin.readline().rstrip("\r\n")


@app.verb("second-factor")
def second_factor(
    context: typer.Context,
    *,
    login: Person,
    remove: Annotated[
        bool, typer.Option("--remove", help="Ask for their password alone, such as when a telephone is lost.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show whether a person is asked for a code after their password in the pages.

    An administrator removes it (--as).
    """
    from intergestan_db.enums import Right
    from intergestan_erp.people.second_factor import remove_of, second_factor_of
    from intergestan_erp.people.users import in_use

    call = call_of(context)
    if remove:
        with call.database.transaction() as connection:
            by = call.entitled(connection, Right.MANAGE_USERS)
            remove_of(connection, login, by=by, at=call.database.now())
    with call.database.read() as connection:
        factor = second_factor_of(connection, in_use(connection, login))
    if as_json:
        print_json({"login": login, "asked": factor is not None and factor.is_used})
    elif factor is None or not factor.is_used:
        say(_("{login} is asked for their password alone.").format(login=login))
    else:
        say(_("{login} is asked for a code of their telephone, too.").format(login=login))


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
