"""What `mailbox` and `relay` share: the options of an account, and where its password comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from intergestan_db.enums import Security
from intergestan_operations.language.language import _
from services.cli.asking import asked
from services.cli.context import Call, may_ask

if TYPE_CHECKING:
    from intergestan_exchange.mail_accounts.accounts import Account

Host = Annotated[str | None, typer.Option("--host", help="Name of the server; found from the mail address by default.")]
Port = Annotated[int | None, typer.Option("--port", min=1, max=65_535, help="Its port; the usual one by default.")]
Secured = Annotated[Security, typer.Option("--security", help="none is for this machine only.")]
Login = Annotated[str | None, typer.Option("--login", help="Login there, often the mail address.")]
Secret = Annotated[
    str | None, typer.Option("--secret", metavar="NAME", help="Name of the secret file with the password.")
]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input and keep it sealed in the base."),
]


def absolute(file: str | None) -> str | None:
    """A file's whole name, because the services run in other folders."""
    return file and str(Path(file).absolute())


CaFile = Annotated[
    str | None,
    typer.Option(
        "--ca-file", metavar="FILE", callback=absolute, help="Certificates to trust in place of the system's."
    ),
]


def read_password(login: str, *, from_stdin: bool) -> str:
    """From standard input, or from the person at the terminal."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if may_ask():
        return asked(_("Password of {login}").format(login=login), hidden=True)
    raise typer.BadParameter(_("Say where the password is: --secret NAME or --password-stdin."))


def given_password(login: str | None, secret: str | None, *, from_stdin: bool) -> str | None:
    """The password of an account that is entered; None when it has a secret file, or no login."""
    return None if login is None or secret is not None else read_password(login, from_stdin=from_stdin)


def sealed(call: Call, password: str | None, account: Account) -> bytes | None:
    """A password for the database, sealed for this account alone; None when there is none."""
    from intergestan_operations.opening.passwords import seal

    if password is None:
        return None
    with call.database.read() as connection:
        return seal(connection, password, account)


def sealed_anew(call: Call, before: Account, after: Account) -> bytes | None:
    """The password that an account has, sealed for its new server or login; it takes base.key."""
    from intergestan_runtime.sealed_passwords import open_password
    from intergestan_runtime.secrets import read_base_key

    if after.sealed is None or (before.host, before.login) == (after.host, after.login):
        return after.sealed
    return sealed(call, open_password(read_base_key(call.site.base_key_file), after.sealed, before), after)


def check_secret(call: Call, secret: str | None) -> None:
    """Refuse the name of a secret that cannot be read; the services would only find out later."""
    if secret is not None:
        from intergestan_runtime.secrets import Secrets

        Secrets(call.site.secrets_dir).get(secret)
