"""What mails are for, and what is in them. Apart from the manifest, because many name a kind and few read a mail."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What a mail is for. `orders` and `answers` are counted by `epoch` and `seq`; the others are not."""

    ORDERS = "orders"
    ANSWERS = "answers"
    STATEMENT = "statement"
    KEY = "key"
    HEARTBEAT = "heartbeat"
    CATALOGUE = "catalogue"


TAKES = (Kind.HEARTBEAT, Kind.STATEMENT)
"""What this release takes in beyond orders, answers and keys, and asks its partners to send."""


class DocumentType(StrEnum):
    """What a listed document is."""

    ORDER = "order"
    CHANGE = "change"
    CANCEL = "cancel"
    RESPONSE = "response"


ORDER_TYPES = (DocumentType.ORDER, DocumentType.CHANGE, DocumentType.CANCEL)
"""What a buyer sends about an order. A response is its seller's."""


class KeyAction(StrEnum):
    """What a mail of kind `key` says of a signing key."""

    ANNOUNCE = "announce"
    CONFIRM = "confirm"
    WITHDRAW = "withdraw"
