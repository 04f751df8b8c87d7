"""Typer's commands, with their docstrings and the help of their options translated when they are built.

So the declarations are plain English; `texts.py` collects them for the catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from services.cli.language import _

Verb = TypeVar("Verb", bound=Callable[..., None])


class TranslatedCommand(TyperCommand):
    """A command whose docstring and options' helps are message ids."""

    def __init__(self, *arguments: Any, **others: Any) -> None:
        super().__init__(*arguments, **_translated(others))

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`, which Typer makes in English."""
        return _in_our_words(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The first line of the help."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=_usage())


class TranslatedGroup(TyperGroup):
    """The same for a command that has commands."""

    def __init__(self, *arguments: Any, **others: Any) -> None:
        super().__init__(*arguments, **_translated(others))

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`, which Typer makes in English."""
        return _in_our_words(super().get_help_option(ctx))

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """The first line of the help."""
        formatter.write_usage(ctx.command_path, " ".join(self.collect_usage_pieces(ctx)), prefix=_usage())


def _translated(arguments: dict[str, Any]) -> dict[str, Any]:
    if arguments.get("help"):
        arguments["help"] = _(arguments["help"])
    for parameter in arguments.get("params") or ():
        if getattr(parameter, "help", None):
            parameter.help = _(parameter.help)
    return arguments


def _in_our_words(option: Any) -> Any:
    if option is not None:
        option.help = _("Show this help and end.")
    return option


def _usage() -> str:
    return _("Usage:") + " "


class Group(typer.Typer):
    """The sub-commands of one subject.

    :param about: what the subject is, in English.
    """

    def __init__(self, about: str) -> None:
        super().__init__(
            help=about,
            cls=TranslatedGroup,
            no_args_is_help=True,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
        )

    def verb(self, name: str) -> Callable[[Verb], Verb]:
        """Declare the function below as a sub-command; its docstring is the help."""
        return self.command(name, cls=TranslatedCommand)
