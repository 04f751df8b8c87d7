"""What `mailbox` and `relay` share: the options of an account, and where its password comes from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from intergestan_db.enums import Security
from intergestan_operations.language.language import _
from services.cli.asking import asked
from services.cli.context import may_ask

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
