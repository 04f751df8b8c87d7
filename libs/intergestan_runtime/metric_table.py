"""Every metric of ours, in one table: its kind, its help, the limits of its labels, and who moves it.

Names follow prometheus.io/docs/practices/naming: base units, `_total`, `_seconds`, timestamps instead of
ages. Labels hold short closed words or names from the configuration, never an address, an order number or a
person. `docs/metrics.md` is written from this table.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

PREFIX = "intergestan_"
OTHER = "other"

Kind = Literal["counter", "gauge", "histogram"]
Label = tuple[str, ...] | int
"""The values a label may have; or, where they come from the configuration, how many before the rest is
`other`.
"""


@dataclass(frozen=True)
class Metric:
    """One row of the table.

    :ivar name: without the prefix.
    :ivar services: whose processes move it; none: all.
    """

    name: str
    kind: Kind
    help: str
    labels: Mapping[str, Label] = field(default_factory=dict)
    buckets: tuple[float, ...] = ()
    services: tuple[str, ...] = ()


STEP_OF = {
    "composer": "compose",
    "sender": "send",
    "poller": "poll",
    "importer": "import",
    "dispatcher": "dispatch",
    "geocoder": "geocode",
    "allocator": "allocate",
}
"""The step that each service works on."""

_STEPS = tuple(step for service, step in STEP_OF.items() if service not in {"geocoder", "allocator"})
"""Those that orders go through."""

_OUTCOMES = ("done", "created", "duplicate", "held", "rejected", "conflict", "waiting", "retry")
_MAIL_OUTCOMES = (
    *("accepted", "deferred", "unknown", "bounced"),
    *("order", "answer", "key", "foreign", "malformed", "report", "automatic", "own", "heartbeat", "statement"),
)
_QUEUES, _MAILBOXES, _ROUTES, _REASONS, _STATES, _CHECKS, _PROVIDERS = 20, 20, 50, 50, 20, 8, 4
_PAGES = 250
_SECONDS = (0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0)
_TRANSIT = (1, 5, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 14400, 86400)


def _counter(name: str, by: str, text: str, /, **labels: Label) -> Metric:
    return Metric(name, "counter", text, labels, services=tuple(by.split()))


def _gauge(name: str, by: str, text: str, /, **labels: Label) -> Metric:
    return Metric(name, "gauge", text, labels, services=tuple(by.split()))


def _histogram(name: str, by: str, text: str, buckets: tuple[float, ...], /, **labels: Label) -> Metric:
    return Metric(name, "histogram", text, labels, buckets, tuple(by.split()))


_ALL = ""
_WORKERS = "composer sender poller importer geocoder allocator"


def _work() -> Iterator[Metric]:
    """What the services do."""
    yield _gauge("build_info", _ALL, "Always 1; the labels say what runs.", version=1, revision=1, python=1)
    yield _gauge("ready", _ALL, "1 where a check of /ready is well; each scrape asks.", check=_CHECKS)
    yield _counter(
        "orders_total",
        "composer importer",
        "Orders that went through a step.",
        step=_STEPS,
        outcome=_OUTCOMES,
    )
    yield _counter(
        "order_rejections_total",
        "composer importer",
        "Orders and mails refused or held, by reason.",
        step=_STEPS,
        reason=_REASONS,
    )
    yield _histogram(
        "step_duration_seconds",
        "composer sender importer",
        "Working time of a step on one row.",
        _SECONDS,
        step=_STEPS,
    )
    yield _histogram(
        "order_transit_seconds",
        "importer",
        "Time from Valider at the buyer's site to the sales order here, by the buyer's site.",
        _TRANSIT,
        route=_ROUTES,
    )
    yield _counter(
        "mails_total",
        "sender importer",
        "Attempts to send a mail, by what came of them; and mails received, each once, by what they were.",
        direction=("out", "in"),
        outcome=_MAIL_OUTCOMES,
    )
    yield _counter(
        "credit_blocks_total",
        "importer",
        "Orders by mail beyond what their customer may owe: held, or let pass by a person.",
        stage=("order",),
        outcome=("blocked", "overridden"),
    )
    yield _counter(
        "credit_released_total",
        "importer",
        "Orders that were booked after they waited for room: a person let them pass, it was paid or freed, a day came.",
        by=("person", "payment", "day"),
    )
    yield _counter("mails_collected_total", "poller", "Mails fetched from the mailboxes into the archive.")
    yield _counter(
        "smtp_responses_total",
        "sender",
        "How the relay answered.",
        **{"class": ("2xx", "4xx", "5xx", "network", "tls", "auth")},
    )
    yield _counter("notices_total", "sender", "Mails to the person in charge.", outcome=("sent", "deferred", "refused"))
    yield _counter(
        "delivery_reports_total",
        "importer",
        "Reports of mail servers about our mails, by what they did.",
        outcome=("held", "noted", "late", "again", "unproven"),
    )
    yield _counter(
        "partner_budget_exceeded_total",
        "importer",
        "Mails of partners with a valid key that go beyond what one of them may make us do.",
        budget=("statements", "repeats", "heartbeats", "announcements", "missing_numbers"),
    )
    yield _counter(
        "replays_total",
        "importer",
        "Mails taken in again: replayed, or decided once more after they waited.",
        outcome=_MAIL_OUTCOMES[4:],
    )
    yield _counter("archive_errors_total", "poller importer", "The archive failed.", operation=("write", "read"))


def _money() -> Iterator[Metric]:
    """What customers owe."""
    yield _counter(
        "settlements_total",
        "dispatcher",
        "Instalments of invoices settled, wholly or in part.",
        by=("payment", "credit_note"),
    )
    yield _counter("invoices_total", "dispatcher", "Invoices made.", kind=("customer", "agency", "internal"))
    yield _gauge(
        "invoice_run_seconds",
        "dispatcher",
        "How long the last run of deferred invoicing took, until it wrote its last invoices; 0: there was none.",
    )
    yield _gauge(
        "delivery_notes_uninvoiced",
        "dispatcher",
        "Delivery notes that wait for an invoice, by what their customers get one for; counted every ten minutes.",
        grouping=("note", "customer"),
    )
    yield _gauge(
        "delivery_notes_due",
        "dispatcher",
        "This month's delivery notes of customers who get an invoice a month, not invoiced on its last days; else 0.",
    )
    yield _counter(
        "entries_total",
        "dispatcher",
        "Entries in the books, by journal.",
        journal=("VE", "AC", "BQ", "CA", "OD", "AN"),
    )
    yield _gauge("payments_to_bank", "dispatcher", "Cheques and bills that nobody handed in at the bank.")


def _goods() -> Iterator[Metric]:
    """What is set aside for orders."""
    yield _counter(
        "allocations_total",
        "allocator",
        "Orders whose goods were set aside: all, or what there was; or that could not be.",
        outcome=("full", "short", "refused"),
    )
    yield _gauge("remainders", "dispatcher", "Lines of orders that wait for goods; absent where none are set aside.")
    yield _gauge(
        "oldest_unallocated_order_timestamp_seconds",
        "dispatcher",
        "When the oldest order came for which goods are to be set aside at once, and were not yet; 0: there is none.",
    )
    yield _counter(
        "agency_orders_total",
        "dispatcher",
        "Pairs of orders between agencies: on this site, or by mail to another one.",
        kind=("local", "mail"),
    )
    yield _gauge(
        "agency_pending",
        "dispatcher",
        "Goods of other agencies for customers' orders that nobody ordered there yet; absent where none are set aside.",
    )
    yield _gauge(
        "picking_slips",
        "dispatcher",
        "Picking slips that did not become delivery notes yet.",
        state=("generated", "entered", "ready", "error"),
    )
    yield _gauge(
        "oldest_ready_slip_timestamp_seconds",
        "dispatcher",
        "Since when the oldest picking slip waits for its delivery note; 0: none does.",
    )
    yield _gauge("returns_uncredited", "dispatcher", "Returns of which something was invoiced and is not credited.")


def _bells() -> Iterator[Metric]:
    """Queues and threads."""
    yield _histogram(
        "queue_wait_seconds", _WORKERS, "Time from the bell to the start of the work.", _SECONDS, queue=_QUEUES
    )
    yield _histogram(
        "message_duration_seconds", _WORKERS, "Time of the work that a bell began.", _SECONDS, queue=_QUEUES
    )
    yield _counter(
        "messages_total",
        _WORKERS,
        "Bells taken from a queue.",
        queue=_QUEUES,
        outcome=("done", "failed", "poison"),
    )
    yield _gauge("messages_in_progress", _WORKERS, "Bells being worked on in this process.", queue=_QUEUES)
    yield _gauge("worker_threads", _WORKERS, "Bells that this process can work on at the same time.")
    yield _counter(
        "rings_total", _ALL, "Bells rung; a lost one is rung again.", queue=_QUEUES, outcome=("rung", "lost")
    )
    yield _gauge("queue_messages", "dispatcher", "Bells that wait in Redis.", queue=_QUEUES)
    yield _gauge("redis_up", "dispatcher", "1 where Redis answers.")
    yield _gauge("redis_memory_used_bytes", "dispatcher", "Memory that Redis uses.")
    yield _gauge(
        "redis_memory_limit_bytes", "dispatcher", "Its maxmemory, or the memory of its machine where that is 0."
    )
    yield _gauge(
        "writes_refused",
        "dispatcher",
        "1 where a server that answers refuses a write that is tried.",
        store=("base", "redis"),
    )
    yield _gauge("clock_skew_seconds", "dispatcher", "Our clock minus that of Redis.")
    yield _gauge(
        "clock_set_back_timestamp_seconds",
        "dispatcher",
        "When it was noticed that the clock was set back; 0: not lately.",
    )
    yield _gauge(
        "partner_clock_ahead_seconds",
        "dispatcher",
        "By how much a partner's clock is ahead of ours, negative: behind; 0: they may agree.",
        route=_ROUTES,
    )


def _truth() -> Iterator[Metric]:
    """Read from the base by the dispatcher."""
    yield _gauge(
        "oldest_pending_order_timestamp_seconds",
        "dispatcher",
        "Since when the oldest mail waits for a step of this site; 0: none.",
        step=("compose", "send", "import"),
    )
    yield _gauge(
        "customers_over_limit",
        "dispatcher",
        "Customers above their credit maximum when they were last counted, once a day; absent without credit.",
    )
    yield _gauge("orders_pending", "dispatcher", "Purchase orders in a state that waits.", step=_STEPS, state=_STATES)
    yield _gauge("mails_pending", "dispatcher", "Mails in a state.", direction=("out", "in"), state=_STATES)
    yield _gauge("orders_unanswered", "dispatcher", "Orders that have no answer after the hours agreed.")
    yield _gauge("unanswered_orders", "dispatcher", "Orders sent and not answered, by supplier.", route=_ROUTES)
    yield _gauge(
        "oldest_unanswered_order_timestamp_seconds",
        "dispatcher",
        "Since when the oldest of them waits; 0: none.",
        route=_ROUTES,
    )
    yield _gauge("holds", "dispatcher", "Orders and mails that wait for a person, by reason.", reason=_REASONS)
    yield _gauge(
        "oldest_hold_timestamp_seconds",
        "dispatcher",
        "Since when the oldest of them waits, of those that are no stranger's nor beyond a budget; 0: none.",
    )
    yield _gauge("strangers_bytes", "dispatcher", "Bytes in the archive of mails that nobody vouches for.")
    yield _counter(
        "strangers_dropped_total",
        "dispatcher",
        "Mails that nobody vouches for whose bytes were dropped: they were old, or there was no room for more.",
        why=("age", "room"),
    )
    yield _gauge("strangers_held", "dispatcher", "Of the mails that are held, those which nobody vouches for.")
    yield _gauge(
        "database_older",
        "dispatcher",
        "Whether the database of one of two partners went back, as their mails tell.",
        whose=("ours", "theirs"),
        route=_ROUTES,
    )
    yield _gauge("sequence_gaps", "dispatcher", "Mails of a partner that are missing here.", route=_ROUTES)
    yield _gauge("booking_paused", "dispatcher", "Partners for whom booking rests after a restore.")
    yield _gauge(
        "partner_last_mail_timestamp_seconds",
        "dispatcher",
        "When the last mail of ours was sent to a partner, and the last of theirs received; 0: never.",
        direction=("out", "in"),
        route=_ROUTES,
    )
    yield _gauge(
        "certificate_expiry_timestamp_seconds",
        "dispatcher sender poller",
        "When it ends: the last key of a site (+Inf: never), the certificate of the relay or of a mailbox's server.",
        kind=("signing", "relay", "mailbox"),
        name=_ROUTES,
    )
    yield _gauge(
        "unconfirmed_keys",
        "dispatcher",
        "New keys, ours and theirs, that nobody has confirmed yet.",
        side=("ours", "theirs"),
    )
    yield _gauge("archive_bytes", "dispatcher", "Bytes in the archive of raw mails.")
    yield _gauge("archive_messages", "dispatcher", "Mails in the archive.")
    yield _gauge("archive_free_bytes", "dispatcher poller", "Free space where the archive lies.")
    yield _gauge("archive_disk_bytes", "dispatcher", "All space where the archive lies.")
    yield _gauge("archive_least_bytes", "dispatcher", "With less free space there nothing is collected.")
    yield _gauge("archive_writable", "dispatcher", "1 where a file could be written there just now.")


def _mailboxes() -> Iterator[Metric]:
    """Told by the poller that holds a mailbox; what outlives it also by the dispatcher, from the base."""
    yield _gauge(
        "mailbox_last_success_timestamp_seconds",
        "poller dispatcher",
        "When a mailbox was last listed whole; 0: never.",
        mailbox=_MAILBOXES,
    )
    yield _gauge(
        "mailbox_poll_interval_seconds",
        "poller dispatcher",
        "How often a mailbox shall be listed.",
        mailbox=_MAILBOXES,
    )
    yield _gauge(
        "mailbox_owned", "dispatcher", "1 where the base says that a living poller has it.", mailbox=_MAILBOXES
    )
    yield _gauge("mailbox_lease_held", "poller", "1 where this process owns the mailbox.", mailbox=_MAILBOXES)
    yield _gauge("mailboxes_held", "poller", "Mailboxes that this process owns.")
    yield _counter("mailbox_moves_total", "poller", "Mailboxes taken and handed over.", reason=("taken", "handed_over"))
    yield _gauge("mailbox_backlog_messages", "poller", "Mails listed and not yet archived.", mailbox=_MAILBOXES)
    yield _histogram(
        "mailbox_poll_duration_seconds", "poller", "Time of one poll.", _SECONDS, protocol=("imap", "pop3")
    )
    yield _counter("mailbox_idle_wakeups_total", "poller", "Mails announced by IDLE.", mailbox=_MAILBOXES)
    yield _counter("mailbox_reconnects_total", "poller", "Connections made again, by reason.", reason=_REASONS)
    yield _gauge(
        "oauth_token_expiry_timestamp_seconds",
        "sender poller",
        "When the access token of an account ends; it is renewed before that.",
        mailbox=_MAILBOXES,
    )
    yield _gauge(
        "oauth_consent_ended",
        "dispatcher",
        "1 where the provider gives an account no more tokens.",
        mailbox=_MAILBOXES,
    )
    yield _counter(
        "oauth_refreshes_total",
        "sender poller",
        "Access tokens asked for.",
        outcome=("refreshed", "refused", "unavailable"),
    )


def _heartbeats() -> Iterator[Metric]:
    """The signed mail that goes round every route: the service level."""
    yield _gauge(
        "heartbeat_last_seen_timestamp_seconds",
        "dispatcher importer",
        "When a heartbeat last passed a stage of a route; 0: never.",
        stage=("sent", "echoed", "returned"),
        route=_ROUTES,
    )
    yield _gauge(
        "heartbeat_interval_seconds",
        "dispatcher",
        "How often a heartbeat is planned on a route; 0: never.",
        route=_ROUTES,
    )
    yield _counter("heartbeats_total", "dispatcher importer", "Heartbeats, by how they came back.", outcome=HEARTBEATS)


def _third_parties() -> Iterator[Metric]:
    """Third parties: where their addresses lie, and how many codes are left for them."""
    yield _counter(
        "geocode_calls_total",
        "geocoder",
        "How often somebody outside was asked where an address lies, by what came of it.",
        provider=_PROVIDERS,
        outcome=GEOCODE_OUTCOMES,
    )
    yield _gauge("geocode_waiting", "dispatcher", "Addresses that wait to be looked up; absent where nobody is asked.")
    yield _gauge(
        "geocode_calls_left", "dispatcher", "How often it may be asked this month; absent where nobody is asked."
    )
    yield _gauge(
        "geocode_resting",
        "dispatcher",
        "1 where nothing is looked up until a person acts, or the month ends.",
        reason=("cap", "key"),
    )
    yield _gauge(
        "party_codes_left",
        "dispatcher",
        "The least share of numbers that is left for codes with the same beginning; absent where people give codes.",
    )
    yield _gauge(
        "stock_negative",
        "dispatcher",
        "Products that lie below nothing, or are reserved beyond what lies there, in depots that do not allow it.",
    )


GEOCODE_OUTCOMES = ("found", "not_found", "refused", "quota", "key", "away")
HEARTBEATS = ("on_time", "late", "lost")


def _pages() -> Iterator[Metric]:
    yield _histogram(
        "page_seconds",
        "console",
        "Time from a request to its answer, by page; `static` are files that never change, `none` is no page.",
        (0.01, 0.05, 0.25, 1.0, 5.0),
        page=_PAGES,
        status=("2xx", "3xx", "4xx", "5xx"),
    )


METRICS: tuple[Metric, ...] = (
    *(*_work(), *_money(), *_goods(), *_bells(), *_truth(), *_mailboxes(), *_heartbeats()),
    *_third_parties(),
    *_pages(),
)
