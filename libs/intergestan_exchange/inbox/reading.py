"""A mail as it was read: plain data, which a child hands to its parent as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field

from intergestan_db.enums import HoldReason
from intergestan_msg.answer import OrderAnswer
from intergestan_msg.change import OrderCancellation, OrderChange
from intergestan_msg.diagnosis import Diagnosis
from intergestan_msg.mail.headers import Headers
from intergestan_msg.mail.report_values import DeliveryReport
from intergestan_msg.manifest import Document, Manifest
from intergestan_msg.order import Order
from intergestan_msg.shapes import Shape


@dataclass(frozen=True, slots=True)
class Fault:
    """Why nothing was read. `reason` is None for a mail that is none of ours.

    :ivar cause: what happened to a damaged mail on its way, a word of `Cause`; `too_big` for one beyond the limits.
    :ivar claims: the transfer id that its headers name; nobody has vouched for it.
    """

    reason: HoldReason | None
    error: Diagnosis
    kid: str | None = None
    cause: str | None = None
    claims: str | None = None


@dataclass(frozen=True, slots=True)
class ReadDocument:
    """A listed document: what it says, or why it could not be read."""

    listed: Document
    order: Order | None = None
    answer: OrderAnswer | None = None
    change: OrderChange | None = None
    cancellation: OrderCancellation | None = None
    business_hash: str | None = None
    error: Diagnosis | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """A manifest of a mail as read: either a fault, or a verified manifest and its documents. `headers` are for people.

    A damaged mail whose signature holds has both, and no documents.

    :ivar report: what a mail with a fault is, if it is a report about a mail.
    :ivar spelled: how the sender spells the keys that are in NFC here, where that is not the same.
    :ivar others: the same of each further manifest in the mail: somebody forwarded several mails in one.
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
    others: tuple[Reading, ...] = ()


READING = Shape(Reading)
