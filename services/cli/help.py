"""What the help of a command looks like, in the language of the person; and `intergestan help`.

Typer's own help names Python's types (`<list[str]>`) and says half of itself in English only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from typing import Annotated, Any

import typer
from typer._click.exceptions import UsageError

from intergestan_msg.typography import printed
from intergestan_operations.language.language import PLACEHOLDER, _, spoken
from intergestan_runtime.said import marked

_TEXT, _NUMBER, _FILE = marked("TEXT"), marked("N"), marked("FILE")


def help(  # noqa: A001 - the command's name
    context: typer.Context,
    *,
    words: Annotated[list[str] | None, typer.Argument(metavar="[COMMAND …]", help="A command; all by default.")] = None,
) -> None:
    """Show what a command does, as its option --help does."""
    above = context.parent
    assert above is not None
    for word in words or ():
        command = above.command
        if not hasattr(command, "resolve_command"):
            raise UsageError(_("There is too much: {extra}").format(extra=word), above)
        name, found, _rest = command.resolve_command(above, [word])
        assert found is not None
        above = type(above)(found, info_name=name, parent=above)
    typer.echo(above.get_help())


def placeholder(parameter: Any) -> str:
    """What stands for the value of an option or argument, in the language of the person: `DATE`, `accept|review`.

    A flag has none: the empty text.
    """
    of = parameter.type_descriptor
    if parameter.metavar is not None:
        return translated(parameter.metavar)
    if of.is_choice:
        return "|".join(str(getattr(each, "value", each)) for each in of.choices or ())
    if getattr(parameter, "is_bool_flag", False) or getattr(parameter, "count", False):
        return ""
    if of.is_path:
        return translated(_FILE)
    return translated(_NUMBER if of.is_ranged or of.annotation in {int, float} else _TEXT)


def translated(metavar: str) -> str:
    """The words of a placeholder in the language of the person; what is not in capital letters stays."""
    return PLACEHOLDER.sub(lambda word: _(word[0]), metavar)


def usage_pieces(parameters: list[Any]) -> list[str]:
    """What a command takes, for the line that says how it is called."""
    pieces = [translated("[OPTION …]")]
    for each in parameters:
        if each.param_type_name == "argument":
            value = placeholder(each)
            pieces.append(value if each.required or value.startswith("[") else f"[{value}]")
    return pieces


def write_parameters(parameters: list[Any], formatter: Any) -> None:
    """The arguments and the options, each with its placeholder, what it is for, and what it may be."""
    titles = {"argument": _("Arguments"), "option": _("Options")}
    for kind, title in titles.items():
        rows = [_row(each) for each in parameters if each.param_type_name == kind and not each.hidden]
        if rows:
            with _section(formatter, title):
                formatter.write_dl(rows)


def write_example(path: str, formatter: Any) -> None:
    """One call of the command as a person may type it."""
    from services.cli.examples import EXAMPLES

    typed = EXAMPLES.get(path.partition(" ")[2])
    if typed is not None:
        with _section(formatter, _("Example")):
            formatter.write(f"{' ' * formatter.current_indent}intergestan {typed}\n")


def write_commands(sections: Mapping[str, Mapping[str, Any]], formatter: Any) -> None:
    """The commands by what they are for."""
    widest = max(len(name) for commands in sections.values() for name in commands)
    for title, commands in sections.items():
        with _section(formatter, title):
            limit = formatter.width - formatter.current_indent - widest - 2
            rows = [
                (name.ljust(widest), printed(command.get_short_help_str(limit), spoken()))
                for name, command in commands.items() if not command.hidden
            ]  # fmt: skip
            formatter.write_dl(rows)


def unknown(name: str, names: Mapping[str, Any]) -> str:
    """What is said of a command that there is not, with those that are written almost alike."""
    text = _("There is no command {name}.").format(name=name)
    close = get_close_matches(name, list(names))
    return f"{text} {meant(close)}" if close else text


def meant(names: list[str]) -> str:
    """The question after a name that is almost right."""
    return _("Did you mean {names}?").format(names=", ".join(names))


@contextmanager
def _section(formatter: Any, title: str) -> Iterator[None]:
    """A part of the help under its title, with the colon of the language."""
    formatter.write_paragraph()
    formatter.write(_("{title}:").format(title=title) + "\n")
    with formatter.indentation():
        yield


def _row(parameter: Any) -> tuple[str, str]:
    value = placeholder(parameter)
    if parameter.param_type_name == "argument":
        name = value
    else:
        names = ", ".join(sorted(parameter.opts, key=len))
        name = " / ".join([names, *parameter.secondary_opts]) + (f" {value}" if value else "")
    notes = list(_notes(parameter))
    about = _(parameter.help) if parameter.help else ""
    return name, " ".join([*([about] if about else []), *([f"[{', '.join(notes)}]"] if notes else [])])


def _notes(parameter: Any) -> Iterator[str]:
    if parameter.required:
        yield _("required")
    default = parameter.default
    if parameter.show_default and default is not None and not callable(default) and placeholder(parameter):
        shown = str(getattr(default, "value", default))
        if shown and not isinstance(default, list | tuple):
            yield _("default: {default}").format(default=shown)
    least, most = (f"{each:g}" if isinstance(each, float) else each for each in (parameter.min, parameter.max))
    if least is not None and most is not None:
        yield _("{least} to {most}").format(least=least, most=most)
    elif least is not None:
        yield _("at least {least}").format(least=least)
