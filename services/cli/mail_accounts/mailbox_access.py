"""`intergestan mailbox test` and `login`: whether we may read a mailbox, and that we may again."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from intergestan_db.enums import Security
from intergestan_operations.language.language import _
from services.cli.context import Call, call_of
from services.cli.mail_accounts.accounts import PasswordStdin, read_password
from services.cli.mail_accounts.mailbox_server import Read, placed
from services.cli.mail_accounts.oauth import log_in
from services.cli.output import AsJson, say


def try_(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="MAILBOX", help="A mailbox, or a mail address that is none yet.")],
    password_stdin: PasswordStdin = False,
    protocol: Read = "imap",
    as_json: AsJson = False,
) -> None:
    """Try a mailbox step by step, and say the cure of what fails. Changes nothing."""
    from intergestan_operations.mail_trial.trial import try_out
    from services.cli.health.doctor import show

    call = call_of(context)
    if "@" in name:
        account: Any = placed(name, None, None, None, None, Security.TLS, protocol, oauth=False)
        password = read_password(account.login, from_stdin=password_stdin)
        findings = try_out(account, lambda: password, lambda _uidvalidity: set())
    else:
        findings = _try_known(call, name)
    show(findings, as_json=as_json)


def login(
    context: typer.Context,
    *,
    name: Annotated[str, typer.Argument(metavar="MAILBOX", help="A mailbox.")],
    password_stdin: PasswordStdin = False,
) -> None:
    """Log in anew: give consent (OAuth2), or another password; for all folders of the account."""
    from intergestan_db.tables import Mailbox
    from intergestan_exchange.mail_accounts.accounts import same_account, try_again
    from intergestan_operations.mail_trial.entering import change_password

    call = call_of(context)
    with call.database.read() as connection:
        same, by = same_account(connection, name), call.actor(connection)
    if log_in(call, Mailbox, name):
        with call.database.transaction() as connection:
            try_again(connection, same, by=by, at=call.database.now())
        return
    password = read_password(name, from_stdin=password_stdin)
    with call.database.transaction() as connection:
        same = change_password(connection, name, password, by=by, at=call.database.now())
    say(_("The new password is used from now on for: {names}.").format(names=", ".join(same)))


def _try_known(call: Call, name: str) -> Any:
    from sqlalchemy import select

    from intergestan_db.tables import Mailbox
    from intergestan_exchange.mail_accounts.accounts import find_mailbox
    from intergestan_operations.mail_trial.entering import collected_from
    from intergestan_operations.mail_trial.failure import secret_of
    from intergestan_operations.mail_trial.trial import try_out

    with call.database.read() as connection:
        row_id = find_mailbox(connection, name)
        account = connection.execute(select(Mailbox.__table__).where(Mailbox.id == row_id)).one()
    known = collected_from(call.database, account.name)
    return try_out(account, lambda: secret_of(call.site, call.database, account), known)
