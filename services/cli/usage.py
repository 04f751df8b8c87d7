"""What is wrong with a command as it was typed, in the language of the person: Typer says it in English only."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from typer import BadParameter, TyperException
from typer._click.exceptions import BadOptionUsage, MissingParameter, NoArgsIsHelpError, NoSuchOption, UsageError

from intergestan_operations.language.language import _, about
from intergestan_runtime.said import marked
from services.cli.help import meant, placeholder

REASONS: Mapping[str, str] = {
    "int_parsing": marked("«{given}» is not a whole number."),
    "float_parsing": marked("«{given}» is not a number."),
    "greater_than_equal": marked("{given} is too small: {ge} is the least."),
    "less_than_equal": marked("{given} is too large: {le} is the most."),
}
"""Why a value of an option is refused, by pydantic's type of error and with its values."""


def complain(error: TyperException) -> int:
    """Tell the person what is wrong and where the help is; the exit code."""
    if isinstance(error, NoArgsIsHelpError):
        error.show()
        return error.exit_code
    context = error.ctx if isinstance(error, UsageError) else None
    if context is not None:
        hint = _("`{command} --help` tells more.").format(command=context.command_path)
        sys.stderr.write(f"{context.get_usage()}\n{hint}\n\n")
    sys.stderr.write(_("Error: {text}").format(text=sentence(error)) + "\n")
    return error.exit_code


def sentence(error: TyperException) -> str:
    """What is wrong, as one sentence."""
    if isinstance(error, MissingParameter) and error.param is not None:
        text = _("{name} is missing.")
        return text.format(name=_name(error.param))
    if isinstance(error, BadParameter):
        return about(_name(error.param), _reason(error)) if error.param is not None else error.message
    if isinstance(error, NoSuchOption):
        return _no_such_option(error)
    if isinstance(error, BadOptionUsage):
        takes_none = error.message.endswith("does not take a value.")
        text = _("{name} takes no value.") if takes_none else _("{name} needs a value.")
        return text.format(name=error.option_name)
    extra = re.fullmatch(r"Got unexpected extra argument\(s\) \((.*)\)", error.format_message(), re.DOTALL)
    return _("There is too much: {extra}").format(extra=extra[1]) if extra else error.format_message()


def _name(parameter: Any) -> str:
    """`--supplier`, or the argument as the help calls it."""
    if parameter.param_type_name == "argument":
        return placeholder(parameter)
    return str(parameter.get_error_hint()).replace("'", "")


def _no_such_option(error: NoSuchOption) -> str:
    text = _("There is no option {name}.").format(name=error.option_name)
    if not error.possibilities:
        return text
    return f"{text} {meant(sorted(error.possibilities))}"


def _reason(error: BadParameter) -> str:
    """The translated reason of a value that pydantic refused; else what was said."""
    from pydantic import ValidationError

    cause = error.__cause__
    if not isinstance(cause, ValidationError):
        return error.message
    first = cause.errors()[0]
    kind, given = first["type"], first["input"]
    if kind in REASONS:
        return _(REASONS[kind]).format(given=given, **first.get("ctx", {}))
    choices = re.search(r" is not one of (.*)\.$", first["msg"])
    if choices:
        return _("«{given}» is none of {choices}.").format(given=given, choices=choices[1].replace("'", ""))
    return error.message
