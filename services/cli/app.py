"""The command `intergestan` and the list of its sub-commands. A new one: a file, and a line below."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from services.cli import demo
from services.cli.buying import orders, resend, send
from services.cli.context import Call
from services.cli.health import alarms, doctor, status
from services.cli.mail_accounts import mailbox, relay
from services.cli.running import run, scale, up
from services.cli.selling import sales
from services.cli.setting_up import catalog, init, partner, site, upgrade, user
from services.cli.story import report, restored, resume, statement, trace
from services.cli.taking_in import archive, holds, poll, purge, replay
from services.cli.translated import TranslatedCommand, TranslatedGroup

GROUPS: dict[str, typer.Typer] = {
    "user": user.app,
    "mailbox": mailbox.app,
    "relay": relay.app,
    "site": site.app,
    "partner": partner.app,
    "catalog": catalog.app,
    "orders": orders.app,
    "holds": holds.app,
    "sales": sales.app,
    "archive": archive.app,
    "report": report.app,
}
COMMANDS: dict[str, Callable[..., None]] = {
    "demo": demo.demo,
    "init": init.init,
    "upgrade": upgrade.upgrade,
    "doctor": doctor.doctor,
    "send": send.send,
    "resend": resend.resend,
    "abandon": resend.abandon,
    "poll": poll.poll,
    "run": run.run,
    "up": up.up,
    "scale": scale.scale,
    "replay": replay.replay,
    "purge": purge.purge,
    "restored": restored.restored,
    "resume": resume.resume,
    "statement": statement.statement,
    "status": status.status,
    "watch": alarms.watch,
    "trace": trace.trace,
}

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Configuration to read in place of ./intergestan.toml."),
]
Lang = Annotated[str | None, typer.Option("--lang", metavar="fr|en", help="Language; LANG by default.")]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="LOGIN", help="User who acts; INTERGESTAN_USER by default."),
]


def root(context: typer.Context, config: Config = None, lang: Lang = None, login: As = None) -> None:  # noqa: ARG001 - main has chosen the language by now
    """Send purchase orders to other sites by mail, and take theirs in."""
    context.obj = call = Call(config, login)
    context.call_on_close(call.close)


def build() -> typer.Typer:
    """The whole command, in the language that `speak` chose."""
    app = typer.Typer(
        name="intergestan",
        cls=TranslatedGroup,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(root)
    for name, command in COMMANDS.items():
        app.command(name, cls=TranslatedCommand)(command)
    for name, group in GROUPS.items():
        app.add_typer(group, name=name)
    return app
