"""A partner's card, from the bytes of a file that a person hands in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from intergestan_db.problem import Act, Problem, ProblemCode

if TYPE_CHECKING:
    from intergestan_msg.card import Card

MOST: Final = 2**20
"""Bytes of a file that are looked at: more than a card has, with all the white space that mails put into it."""


def read_card_of(file: str, data: bytes) -> Card:
    """The card in a file.

    :param file: what the person calls it.
    :raises Problem: it is no card.
    """
    from intergestan_msg.card import read_card
    from intergestan_msg.errors import MessageError

    try:
        return read_card(data[:MOST].decode())
    except UnicodeDecodeError as error:
        raise Problem(
            "{file} is no card: a card is a short text of letters and digits.",
            ProblemCode.NO_CARD,
            (Act.PRINT_CARD,),
            file=file,
        ) from error
    except MessageError as error:
        raise Problem(
            "{file} cannot be taken for a card ({error}) Ask them again for their card.",
            ProblemCode.NO_CARD,
            (Act.PRINT_CARD,),
            file=file,
            error=error,
        ) from error
