"""The command `intergestan`; also `python -m services.cli`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from typer import Abort, TyperException

from intergestan_operations.language import language
from intergestan_operations.language.language import _

GLOBAL_OPTIONS = ("--config", "--lang", "--as")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; always ends with SystemExit and an exit code of `design.md` §15.

    With INTERGESTAN_DEBUG set, what goes wrong leaves with its traceback instead.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    language.speak(language.choose(given, os.environ))
    from services.cli.app import build

    try:
        code = build()(args=globals_first(given), prog_name="intergestan", standalone_mode=False)
    except Abort:
        sys.stderr.write(_("Aborted!") + "\n")
        raise SystemExit(1) from None
    except TyperException as error:
        from services.cli.usage import complain

        raise SystemExit(complain(error)) from None
    except Exception as error:
        if os.environ.get("INTERGESTAN_DEBUG"):
            raise
        from services.cli.errors import explain

        text, code = explain(error)
        sys.stderr.write(f"{text}\n")
        raise SystemExit(code) from None
    raise SystemExit(code)


def globals_first(arguments: Sequence[str]) -> list[str]:
    """The options of the whole program may stand anywhere; Typer wants them before the command."""
    first: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in GLOBAL_OPTIONS:
            first += [argument, *(value for value in [next(waiting, None)] if value is not None)]
        elif argument.partition("=")[0] in GLOBAL_OPTIONS:
            first.append(argument)
        else:
            rest.append(argument)
    return first + rest


if __name__ == "__main__":
    main()
