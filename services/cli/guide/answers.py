"""How the guided start asks: until an answer can be used, and each time it says why one cannot."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import typer

from intergestan_db.problem import Problem
from intergestan_msg.identity import nfc
from services.cli.asking import asked
from services.cli.output import say
from services.cli.shown import sentence

Answer = TypeVar("Answer")


def ask(question: str, read: Callable[[str], Answer], *, default: str | None = None) -> Answer:
    """What `read` makes of the answer.

    :param read: raises `Problem` or `BadParameter` for what is no answer.
    :param default: what Enter alone means; None: that the question is asked again.
    :raises Abort: when the person gives up with Ctrl-C or Ctrl-D.
    """
    while True:
        try:
            return read(nfc(asked(question, default=default).strip()))
        except Problem as problem:
            say(sentence(problem))
        except typer.BadParameter as error:
            say(error.message)


def optional(read: Callable[[str], Answer]) -> Callable[[str], Answer | None]:
    """Reads as `read` does, and nothing as None."""
    return lambda text: read(text) if text else None
