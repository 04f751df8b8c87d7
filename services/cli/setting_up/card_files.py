"""A partner's card, from a file that a person names."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from intergestan_msg.card import Card


def read_card_file(file: str) -> Card:
    """The card in a file; `-` is standard input.

    :raises Problem: it is no card.
    """
    from intergestan_exchange.keys.cards import MOST, read_card_of

    if file == "-":
        return read_card_of(file, _typed(MOST))
    with Path(file).open("rb") as opened:
        return read_card_of(file, opened.read(MOST))


def _typed(most: int) -> bytes:
    try:
        return sys.stdin.read(most).encode()
    except UnicodeDecodeError as error:
        return error.object  # no text, hence no card: that is said of the bytes
