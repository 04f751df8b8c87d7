"""The importer's booking, from a read batch in memory to its commit, beside bare inserts of the same orders.

The yardstick inserts the heads and lines that the importer made, with SQLAlchemy Core's insertmanyvalues, ten orders in
a transaction, and takes their numbers from the series. Ours also looks up what the decision needs, decides, and writes
the transfer, the ledger, the answers and the events in the same transaction.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from typing import Any

from sqlalchemy import insert, select

from intergestan_db import numbers
from intergestan_db.database import Database
from intergestan_db.leases import claim_mail
from intergestan_db.tables import InboundMail, OutboundBody, SalesOrder, SalesOrderLine
from intergestan_exchange.inbox.book import book
from intergestan_exchange.inbox.read import read
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.inbox.recognise import recognise
from intergestan_exchange.inbox.take_in import settle_all
from intergestan_exchange.transfers.transfer import ClaimedMail
from intergestan_msg.seal import PublicKey
from tests.journey.pair_of_sites import PairOfSites

MAX_AGE = timedelta(days=30)
_unique = count(1)

Batch = tuple[ClaimedMail, Reading]
Rows = tuple[list[dict[str, Any]], list[list[dict[str, Any]]]]


def batches(sites: PairOfSites, mail_ids: Sequence[int]) -> list[Batch]:
    """What stands in these composed mails, read and claimed as the importer does."""
    with sites.buyer.database.read() as connection:
        frozen = connection.execute(
            select(OutboundBody.mime).where(OutboundBody.outbound_mail_id.in_(mail_ids))
        ).scalars()
        raws = [bytes(mime) for mime in frozen]
    keys: dict[str, PublicKey] = {sites.buyer.key.public.kid: sites.buyer.key.public}
    return [(_claimed(sites.seller.database, sha, raw), read(raw, keys)) for sha, raw in _archived(sites, raws)]


def import_batches(database: Database, work: Sequence[Batch]) -> float:
    """Seconds to book these batches, each in its transaction."""
    started = time.perf_counter()
    for mail, reading in work:
        assert reading.manifest is not None
        with database.read() as connection:
            case = recognise(
                connection,
                reading,
                reading.manifest,
                archived_at=database.now(),
                replayed=False,
                max_age=MAX_AGE,
            )
        assert case.facts is not None
        settled = settle_all(reading, case.facts)
        with database.transaction() as connection:
            booked = book(connection, mail, case.transfer, settled, case.facts, database.now())
        assert set(booked.outcomes) == {"created"}
    return time.perf_counter() - started


def rows_of(database: Database, orders: int, lines: int) -> Rows:
    """The newest sales orders as they would be inserted, under names that nobody has yet; and their lines."""
    with database.read() as connection:
        heads = connection.execute(select(SalesOrder.__table__).order_by(SalesOrder.id.desc()).limit(orders)).mappings()
        newest = select(SalesOrderLine.__table__).order_by(SalesOrderLine.id.desc()).limit(orders * lines)
        bodies = [dict(row) for row in connection.execute(newest).mappings()]
    made = [{**head, "customer_order_number": f"bare-{next(_unique)}"} for head in heads]
    by_order = [[line for line in bodies if line["sales_order_id"] == head["id"]] for head in made]
    for row in [*made, *bodies]:
        del row["id"]
    return made, by_order


def insert_bare(database: Database, rows: Rows, orders_per_transaction: int) -> float:
    """Seconds to insert these orders and nothing else."""
    heads, lines = rows
    started = time.perf_counter()
    for start in range(0, len(heads), orders_per_transaction):
        some = heads[start : start + orders_per_transaction]
        with database.transaction() as connection:
            taken = numbers.take(connection, numbers.SALES_ORDERS, len(some))
            numbered = [{**head, "number": number} for head, number in zip(some, taken, strict=True)]
            made = insert(SalesOrder).returning(SalesOrder.id, sort_by_parameter_order=True)
            ids = list(connection.execute(made, numbered).scalars())
            theirs = [
                {**line, "sales_order_id": row_id}
                for row_id, body in zip(ids, lines[start : start + orders_per_transaction], strict=True)
                for line in body
            ]
            connection.execute(insert(SalesOrderLine).returning(SalesOrderLine.id), theirs)
    return time.perf_counter() - started


def _archived(sites: PairOfSites, raws: Sequence[bytes]) -> list[tuple[str, bytes]]:
    return [(sites.seller.archive.put_many([raw])[0], raw) for raw in raws]


def _claimed(database: Database, sha256: str, raw: bytes) -> ClaimedMail:
    with database.transaction() as connection:
        now = database.now()
        row_id = connection.execute(
            insert(InboundMail)
            .values(sha256=sha256, size=len(raw), state="archived", archived_at=now)
            .returning(InboundMail.id)
        ).scalar_one()
        row = claim_mail(connection, row_id, "bench", now)
        assert row is not None
        return ClaimedMail(row_id, row.lease_fence, "", "")
