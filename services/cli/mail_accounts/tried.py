"""The option by which an account is accepted untried."""

from __future__ import annotations

from typing import Annotated

import typer

Untested = Annotated[
    bool, typer.Option("--untested", help="Accept it without trying the login: the server cannot be reached from here.")
]
