"""`intergestan demo`: becomes the demonstration, a program of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from intergestan_operations.language.language import spoken


def demo(
    context: typer.Context,  # noqa: ARG001 - every command takes it
    *,
    orders: Annotated[
        int, typer.Option(min=2, max=100_000, metavar="N", help="Orders of all distributors together.")
    ] = 10,
    sites: Annotated[
        int, typer.Option(min=2, max=20, metavar="N", help="Sites: the logistics base and its distributors.")
    ] = 3,
    lines: Annotated[int, typer.Option(min=1, max=10_000, metavar="N", help="Lines of each generated order.")] = 8,
    keep: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Leave everything in this new or empty folder.")
    ] = None,
    serve: Annotated[bool, typer.Option("--serve", help="Go on running after the result, until Ctrl-C.")] = False,
    agencies: Annotated[
        bool, typer.Option("--agencies", help="Three agencies of one site instead: stock, orders, invoices and books.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="End with one line of JSON.")] = False,
) -> None:
    """Show it on this machine: a logistics base and distributors send each other orders by mail.

    Each site has its own base, keys and processes; they speak SMTP and IMAP with a local mail server. Exit code 0
    only if every order arrived exactly once with equal content and has its answer. With --agencies no mail is sent:
    the cases of orders between agencies are typed, and each row that must come of it is compared.
    """
    numbers = ["--orders", str(orders), "--sites", str(sites), "--lines", str(lines)]
    wishes = [
        *(["--keep", str(keep)] if keep else []),
        *(["--serve"] if serve else []),
        *(["--agencies"] if agencies else []),
        *(["--json"] if as_json else []),
    ]
    program = [sys.executable, "-m", "services.demo", *numbers, *wishes, "--lang", spoken()]
    os.execv(program[0], program)  # noqa: S606 - no shell is wanted
