"""What must be true of two sites once they are at rest, whatever was done to them meanwhile.

Each oracle reads the bases and the archives, and asks none of the programs that wrote them (conservation,
uniqueness, fidelity, authenticity, archive; and that the metrics tell the truth).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select

from intergestan_db import states
from intergestan_db.enums import HoldReason, InboundState, LedgerOutcome, OutboundState, PurchaseState
from intergestan_db.tables import (
    Answer,
    DeliveryAttempt,
    InboundMail,
    InboundTransfer,
    Ledger,
    MailboxUid,
    OutboundMail,
    PurchaseOrder,
    PurchaseOrderLine,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_exchange.budgets.limits import PER_STATEMENT
from intergestan_msg.kinds import Kind
from intergestan_msg.mail.incoming import read_mail
from tests.journey.journey_site import JourneySite
from tests.journey.pair_of_sites import PairOfSites
from tests.journey.service_process import Series
from tests.patience import ENOUGH, eventually

HEAD = ("issue_date", "note", "currency", "total_ht", "total_vat", "total_ttc", "wanted_date", "delivery_line1")
LINE = (
    "line_id",
    "position",
    "product_code",
    "name",
    "quantity",
    "unit",
    "price",
    "base_quantity",
    "total",
    "vat_rate",
)


def check_exactly_once(pair: PairOfSites, numbers: Sequence[str]) -> None:
    """O1, O2, O3: each order is accepted, became one sales order, and says there what it said here."""
    purchases = {row.number: row for row in pair.buyer.rows(PurchaseOrder)}
    sales = [row for row in pair.seller.rows(SalesOrder) if row.customer_order_number in set(numbers)]
    assert sorted(row.customer_order_number for row in sales) == sorted(numbers)
    for sale in sales:
        purchase = purchases[sale.customer_order_number]
        assert (purchase.state, purchase.supplier_order_number) == (PurchaseState.ACCEPTED, sale.number)
        assert _values(purchase, HEAD) == _values(sale, HEAD)
    bought = _lines(pair.buyer, PurchaseOrderLine, "purchase_order_id")
    sold = _lines(pair.seller, SalesOrderLine, "sales_order_id")
    for sale in sales:
        assert sold[sale.id] == bought[purchases[sale.customer_order_number].id]


def check_no_gap(pair: PairOfSites) -> None:
    """The seller's own numbers have no gap, and each mail its own place in the sequence."""
    taken = sorted(int(row.number.removeprefix("CCL")) for row in pair.seller.rows(SalesOrder))
    assert taken == list(range(1, len(taken) + 1))
    for site in pair.sites:
        places = sorted(row.seq for row in site.rows(OutboundMail) if row.seq is not None)
        assert places == list(range(1, len(places) + 1))


def check_authentic(pair: PairOfSites) -> None:
    """O4: every sales order comes from an archived mail that the buyer's pinned key signed."""
    seller, keys = pair.seller, {pair.buyer.key.public.kid: pair.buyer.key.public}
    mails = {row.id: row for row in seller.rows(InboundMail)}
    transfers = {row.id: row for row in seller.rows(InboundTransfer)}
    created = seller.rows(Ledger, outcome=LedgerOutcome.CREATED)
    assert sorted(row.sales_order_id for row in created) == sorted(row.id for row in seller.rows(SalesOrder))
    read: dict[int, Mapping[str, str | None]] = {}
    for entry in created:
        transfer = transfers[entry.inbound_transfer_id]
        if transfer.id not in read:
            mail = read_mail(seller.archive.get(mails[transfer.inbound_mail_id].sha256), keys)
            assert (mail.manifest.jti, mail.transfer_digest) == (transfer.jti, transfer.transfer_digest)
            read[transfer.id] = {document.id: document.business_hash for document, _ in mail.documents}
        assert read[transfer.id][entry.number] == entry.business_hash


def check_archive(pair: PairOfSites) -> None:
    """O5, first half: every UID that counts as seen has its mail in the archive, whole."""
    for site in pair.sites:
        mails = {row.id: row for row in site.rows(InboundMail)}
        for seen in site.rows(MailboxUid):
            assert len(site.archive.get(mails[seen.inbound_mail_id].sha256)) == mails[seen.inbound_mail_id].size
        assert all(is_whole for _, is_whole in site.archive.verify())


def check_replay(pair: PairOfSites, seconds: float = ENOUGH) -> None:
    """O5, second half: taking every archived mail in again changes nothing."""
    before = [_booked(site) for site in pair.sites]
    for site in pair.sites:
        ids = [row.id for row in site.rows(InboundMail, state=InboundState.DONE)]
        with site.database.transaction() as connection:
            now = site.database.now()
            states.move(connection, states.INBOUND_MAIL, ids, "replay", by="test", at=now, replayed=True, rung_at=None)
    eventually(lambda: not any(site.rows(InboundMail, state="archived") for site in pair.sites), seconds, "replayed")
    assert [_booked(site) for site in pair.sites] == before


def check_alive(pair: PairOfSites) -> None:
    """Every process runs: what died by itself is a fault, though all the orders arrived without it."""
    assert not [(each.service, each.exit_code, each.log()[-2000:]) for each in pair.processes() if not each.runs]


def check_everything(pair: PairOfSites, numbers: Sequence[str]) -> None:
    """All oracles that need no further waiting."""
    check_alive(pair)
    check_exactly_once(pair, numbers)
    check_no_gap(pair)
    check_authentic(pair)
    check_archive(pair)
    for site in pair.sites:
        held = [(mail.reason, mail.budget) for mail in site.rows(InboundMail, state=InboundState.HELD)]
        assert not [each for each in held if not _goes_on(*each)], held
        assert not site.rows(OutboundMail, state=OutboundState.HELD)


def _goes_on(reason: HoldReason, budget: str | None) -> bool:
    """Whether a held mail does so by itself: its partner's budget comes back with time."""
    return reason == HoldReason.PARTNER_BUDGET and budget not in PER_STATEMENT


@dataclass(frozen=True)
class Count:
    """A counter of a service's and the rows that it must have counted."""

    service: str
    series: Series
    column: Any
    where: tuple[ColumnElement[bool], ...]


def _series(name: str, **labels: str) -> Series:
    return f"intergestan_{name}", tuple(sorted(labels.items()))


COUNTS = (
    Count(
        "sender",
        _series("mails_total", direction="out", outcome="accepted"),
        DeliveryAttempt.id,
        (DeliveryAttempt.outcome == "accepted",),
    ),
    Count("poller", _series("mails_collected_total"), MailboxUid.uid, ()),
    Count(
        "importer",
        _series("orders_total", step="import", outcome="created"),
        Ledger.id,
        (Ledger.outcome == LedgerOutcome.CREATED,),
    ),
    Count(
        "importer",
        _series("orders_total", step="import", outcome="done"),
        Ledger.id,
        (Ledger.outcome == LedgerOutcome.APPLIED,),
    ),
)
"""Counters of work done: equal to the rows that the work wrote, if no process died in between."""


def counted(site: JourneySite) -> list[tuple[float, int]]:
    """For each of `COUNTS`, what the process says and what the base says."""
    return [(site.processes[each.service].metrics()[each.series], _count(site, each)) for each in COUNTS]


def wait_counters_true(site: JourneySite, before: Sequence[tuple[float, int]], seconds: float = ENOUGH) -> None:
    """O7: what each counter rose by is what was written to the base; the processes count just after their commits."""

    def agree() -> bool:
        return all(now[0] - was[0] == now[1] - was[1] for was, now in zip(before, counted(site), strict=True))

    eventually(agree, seconds, f"the counters tell the truth: {before}, now {counted(site)}")


def wait_gauges_true(site: JourneySite, seconds: float = ENOUGH) -> None:
    """O7: the dispatcher's gauges say what the base says, the next time that it looks."""
    eventually(lambda: _gauges_are_true(site), seconds, "the gauges say what the base says")


def _gauges_are_true(site: JourneySite) -> bool:
    told = site.processes["dispatcher"].metrics()
    mails = {
        _series("mails_pending", direction=direction, state=str(state)): len(site.rows(table, state=state))
        for direction, table, words in (("out", OutboundMail, OutboundState), ("in", InboundMail, InboundState))
        for state in words
    }
    waiting = len(site.rows(PurchaseOrder, state=PurchaseState.WAITING))
    orders = {_series("orders_pending", step="import", state="waiting"): waiting}
    return all(told[series] == number for series, number in {**mails, **orders}.items())


def _count(site: JourneySite, count: Count) -> int:
    with site.database.read() as connection:
        return connection.execute(select(func.count(count.column)).where(*count.where)).scalar_one()


def _values(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _lines(
    site: JourneySite, table: type[PurchaseOrderLine | SalesOrderLine], order: str
) -> dict[int, list[dict[str, Any]]]:
    grouped: dict[int, list[dict[str, Any]]] = {}
    for row in sorted(site.rows(table), key=lambda row: int(row.position)):
        grouped.setdefault(getattr(row, order), []).append(_values(row, LINE))
    return grouped


def _booked(site: JourneySite) -> list[Sequence[Any]]:
    answers = site.rows(OutboundMail, kind=Kind.ANSWERS)
    tables = (PurchaseOrder, PurchaseOrderLine, SalesOrder, SalesOrderLine, Ledger, Answer, InboundTransfer)
    return [*(site.rows(table) for table in tables), [row.id for row in answers]]
