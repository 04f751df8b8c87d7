"""The command `intergestan`; also `python -m services.cli`."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress

GLOBAL_OPTIONS = ("--config", "--lang", "--as", "--here")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command; always ends with SystemExit and an exit code of `design.md` §15.

    With INTERGESTAN_DEBUG set, what goes wrong leaves with its traceback instead.
    """
    heard = _let_interrupts_end_us()
    from intergestan_runtime.private import leave_no_core
    from services.cli.streams import for_people

    leave_no_core()
    with for_people():
        _main(list(sys.argv[1:] if arguments is None else arguments), heard)


def _main(given: Sequence[str], heard: Callable[[], object]) -> None:
    from typer import Abort, TyperException

    from intergestan_operations.language import language
    from intergestan_operations.language.language import _
    from services.cli.app import build

    language.speak(language.choose(given, os.environ))
    try:
        heard()
        code = build()(args=globals_first(given), prog_name="intergestan", standalone_mode=False)
        sys.stdout.flush()  # here it can still be said that there was no room for it
    except KeyboardInterrupt:
        raise SystemExit(128 + signal.SIGINT) from None
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


def _let_interrupts_end_us() -> Callable[[], object]:
    """While modules are imported, Ctrl-C ends the program without a word, as nothing was begun.

    :returns: what lets Python hear it again.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return lambda: None  # whoever started us does not want it heard, or hears it himself
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return lambda: signal.signal(signal.SIGINT, signal.default_int_handler)


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
