"""The command `intergestan`; also `python -m services.cli`."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

from typer import Abort, TyperException

from intergestan_operations.language import language
from intergestan_operations.language.language import _
from intergestan_runtime.visible_text import VisibleStream

GLOBAL_OPTIONS = ("--config", "--lang", "--as")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; always ends with SystemExit and an exit code of `design.md` §15.

    With INTERGESTAN_DEBUG set, what goes wrong leaves with its traceback instead.
    """
    with _visible():
        _main(list(sys.argv[1:] if arguments is None else arguments))


def _main(given: Sequence[str]) -> None:
    language.speak(language.choose(given, os.environ))
    from services.cli.app import build

    try:
        code = build()(args=globals_first(given), prog_name="intergestan", standalone_mode=False)
        sys.stdout.flush()  # here it can still be said that there was no room for it
    except Abort:
        _complain(_("Aborted!"))
        raise SystemExit(1) from None
    except TyperException as error:
        from services.cli.usage import complain

        raise SystemExit(complain(error)) from None
    except Exception as error:
        if os.environ.get("INTERGESTAN_DEBUG"):
            raise
        from services.cli.errors import explain

        text, code = explain(error)
        _complain(text)
        raise SystemExit(code) from None
    raise SystemExit(code)


@contextmanager
def _visible() -> Iterator[None]:
    """Whatever a command writes, whoever it is from, goes through `VisibleStream`."""
    streams = sys.stdout, sys.stderr
    for stream in streams:
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() in {"ascii", "ansi_x3.4-1968", "us-ascii"}:
            stream.reconfigure(encoding="utf-8", errors="replace")  # else Typer would write beside us, in UTF-8
    sys.stdout, sys.stderr = VisibleStream(sys.stdout), VisibleStream(sys.stderr)
    try:
        yield
    finally:
        sys.stdout, sys.stderr = streams


def _complain(text: str) -> None:
    """Say it on standard error, and end both outputs, so that no traceback follows where neither has room."""
    for stream, words in ((sys.stdout, ""), (sys.stderr, f"{text}\n")):
        try:
            stream.write(words)
            stream.flush()
        except OSError:
            with suppress(OSError, ValueError):  # what is still buffered would be tried, and fail, once more at the end
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


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
