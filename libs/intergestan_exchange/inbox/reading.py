"""A mail as it was read: plain data, which a child hands to its parent as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from intergestan_db.enums import HoldReason
from intergestan_msg.answer import OrderAnswer
from intergestan_msg.change import OrderCancellation, OrderChange
from intergestan_msg.mail.delivery_report import DeliveryReport
from intergestan_msg.mail.headers import Headers
from intergestan_msg.manifest import Document, Manifest
from intergestan_msg.order import Order
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class Fault:
    """Why nothing was read. `reason` is None for a mail that is none of ours."""

    reason: HoldReason | None
    error: str
    kid: str | None = None


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A listed document: what it says, or why it could not be read."""

    listed: Document
    order: Order | None = None
    answer: OrderAnswer | None = None
    change: OrderChange | None = None
    cancellation: OrderCancellation | None = None
    business_hash: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail as read: either a fault, or a verified manifest and its documents. `headers` are for people.

    :ivar report: what a mail with a fault is, if it is a report about a mail.
    :ivar spelled: how the sender spells the keys that are in NFC here, where that is not the same.
    :ivar automatic: whether a mail with a fault says that a program wrote it.
    """

    headers: Headers
    fault: Fault | None = None
    manifest: Manifest | None = None
    transfer_digest: str = ""
    kid: str = ""
    documents: tuple[ReadDocument, ...] = ()
    report: DeliveryReport | None = None
    automatic: bool = False
    spelled: dict[str, str] = field(default_factory=dict)


READING = Shape(Reading)
