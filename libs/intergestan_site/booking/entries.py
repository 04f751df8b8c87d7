"""The values that booking works with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from intergestan_site.decisions import (
    Accepted,
    Amended,
    Cancelled,
    Conflict,
    Decision,
    Duplicate,
    Held,
    Refused,
    Waiting,
)

if TYPE_CHECKING:
    from intergestan_msg.order import Order
    from intergestan_site.facts import DocumentKey, Known, PartnerFacts

BY = "importer"


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """The inbound mail that is worked on under the fence of our lease, and its head for people."""

    id: int
    fence: int
    subject: str | None = None
    sender: str | None = None


@dataclass(frozen=True, slots=True)
class Transfer:
    """A verified manifest. `row_id` is None while the base does not have it."""

    partner: PartnerFacts
    kid: str
    jti: str
    epoch: int
    seq: int
    kind: str
    digest: str
    composed_at: datetime
    message_id: str | None
    row_id: int | None


@dataclass(frozen=True, slots=True)
class Settled:
    """A document of a mail of kind orders and what was decided about it; `order` as it is, or as it shall be."""

    key: DocumentKey
    business_hash: str
    order: Order | None
    decision: Decision


@dataclass(frozen=True, slots=True)
class Entry:
    """A document on its way into the tables."""

    settled: Settled
    known: Known | None
    sales_order_id: int | None = None
    sales_order_number: str | None = None


def is_duplicate(entry: Entry) -> bool:
    """Whether the ledger has it already, with the same content."""
    return isinstance(entry.settled.decision, Duplicate)


OUTCOMES: dict[type, str] = {
    Accepted: "created",
    Held: "held",
    Refused: "rejected",
    Duplicate: "duplicate",
    Conflict: "conflict",
    Waiting: "waiting",
    Amended: "done",
    Cancelled: "done",
}


def outcome_of(entry: Entry) -> str:
    """The word of the metrics for what was decided."""
    return OUTCOMES[type(entry.settled.decision)]
