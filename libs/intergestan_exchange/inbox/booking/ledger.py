"""The ledger: one row per document, for ever."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from intergestan_db.bulk import insert_rows
from intergestan_db.enums import LedgerOutcome
from intergestan_db.tables import (
    Ledger,
)
from intergestan_exchange.inbox.booking.entries import (
    Entry,
)
from intergestan_exchange.inbox.decisions import Accepted, Amended, Cancelled, Held, Refused, Waiting
from intergestan_exchange.partners.policy import PartnerFacts


class DecidedMeanwhile(Exception):
    """The ledger is not as it was when this was decided: nothing may be written on the strength of old facts."""


_LEDGER_OUTCOMES: dict[type, LedgerOutcome] = {
    Accepted: LedgerOutcome.CREATED,
    Held: LedgerOutcome.HELD,
    Refused: LedgerOutcome.REJECTED,
    Waiting: LedgerOutcome.WAITING,
    Amended: LedgerOutcome.APPLIED,
    Cancelled: LedgerOutcome.APPLIED,
}


def write_ledger(
    connection: Connection, partner: PartnerFacts, transfer_id: int, entries: Sequence[Entry], now: datetime
) -> None:
    """A row for each new document; a document that waited gets its new outcome."""
    decided = [entry for entry in entries if type(entry.settled.decision) in _LEDGER_OUTCOMES]
    new = [_ledger_row(partner, transfer_id, entry, now) for entry in decided if entry.known is None]
    insert_rows(connection, Ledger, new)
    for entry in decided:
        if entry.known is not None:
            changed = connection.execute(
                update(Ledger)
                .where(Ledger.id == entry.known.ledger_id, Ledger.outcome == entry.known.outcome)
                .values(
                    outcome=_LEDGER_OUTCOMES[type(entry.settled.decision)],
                    sales_order_id=entry.sales_order_id,
                    stated=entry.settled.stated,
                    updated_at=now,
                )
            )
            if changed.rowcount != 1:
                raise DecidedMeanwhile(f"{entry.settled.key} was decided by somebody else.")


def _ledger_row(partner: PartnerFacts, transfer_id: int, entry: Entry, now: datetime) -> dict[str, Any]:
    kind, number, revision = entry.settled.key
    return {
        "partner_id": partner.id,
        "type": kind,
        "number": number,
        "revision": revision,
        "inbound_transfer_id": transfer_id,
        "business_hash": entry.settled.business_hash,
        "outcome": _LEDGER_OUTCOMES[type(entry.settled.decision)],
        "sales_order_id": entry.sales_order_id,
        "stated": entry.settled.stated,
        "created_at": now,
        "updated_at": now,
    }
