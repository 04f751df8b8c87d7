"""`intergestan mailbox pause`, `unpause`, `deactivate` and `activate`."""

from __future__ import annotations

from typing import Annotated

import typer

from intergestan_operations.language.language import _
from services.cli.context import call_of
from services.cli.output import say

Name = Annotated[str, typer.Argument(help="A mailbox.")]
Reason = Annotated[str, typer.Option("--reason", help="Why, for those who find it paused.")]


def pause(context: typer.Context, *, name: Name, reason: Reason) -> None:
    """Let nobody poll a mailbox until `unpause`. Its mails wait on the server, and no alarm speaks of it."""
    from intergestan_exchange.mail_accounts.mailbox_changes import pause_mailbox

    call = call_of(context)
    with call.database.transaction() as connection:
        pause_mailbox(connection, name, reason, by=call.actor(connection), at=call.database.now())
    say(_("{name} is not polled until `intergestan mailbox unpause {name}`.").format(name=name))


def unpause(context: typer.Context, *, name: Name) -> None:
    """Poll a mailbox again that was paused."""
    from intergestan_exchange.mail_accounts.mailbox_changes import unpause_mailbox

    call = call_of(context)
    with call.database.transaction() as connection:
        unpause_mailbox(connection, name, by=call.actor(connection), at=call.database.now())
    say(_("{name} is polled again.").format(name=name))


def deactivate(context: typer.Context, *, name: Name) -> None:
    """Take a mailbox out of use. What came from it stays; `activate` takes it into use again."""
    from intergestan_exchange.mail_accounts.mailbox_changes import use_mailbox

    call = call_of(context)
    with call.database.transaction() as connection:
        use_mailbox(connection, name, active=False, by=call.actor(connection), at=call.database.now())
    say(_("{name} is out of use.").format(name=name))


def activate(context: typer.Context, *, name: Name) -> None:
    """Take a mailbox into use again."""
    from intergestan_exchange.mail_accounts.mailbox_changes import use_mailbox

    call = call_of(context)
    with call.database.transaction() as connection:
        use_mailbox(connection, name, active=True, by=call.actor(connection), at=call.database.now())
    say(_("{name} is in use again.").format(name=name))
