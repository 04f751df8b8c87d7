"""A partner's card, from a file that a person names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from intergestan_db.problem import Problem

if TYPE_CHECKING:
    from intergestan_msg.card import Card

_MOST = 2**20
"""Characters of a file that are looked at: more than a card has, with all the white space that mails put into it."""


def read_card_file(file: str) -> Card:
    """The card in a file; `-` is standard input.

    :raises Problem: it is no card.
    """
    from intergestan_msg.card import read_card
    from intergestan_msg.errors import MessageError

    try:
        if file == "-":
            return read_card(sys.stdin.read(_MOST))
        with Path(file).open(encoding="utf-8") as opened:
            return read_card(opened.read(_MOST))
    except UnicodeDecodeError as error:
        raise Problem("{file} is no card: a card is a short text of letters and digits.", file=file) from error
    except MessageError as error:
        raise Problem(
            "{file} cannot be taken for a card ({error}) Ask them again for what `intergestan site card` prints.",
            file=file,
            error=error,
        ) from error
