"""Typer's commands, with their docstrings and the help of their options translated when they are built.

So the declarations are plain English; `texts.py` collects them for the catalogue. Each command is built when it is
called or its help is wanted: Typer would build all eighty for every call, which took a fifth of its time.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from intergestan_msg.identity import nfc
from intergestan_operations.language.language import _

Verb = TypeVar("Verb", bound=Callable[..., None])

_FILES = frozenset({"FILE", "CARD", "BASE", "URL", "DIR"})
"""What options are called whose texts name files."""
_ACCOUNTS = frozenset({"mailbox", "relay"})
"""The commands whose texts go to mail servers."""
_LIKE_AN_ID = re.compile(r"-[^-].")
_VALUE = "\0"
"""Before a word that is no option; none that a system hands over has it."""


class _Helped:
    """How the help of commands looks: `services.cli.help` says."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`, which Typer makes in English."""
        option = super().get_help_option(ctx)  # type: ignore[misc]  # a command is behind it
        if option is not None:
            option.help = _("Show this help and end.")
        return option

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The first line of the help."""
        pieces = " ".join(self.collect_usage_pieces(ctx))  # type: ignore[attr-defined]
        formatter.write_usage(ctx.command_path, pieces, prefix=_("Usage:") + " ")

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """The last part of the help: an example."""
        from services.cli.help import write_example

        write_example(ctx.command_path, formatter)


class TranslatedCommand(_Helped, TyperCommand):
    """A command whose docstring and options' helps are message ids."""

    def __init__(self, *arguments: Any, **others: Any) -> None:
        super().__init__(*arguments, **_translated(others))

    def invoke(self, ctx: Any) -> Any:
        """Run the command: what a person types is in NFC from here on, as every key of ours is.

        Names of files stay as typed, because two files may differ by that; so does what mail servers are told.
        """
        if not _ACCOUNTS & set(ctx.command_path.split()):
            for parameter in self.params:
                if parameter.name in ctx.params and parameter.metavar not in _FILES:
                    ctx.params[parameter.name] = _typed(ctx.params[parameter.name])
        return super().invoke(ctx)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the arguments.

        Where what is unknown counts as a value, such as an id that begins with a hyphen, a word is an option as a whole
        or not at all: `-xh…` would be an unknown `-x` and the help, and what was asked for would not be done.
        """
        if not ctx.ignore_unknown_options:
            return list(super().parse_args(ctx, args))
        left = super().parse_args(ctx, [f"{_VALUE}{word}" if _LIKE_AN_ID.match(word) else word for word in args])
        for name, value in ctx.params.items():
            if isinstance(value, str):
                ctx.params[name] = value.removeprefix(_VALUE)
        return list(left)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What the first line of the help says after the command's name."""
        from services.cli.help import usage_pieces

        return usage_pieces(self.get_params(ctx))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The arguments and the options."""
        from services.cli.help import write_parameters

        write_parameters(self.get_params(ctx), formatter)


class TranslatedGroup(_Helped, TyperGroup):
    """The same for a command that has commands."""

    def __init__(self, *arguments: Any, **others: Any) -> None:
        super().__init__(*arguments, **_translated(others))

    def sections(self) -> Mapping[str, Mapping[str, Any]]:
        """The commands by the titles under which the help shows them."""
        return {_("Commands"): self.commands}

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """What the first line of the help says after the command's name."""
        from services.cli.help import usage_pieces

        return [*usage_pieces(self.get_params(ctx)), _("COMMAND …")]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """The options and the commands."""
        from services.cli.help import write_commands, write_parameters

        write_parameters(self.get_params(ctx), formatter)
        write_commands(self.sections(), formatter)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command of this name; for one that there is not, those that are written almost alike are named."""
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            from services.cli.help import unknown

            ctx.fail(unknown(args[0], self.commands))
        return super().resolve_command(ctx, args)


def _typed(value: Any) -> Any:
    if isinstance(value, str):
        return nfc(value)
    return type(value)(map(_typed, value)) if isinstance(value, list | tuple) else value


def _translated(arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments.get("help"):
        arguments["help"] = _(arguments["help"])
    for parameter in arguments.get("params") or ():
        if getattr(parameter, "help", None):
            parameter.help = _(parameter.help)
    return arguments


class Commands(Mapping[str, Any]):
    """Commands by name, in order. Each is made when it is first asked for.

    :param makers: what makes a command that has this name.
    """

    def __init__(self, makers: Mapping[str, Callable[[str], Any]]) -> None:
        self._makers = makers
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = self._makers[name](name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


def command_of(function: Callable[..., None], name: str, **settings: Any) -> Any:
    """The command that a function is; its docstring is the help. `settings` are as `typer.Typer.command` has them."""
    app = typer.Typer(add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    settings["context_settings"] = HELP | settings.get("context_settings", {})
    app.command(name, cls=TranslatedCommand, **settings)(function)
    return typer.main.get_command(app)


HELP = {"help_option_names": ["-h", "--help"]}
"""The help of each command is asked for with these."""


class Group:
    """The sub-commands of one subject.

    :param about: what the subject is, in English.
    """

    def __init__(self, about: str) -> None:
        self._about = about
        self._makers: dict[str, Callable[[str], Any]] = {}

    def verb(self, name: str, **settings: Any) -> Callable[[Verb], Verb]:
        """Declare the function below as a sub-command, as `command_of` makes it."""

        def declare(function: Verb) -> Verb:
            self._makers[name] = partial(command_of, function, **settings)
            return function

        return declare

    def add(self, name: str, group: Group) -> None:
        """A subject within this one."""
        self._makers[name] = group.build

    def build(self, name: str) -> TranslatedGroup:
        """The group as the command line has it."""
        commands: Any = Commands(self._makers)
        return TranslatedGroup(
            name=name,
            commands=commands,
            help=self._about,
            no_args_is_help=True,
            rich_markup_mode=None,
            context_settings=HELP,
        )
