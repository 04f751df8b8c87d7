"""What mails are for, and what is in them. Apart from the manifest, because many name a kind and few read a mail.

`Kind` is the one table of kinds: whoever sends, counts, removes or takes mails in asks it what a kind is, and names
none. A new kind is a line here, a composer (`services/composer/prepare.py`) and a handler
(`services/importer/handlers.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self


class DocumentType(StrEnum):
    """What a listed document is."""

    ORDER = "order"
    CHANGE = "change"
    CANCEL = "cancel"
    RESPONSE = "response"


ORDER_TYPES = (DocumentType.ORDER, DocumentType.CHANGE, DocumentType.CANCEL)
"""What a buyer sends about an order. A response is its seller's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nature:
    """What a kind of mail is.

    :ivar carries: the documents that it lists; a kind that lists some is numbered, by `epoch` and `seq`.
    :ivar answered: the same bytes go out again until an answer comes, and a person is asked where none does.
    :ivar passing: a sign that the next one makes up for: it is not sent again, nobody is asked about one that is wrong
        or cannot leave, it is counted apart from other mail, and removed from the mailbox once it was taken in.
    :ivar told: only sent to partners that say they take it, which we say of it ourselves; without documents.
    :ivar ageless: taken in however old it is, because only the newest does anything.
    :ivar asked_by: the services that ask for one by themselves.
    :ivar reserved: of a release to come; nobody sends one, and one that comes waits for an upgrade.
    """

    carries: tuple[DocumentType, ...] = ()
    answered: bool = False
    passing: bool = False
    told: bool = False
    ageless: bool = False
    asked_by: tuple[str, ...] = ()
    reserved: bool = False


_USUAL = Nature()


class Kind(StrEnum):
    """What a mail is for."""

    _value_: str
    nature: Nature

    ORDERS = "orders", Nature(carries=ORDER_TYPES, answered=True, asked_by=("console",))
    ANSWERS = "answers", Nature(carries=(DocumentType.RESPONSE,), asked_by=("importer", "console"))
    KEY = "key", Nature(asked_by=("console",))
    HEARTBEAT = "heartbeat", Nature(told=True, passing=True, asked_by=("importer", "dispatcher"))
    STATEMENT = "statement", Nature(told=True, ageless=True, asked_by=("importer", "dispatcher"))
    CATALOGUE = "catalogue", Nature(reserved=True)

    def __new__(cls, word: str, nature: Nature = _USUAL) -> Self:
        """A member is its word."""
        made = str.__new__(cls, word)
        made._value_ = word
        made.nature = nature
        return made


TAKES = tuple(kind for kind in Kind if kind.nature.told)
"""What this release takes in beyond orders, answers and keys, and asks its partners to send."""

PASSING = tuple(kind for kind in Kind if kind.nature.passing)
ANSWERED = tuple(kind for kind in Kind if kind.nature.answered)


class KeyAction(StrEnum):
    """What a mail of kind `key` says of a signing key."""

    ANNOUNCE = "announce"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
