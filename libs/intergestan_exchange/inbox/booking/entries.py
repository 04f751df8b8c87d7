"""The values that booking works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from intergestan_exchange.inbox.decisions import (
    Accepted,
    Amended,
    Cancelled,
    Conflict,
    Decision,
    Duplicate,
    Held,
    NothingToCancel,
    Refused,
    Waiting,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from intergestan_exchange.inbox.facts import DocumentKey, Known
    from intergestan_exchange.transfers.transfer import Transfer
    from intergestan_msg.order import Order


@dataclass(frozen=True, slots=True)
class Settled:
    """A document of a mail of kind orders and what was decided about it; `order` as it is, or as it shall be.

    :ivar stated: what it states of its lines and we do not book (`starting_point`).
    """

    key: DocumentKey
    business_hash: str
    order: Order | None
    decision: Decision
    stated: Mapping[str, Mapping[str, Any] | None] | None = None


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


def is_stated_again(entry: Entry, transfer: Transfer) -> bool:
    """Whether a restored sender states, in a later series, what the ledger has already, with the same content."""
    is_known = entry.known is not None and entry.known.epoch < transfer.epoch
    return is_known and not isinstance(entry.settled.decision, Conflict)


OUTCOMES: dict[type, str] = {
    Accepted: "created",
    Held: "held",
    Refused: "rejected",
    Duplicate: "duplicate",
    Conflict: "conflict",
    Waiting: "waiting",
    Amended: "done",
    Cancelled: "done",
    NothingToCancel: "done",
}


def outcome_of(entry: Entry) -> str:
    """The word of the metrics for what was decided."""
    return OUTCOMES[type(entry.settled.decision)]
