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
from intergestan_exchange.inbox.booking.entries import Entry, is_stated_again
from intergestan_exchange.inbox.decisions import Accepted, Amended, Cancelled, Held, NothingToCancel, Refused, Waiting
from intergestan_exchange.inbox.facts import Facts
from intergestan_exchange.transfers.transfer import Transfer


class DecidedMeanwhile(Exception):
    """The ledger is not as it was when this was decided: nothing may be written on the strength of old facts."""


_LEDGER_OUTCOMES: dict[type, LedgerOutcome] = {
    Accepted: LedgerOutcome.CREATED,
    Held: LedgerOutcome.HELD,
    Refused: LedgerOutcome.REJECTED,
    Waiting: LedgerOutcome.WAITING,
    Amended: LedgerOutcome.APPLIED,
    Cancelled: LedgerOutcome.APPLIED,
    NothingToCancel: LedgerOutcome.APPLIED,
}


def write_ledger(
    connection: Connection, transfer: Transfer, transfer_id: int, entries: Sequence[Entry], facts: Facts, now: datetime
) -> None:
    """A row for each new document; a document that waited gets its new outcome.

    What waited in an earlier series of the sender, and is stated otherwise now, is turned down: nobody means it any
    more.
    """
    decided = [entry for entry in entries if type(entry.settled.decision) in _LEDGER_OUTCOMES]
    new = [_ledger_row(transfer, transfer_id, entry, now) for entry in decided if entry.known is None]
    insert_rows(connection, Ledger, new)
    _renew(connection, transfer, transfer_id, entries, now)
    replaced = [
        row.ledger_id for each in decided for row in facts.replaced(each.settled.key, each.settled.business_hash)
    ]
    if replaced:
        given_up = update(Ledger).where(Ledger.id.in_(replaced))
        connection.execute(given_up.values(outcome=LedgerOutcome.REJECTED, updated_at=now))
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


def _renew(
    connection: Connection, transfer: Transfer, transfer_id: int, entries: Sequence[Entry], now: datetime
) -> None:
    """What a restored sender states again, unchanged, it knows by this transfer only: later answers quote it, also to
    what waits still.
    """
    for entry in entries:
        if entry.known is not None and is_stated_again(entry, transfer):
            again = update(Ledger).where(Ledger.id == entry.known.ledger_id)
            connection.execute(again.values(epoch=transfer.epoch, inbound_transfer_id=transfer_id, updated_at=now))


def reopen(connection: Connection, entries: Sequence[Entry], facts: Facts, now: datetime) -> tuple[int, ...]:
    """What came before a change that was applied just now, and goes behind it, is looked at again on top of it.

    A restored buyer counts anew, and its mails may come in any order.

    :returns: the ledger rows of those, which wait for nothing.
    :raises DecidedMeanwhile: one was decided by somebody else.
    """
    amended = [entry.settled.key for entry in entries if isinstance(entry.settled.decision, Amended)]
    rows = sorted({row.ledger_id for key in amended for row in facts.came_early(key)})
    if rows:
        again = update(Ledger).where(Ledger.id.in_(rows), Ledger.outcome == LedgerOutcome.APPLIED)
        if connection.execute(again.values(outcome=LedgerOutcome.WAITING, updated_at=now)).rowcount != len(rows):
            raise DecidedMeanwhile(f"What followed {amended} was decided by somebody else.")
    return tuple(rows)


def _ledger_row(transfer: Transfer, transfer_id: int, entry: Entry, now: datetime) -> dict[str, Any]:
    kind, number, revision = entry.settled.key
    return {
        "partner_id": transfer.partner.id,
        "type": kind,
        "number": number,
        "epoch": transfer.epoch,
        "revision": revision,
        "inbound_transfer_id": transfer_id,
        "business_hash": entry.settled.business_hash,
        "outcome": _LEDGER_OUTCOMES[type(entry.settled.decision)],
        "sales_order_id": entry.sales_order_id,
        "stated": entry.settled.stated,
        "created_at": now,
        "updated_at": now,
    }
