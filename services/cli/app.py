"""The command `intergestan` and the list of its sub-commands. A new one: a file, and a line below."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from intergestan_operations.language.language import _
from intergestan_runtime.said import marked
from services.cli.context import Call
from services.cli.translated import HELP, Commands, TranslatedGroup, command_of

COMMANDS: Mapping[str, Mapping[str, str]] = {
    marked("First steps"): {
        "demo": "demo",
        "setup": "guide.setup",
        "init": "setting_up.init",
        "doctor": "health.doctor",
        "help": "help",
    },
    marked("Who takes part"): {
        "user": "setting_up.user:app",
        "token": "setting_up.token:app",
        "site": "setting_up.site:app",
        "partner": "setting_up.partner:app",
        "mailbox": "mail_accounts.mailbox:app",
        "relay": "mail_accounts.relay:app",
        "parties": "parties.parties:app",
        "accounts": "parties.accounts:app",
        "fees": "parties.fees:app",
        "search": "parties.search:app",
        "terms": "parties.terms:app",
        "settings": "setting_up.preferences:app",
        "catalog": "setting_up.catalog:app",
        "prices": "selling.prices:app",
    },
    marked("Buying"): {
        "orders": "buying.orders:app",
        "send": "buying.send",
        "resend": "buying.resend",
        "abandon": "buying.resend",
    },
    marked("Selling"): {
        "poll": "taking_in.poll",
        "quotes": "selling.quotes:app",
        "sales": "selling.sales:app",
        "invoices": "selling.invoices:app",
        "payments": "parties.payments:app",
        "credit": "parties.credit:app",
        "books": "books.books:app",
        "holds": "taking_in.holds:app",
    },
    marked("Agencies and stock"): {
        "here": "agencies.here",
        "dossier": "agencies.dossier:app",
        "agencies": "agencies.establishments:app",
        "depots": "agencies.depots:app",
        "folders": "agencies.folders:app",
        "operations": "agencies.codes:operations",
        "categories": "agencies.codes:categories",
        "stock": "stock.stock:app",
        "slips": "picking.slips:app",
        "agency": "agencies.agency:app",
    },
    marked("What happened"): {
        "status": "health.status",
        "log": "mails.log",
        "outbox": "mails.outbox:app",
        "inbox": "mails.inbox:app",
        "watch": "health.alarms",
        "trace": "story.trace",
        "report": "story.report:app",
        "statement": "story.statement",
    },
    marked("Running the site"): {
        "up": "running.up",
        "console": "running.run",
        "run": "running.run",
        "scale": "running.scale",
        "upgrade": "setting_up.upgrade",
    },
    marked("Mails of the past"): {
        "archive": "taking_in.archive:app",
        "replay": "taking_in.replay",
        "purge": "taking_in.purge",
        "restored": "story.restored",
        "resume": "story.resume",
    },
}
"""The file of each command, by the titles under which the help shows them. A call imports the file of its own command.

In the file is a function of the command's name, or, after `:`, a `Group` of this name.
"""

_FILES = {name: file for commands in COMMANDS.values() for name, file in commands.items()}
NAMES = frozenset(_FILES)
"""All commands."""

Config = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Configuration to read in place of ./intergestan.toml."),
]
Lang = Annotated[str | None, typer.Option("--lang", metavar="fr|en", help="Language; LANG by default.")]
As = Annotated[
    str | None,
    typer.Option("--as", metavar="LOGIN", help="User who acts; INTERGESTAN_USER by default."),
]
Here = Annotated[
    str | None,
    typer.Option(
        "--here",
        metavar="E/DEPOT",
        help="Where it is done: establishment and depot; INTERGESTAN_HERE by default.",
    ),
]


def _version(asked: bool) -> None:  # noqa: FBT001 - Typer calls it so
    if asked:
        from importlib.metadata import version

        typer.echo(f"intergestan {version('intergestan')}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Show the release and end.")]


def root(
    context: typer.Context,
    config: Config = None,
    lang: Lang = None,  # noqa: ARG001 - main has chosen the language by now
    login: As = None,
    here: Here = None,
    version: Version = False,  # noqa: ARG001, FBT002 - its callback ends the call
) -> None:
    """Send purchase orders to other sites by mail, and take theirs in."""
    context.obj = call = Call(config, login, here)
    context.call_on_close(call.close)


class _Root(TranslatedGroup):
    def __init__(self, **others: Any) -> None:
        super().__init__(**others | {"commands": Commands(dict.fromkeys(_FILES, _made))})

    def sections(self) -> Mapping[str, Mapping[str, Any]]:
        return {_(title): {name: self.commands[name] for name in names} for title, names in COMMANDS.items()}


def _made(name: str) -> Any:
    file, _of, group = _FILES[name].partition(":")
    found = getattr(import_module(f"services.cli.{file}"), group or name)
    return found.build(name) if group else command_of(found, name)


def build() -> typer.Typer:
    """The whole command, in the language that `speak` chose."""
    app = typer.Typer(
        name="intergestan",
        cls=_Root,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings=HELP,
    )
    app.callback()(root)
    return app
