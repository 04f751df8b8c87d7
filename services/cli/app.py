"""The command `intergestan` and the list of its sub-commands. A new one: a file, and a line below."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from services.cli.context import Call
from services.cli.translated import Commands, TranslatedGroup, command_of

GROUPS = {
    "user": "setting_up.user",
    "mailbox": "mail_accounts.mailbox",
    "relay": "mail_accounts.relay",
    "site": "setting_up.site",
    "partner": "setting_up.partner",
    "catalog": "setting_up.catalog",
    "settings": "setting_up.preferences",
    "parties": "parties.parties",
    "accounts": "parties.accounts",
    "search": "parties.search",
    "orders": "buying.orders",
    "holds": "taking_in.holds",
    "sales": "selling.sales",
    "archive": "taking_in.archive",
    "report": "story.report",
}
"""The file of each group of commands: its `app` has them. A call imports the file of its own command alone."""

COMMANDS = {
    "demo": "demo",
    "init": "setting_up.init",
    "upgrade": "setting_up.upgrade",
    "doctor": "health.doctor",
    "send": "buying.send",
    "resend": "buying.resend",
    "abandon": "buying.resend",
    "poll": "taking_in.poll",
    "run": "running.run",
    "up": "running.up",
    "scale": "running.scale",
    "replay": "taking_in.replay",
    "purge": "taking_in.purge",
    "restored": "story.restored",
    "resume": "story.resume",
    "statement": "story.statement",
    "status": "health.status",
    "watch": "health.alarms",
    "trace": "story.trace",
}
"""The file of each command; in it is a function of the command's name."""

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


class _Root(TranslatedGroup):
    def __init__(self, **others: Any) -> None:
        makers = dict.fromkeys(COMMANDS, _command) | dict.fromkeys(GROUPS, _group)
        super().__init__(**others | {"commands": Commands(makers)})


def _command(name: str) -> Any:
    return command_of(getattr(import_module(f"services.cli.{COMMANDS[name]}"), name), name)


def _group(name: str) -> Any:
    return import_module(f"services.cli.{GROUPS[name]}").app.build(name)


def build() -> typer.Typer:
    """The whole command, in the language that `speak` chose."""
    app = typer.Typer(
        name="intergestan",
        cls=_Root,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(root)
    return app
