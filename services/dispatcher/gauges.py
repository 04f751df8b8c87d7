"""The gauges that tell the truth: from the base, from Redis and from the archive's disk, by one exporter."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

from intergestan_db.enums import HoldReason, PurchaseState
from intergestan_erp.geo.health import Rest
from intergestan_erp.picking.counts import OPEN
from intergestan_exchange.health.vitals import Vitals
from intergestan_runtime.archive import Archive, ArchiveError
from intergestan_runtime.broker import BellBroker, clock_skew
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import STEPS

PENDING_ORDERS = {
    PurchaseState.CONFIRMED: "compose",
    PurchaseState.TRANSMITTING: "send",
    PurchaseState.WAITING: "import",
}
"""The states in which a purchase order waits for something, and the step that it waits for."""


OF_BASE = (
    *("oldest_pending_order_timestamp_seconds", "orders_pending", "mails_pending", "orders_unanswered"),
    *("unanswered_orders", "oldest_unanswered_order_timestamp_seconds", "holds", "oldest_hold_timestamp_seconds"),
    "strangers_held",
    *("database_older", "sequence_gaps", "booking_paused", "partner_last_mail_timestamp_seconds"),
    *("partner_clock_ahead_seconds", "clock_set_back_timestamp_seconds", "archive_messages", "archive_bytes"),
    *(
        "mailbox_last_success_timestamp_seconds",
        "mailbox_poll_interval_seconds",
        "mailbox_owned",
        "oauth_consent_ended",
    ),
    *("certificate_expiry_timestamp_seconds", "unconfirmed_keys", "customers_over_limit"),
    "payments_to_bank",
    *("geocode_waiting", "geocode_calls_left", "geocode_resting", "party_codes_left"),
    *("delivery_notes_uninvoiced", "delivery_notes_due", "stock_negative", "invoice_run_seconds", "agency_pending"),
    "oldest_unallocated_order_timestamp_seconds",
    *("picking_slips", "oldest_ready_slip_timestamp_seconds", "returns_uncredited"),
)
OF_REDIS = ("queue_messages", "redis_memory_used_bytes", "redis_memory_limit_bytes", "clock_skew_seconds")
OF_DISK = ("archive_free_bytes", "archive_disk_bytes", "archive_least_bytes")
"""Which gauges vanish where what they tell cannot be read."""


def tell_vitals(vitals: Vitals, metrics: Metrics) -> None:
    """Set every gauge of the base."""
    _tell_counts(vitals, metrics)
    _tell_routes(vitals, metrics)
    _tell_mailboxes(vitals, metrics)
    _tell_geocoding(vitals, metrics)
    for step, waiting in vitals.pending.items():
        metrics.set("oldest_pending_order_timestamp_seconds", _stamp(waiting.since), step=step)
    metrics.set("orders_unanswered", vitals.unanswered)
    metrics.set("oldest_hold_timestamp_seconds", _stamp(vitals.oldest_hold))
    metrics.set("strangers_held", vitals.strangers)
    metrics.set("booking_paused", len(vitals.paused))
    if vitals.over_limit is None:
        metrics.vanish("customers_over_limit")
    else:
        metrics.set("customers_over_limit", vitals.over_limit)
    metrics.set("delivery_notes_due", vitals.uninvoiced)
    metrics.set("stock_negative", vitals.negative)
    metrics.set("oldest_unallocated_order_timestamp_seconds", _stamp(vitals.unallocated.since))
    for state in OPEN:
        metrics.set("picking_slips", vitals.picking.slips.get(state, 0), state=state)
    metrics.set("oldest_ready_slip_timestamp_seconds", _stamp(vitals.picking.oldest_ready))
    metrics.set("returns_uncredited", vitals.picking.uncredited)
    metrics.set("clock_set_back_timestamp_seconds", _stamp(_set_back(vitals)))
    ahead = {clock.code: clock.seconds for clock in vitals.clocks}
    for code in vitals.routes:
        metrics.set("partner_clock_ahead_seconds", ahead.get(code, 0), route=code)


def tell_redis(broker: BellBroker, metrics: Metrics) -> None:
    """Set the gauges of Redis. Raises `REDIS_FAILURES`."""
    for queue, length in broker.queue_lengths(step.queue for step in STEPS).items():
        metrics.set("queue_messages", length, queue=queue)
    memory = broker.memory()
    metrics.set("redis_memory_used_bytes", memory["used_memory"])
    metrics.set("redis_memory_limit_bytes", memory.get("maxmemory") or memory.get("total_system_memory", 0))
    metrics.set("clock_skew_seconds", clock_skew(broker.client))


def tell_archive(archive: Archive, metrics: Metrics) -> None:
    """Set the gauges of the archive's disk, after trying to write there."""
    try:
        archive.try_writing()
    except ArchiveError:
        metrics.set("archive_writable", 0)
    else:
        metrics.set("archive_writable", 1)
    room = archive.room()
    if room is None:
        metrics.vanish(*OF_DISK)  # a bucket has no end, and a folder that is away none that could be read
        return
    metrics.set("archive_free_bytes", room.free)
    metrics.set("archive_disk_bytes", room.disk)
    metrics.set("archive_least_bytes", room.least)


def _tell_counts(vitals: Vitals, metrics: Metrics) -> None:
    for state, step in PENDING_ORDERS.items():
        metrics.set("orders_pending", vitals.purchase_orders.get(state, 0), step=step, state=state)
    for reason in HoldReason:
        metrics.set("holds", vitals.holds.get(reason, 0), reason=reason)


_OF_ROUTE = (
    *("unanswered_orders", "oldest_unanswered_order_timestamp_seconds", "sequence_gaps", "database_older"),
    *("partner_last_mail_timestamp_seconds", "partner_clock_ahead_seconds"),
)
"""Gauges of partners; of one that was taken out of use nothing is told."""


def _tell_routes(vitals: Vitals, metrics: Metrics) -> None:
    for metric in _OF_ROUTE:
        metrics.forget(metric, {"route": vitals.routes})
    for code, route in vitals.routes.items():
        metrics.set("unanswered_orders", route.unanswered.count, route=code)
        metrics.set("oldest_unanswered_order_timestamp_seconds", _stamp(route.unanswered.since), route=code)
        metrics.set("sequence_gaps", route.gaps.count, route=code)
        metrics.set("database_older", route.ours_older, whose="ours", route=code)
        metrics.set("database_older", route.theirs_older, whose="theirs", route=code)
        metrics.set("partner_last_mail_timestamp_seconds", _stamp(route.last_out), direction="out", route=code)
        metrics.set("partner_last_mail_timestamp_seconds", _stamp(route.last_in), direction="in", route=code)


def _tell_mailboxes(vitals: Vitals, metrics: Metrics) -> None:
    boxes = vitals.mailboxes
    for metric in ("mailbox_last_success_timestamp_seconds", "mailbox_poll_interval_seconds", "mailbox_owned"):
        metrics.forget(metric, {"mailbox": boxes})
    for name, box in boxes.items():
        metrics.set("mailbox_last_success_timestamp_seconds", _stamp(box.last_success_at), mailbox=name)
        metrics.set("mailbox_poll_interval_seconds", box.poll_seconds, mailbox=name)
        metrics.set("mailbox_owned", box.owned, mailbox=name)
    metrics.forget("oauth_consent_ended", {"mailbox": vitals.consents})
    for name, error in vitals.consents.items():
        metrics.set("oauth_consent_ended", error is not None, mailbox=name)


def _tell_geocoding(vitals: Vitals, metrics: Metrics) -> None:
    found = vitals.geocoding
    if found is None:
        metrics.vanish("geocode_waiting", "geocode_calls_left", "geocode_resting")
        return
    metrics.set("geocode_waiting", found.waiting)
    metrics.set("geocode_calls_left", found.calls_left)
    for reason in get_args(Rest):
        metrics.set("geocode_resting", found.rests == reason, reason=reason)


def _set_back(vitals: Vitals) -> datetime | None:
    """When somebody noticed that the clock was set back; now, where only the newest entries show it."""
    return vitals.clock.set_back_at or (vitals.at if vitals.clock.ahead else None)


def _stamp(instant: datetime | None) -> float:
    """As Prometheus writes an instant; 0: there is none."""
    return 0.0 if instant is None else instant.timestamp()
