"""`intergestan mailbox set`, `pin` and `unpin`: how a mailbox is polled, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from intergestan_db.enums import Security
from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.mail_accounts.accounts import CaFile, Host, Login, PasswordStdin, Port, Secret
from services.cli.mail_accounts.mailbox_move import Place, move
from services.cli.mail_accounts.tried import Untested
from services.cli.output import say

DAY = 86_400
"""Seconds: the longest that a mailbox waits for its next look."""

KEEP_HEARTBEATS = typer.Option(
    "--keep-heartbeats/--remove-heartbeats",
    help="Whether heartbeats stay in it; else they go an hour after they were taken in.",
)


def set_(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="MAILBOX", help="A mailbox.")],
    poll_seconds: Annotated[int | None, typer.Option(min=1, max=DAY, help="How often it is looked at.")] = None,
    idle: Annotated[bool | None, typer.Option("--idle/--no-idle", help="Also wait for the server's word.")] = None,
    connections: Annotated[
        int | None, typer.Option(min=1, max=15, help="Connections that fetch a backlog together (IMAP).")
    ] = None,
    bytes_per_day: Annotated[
        int | None,
        typer.Option(min=0, max=10**15, help="Octets that the provider lets us fetch in a day; 0: no limit."),
    ] = None,
    keep_heartbeats: Annotated[bool | None, KEEP_HEARTBEATS] = None,
    address: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Its mail address: the server is found.")
    ] = None,
    host: Host = None,
    port: Port = None,
    security: Annotated[Security | None, typer.Option("--security", help="none is for this machine only.")] = None,
    login: Login = None,
    folder: Annotated[str | None, typer.Option(help="Folder to read (IMAP).")] = None,
    secret: Secret = None,
    password_stdin: PasswordStdin = False,
    ca_file: CaFile = None,
    untested: Untested = False,
) -> None:
    """Correct a mailbox: how it is polled, its server, login or folder. The login is tried before it is accepted."""
    changes = {"poll_seconds": poll_seconds, "idle": idle, "connections": connections}
    changes["keeps_heartbeats"] = keep_heartbeats
    given: dict[str, Any] = {column: value for column, value in changes.items() if value is not None}
    if bytes_per_day is not None:
        given["bytes_per_day"] = bytes_per_day or None
    place = Place(address, host, port, security, login, folder, secret, ca_file, password_stdin=password_stdin)
    if not given and not place.is_any:
        raise typer.BadParameter(_("Say what shall change."))
    call = call_of(context)
    if place.is_any:
        move(call, name, place, untested=untested)
    if given:
        _change(call, name, given)


def pin(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="MAILBOX", help="A mailbox.")],
    poller: Annotated[
        str, typer.Argument(metavar="POLLER", help="The poller that shall have it, as `status` calls it.")
    ],
) -> None:
    """Let one poller have a mailbox while it lives; when it dies, another takes over."""
    call = call_of(context)
    _change(call, name, {"pinned_to": poller})
    from intergestan_exchange.mailboxes.pollers import living

    with call.database.read() as connection:
        found = next((one for one in living(connection, call.database.now()) if one.name == poller), None)
    if found is None:
        say(_("No poller {poller} lives now; until one does, others read {name}.").format(poller=poller, name=name))
    elif not found.takes.may_have(name):
        say(_("The poller {poller} does not take {name}: it has other mailboxes.").format(poller=poller, name=name))


def unpin(
    context: typer.Context, *, name: Annotated[str, typer.Argument(metavar="MAILBOX", help="A mailbox.")]
) -> None:
    """Let any poller have a mailbox again."""
    _change(call_of(context), name, {"pinned_to": None})


def _change(call: Call, name: str, changes: Mapping[str, Any]) -> None:
    from intergestan_exchange.mail_accounts.mailbox_limits import change_mailbox

    with call.database.transaction() as connection:
        change_mailbox(connection, name, changes, by=call.actor(connection), at=call.database.now())
