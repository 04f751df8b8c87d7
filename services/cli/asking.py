"""What is asked at the terminal, in the language of the person: `o` and `oui` are as good as `y` and `yes`."""

from __future__ import annotations

import re
from typing import Any

import typer

from intergestan_msg.plain_text import VISIBLE
from intergestan_operations.language.language import _

YES = frozenset({"y", "yes", "o", "oui"})
NO = frozenset({"n", "no", "non", ""})


def asked(question: str, *, default: str | None = None, hidden: bool = False) -> str:
    """What the person types; on standard error, so that standard output has data alone.

    :param default: what Enter alone means; None: that something must be typed.
    :raises Abort: when the person gives up with Ctrl-C or Ctrl-D.
    """
    return _typed(question, default=default, show_default=bool(default), hide_input=hidden)


def confirmed(question: str) -> bool:
    """Ask at the terminal until the answer is one; Enter alone is no.

    :raises Abort: when the person gives up with Ctrl-C or Ctrl-D.
    """
    while True:
        given = _typed(f"{question} {_('[y/N]')}", default="", show_default=False).strip().lower()
        if given in YES or given in NO:
            return given in YES
        typer.echo(_("Answer yes or no."), err=True)


def _typed(question: str, **settings: Any) -> str:
    suffix = _("{title}:").format(title="") + " "
    while True:
        try:
            given = str(typer.prompt(question, prompt_suffix=suffix, err=True, **settings))
        except UnicodeDecodeError:
            given = "\0"
        except OSError:  # the terminal is gone
            raise typer.Abort from None
        if not given or re.match(VISIBLE, given):
            return given
        typer.echo(_("This has characters that cannot be seen or read; type it again."), err=True)
