"""What a site's base says about how it is, at one moment: the dispatcher tells Prometheus, `alarms` judges it.

Every figure is counted in the base, not in the processes that claim to do the work.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, ScalarSelect, and_, case, func, or_, select

from intergestan_db.at_rest import NOT_SENT_TO, is_polled
from intergestan_db.enums import HoldReason, InboundState, InvoiceGrouping, OutboundState, PurchaseState
from intergestan_db.leases import TOKEN_VALID, lives
from intergestan_db.mail_kinds import IS_TRAFFIC
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Hold,
    InboundMail,
    InboundTransfer,
    Mailbox,
    OAuthGrant,
    OutboundMail,
    Partner,
    PurchaseOrder,
    Relay,
    Worker,
)
from intergestan_erp.agencies.paired import IS_BOUGHT
from intergestan_erp.geo.health import Geocoding, read_geocoding
from intergestan_erp.listing.uninvoiced import count_uninvoiced
from intergestan_erp.picking.counts import Waiting as PickingWaits
from intergestan_erp.picking.counts import count_waiting
from intergestan_erp.site.geo_rules import read_geo
from intergestan_erp.site.zone import read_zone, this_month, today
from intergestan_erp.stock.health import read_goods
from intergestan_exchange.credit_holds.due import read_count
from intergestan_exchange.health.certificates import read_certificates
from intergestan_exchange.health.clock import NOT_SET_BACK, PartnerClock, SiteClock, read_clock, read_partner_clocks
from intergestan_exchange.health.service_level import Share, read_service_level
from intergestan_exchange.health.status import count_holds
from intergestan_exchange.health.unanswered import count_unanswered
from intergestan_exchange.heartbeats.heartbeats import USUAL
from intergestan_exchange.history.positions import ours_is_older, theirs_is_older
from intergestan_exchange.keys.key_health import endings
from intergestan_exchange.statements.paused import list_paused
from intergestan_exchange.statements.statements import missing_mails

COMPOSE, SEND, IMPORT = STEPS = ("compose", "send", "import")

PENDING = (PurchaseState.CONFIRMED, PurchaseState.TRANSMITTING, PurchaseState.WAITING)
"""The states in which a purchase order waits for something. Those that do not are for ever more: nobody counts them."""

RECENT_TRANSFERS = 1000
RECENT = timedelta(days=7)
"""A gap is looked for in front of the newest transfers only; one that nobody closed in a week is known by then."""


NOTHING_TO_PICK = PickingWaits()


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many wait, and since when the first of them."""

    count: int
    since: datetime | None = None


NOBODY = Waiting(0)


@dataclass(frozen=True, slots=True)
class Route:
    """What concerns one partner.

    `gaps` are mails of theirs that are missing between those that came, since the one after the first gap came.
    `ours_older`: they have mails of ours that our database does not know; `theirs_older`: the other way round.
    """

    unanswered: Waiting
    gaps: Waiting
    last_out: datetime | None
    last_in: datetime | None
    ours_older: bool = False
    theirs_older: bool = False


CREDIT_DAYS: Final = 30
"""So many days an order waits for room before it is reported as one that waits for a person."""
MONTH_ENDS_DAYS: Final = 2
"""So many days before its end, its last one included, a month ends."""


@dataclass(frozen=True, slots=True)
class MailboxVitals:
    """A mailbox that shall be polled. `owned`: by a poller that lives."""

    last_success_at: datetime | None
    poll_seconds: int
    owned: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """The site at one moment.

    :ivar purchase_orders: how many wait for something, by state (`PENDING`).
    :ivar pending: by step, the mails that this site itself must still deal with.
    :ivar consents: by relay and mailbox, what the provider said when it gave no OAuth2 token; None: all is well.
    :ivar oldest_hold: since when something waits for a person that is neither a stranger's nor beyond a budget.
    :ivar strangers: how many of the holds are mails that nobody vouches for.
    :ivar unanswered: orders without an answer after the hours agreed.
    :ivar keys: by site, ours too, when its last key ends; None: never.
    :ivar certificates: by relay and mailbox, when that of its server ends, where one was seen.
    :ivar paused: by partner for whom booking rests after a restore: since when, and how many mails wait.
    :ivar heartbeats: by window, how many of those that should be back are not.
    :ivar services: those of which a process lives.
    :ivar zone: the site's, in which days and times are told.
    :ivar over_limit: customers above their credit maximum, as they were last counted; None: the site uses none.
    :ivar uninvoiced: this month's delivery notes of customers who get an invoice a month, on its last days; else 0.
    :ivar negative: products of which less than nothing lies in a depot, or than is set aside, where it may not.
    :ivar unallocated: accepted orders for which goods are to be set aside at once, and were not yet.
    :ivar picking: picking slips and returns that wait for somebody.
    :ivar clock: whether it was set back. :ivar clocks: those of partners that differ from it.
    :ivar geocoding: how the looking up of addresses stands; None where nobody is asked.
    """

    at: datetime
    pending: Mapping[str, Waiting]
    purchase_orders: Mapping[str, int]
    holds: Mapping[HoldReason, int]
    oldest_hold: datetime | None
    unanswered: int
    keys: Mapping[str, datetime | None]
    certificates: Mapping[str, datetime]
    paused: Mapping[str, Waiting]
    heartbeats: Mapping[timedelta, Share]
    routes: Mapping[str, Route]
    mailboxes: Mapping[str, MailboxVitals]
    consents: Mapping[str, str | None]
    services: frozenset[str]
    zone: tzinfo = UTC
    clock: SiteClock = NOT_SET_BACK
    clocks: tuple[PartnerClock, ...] = ()
    geocoding: Geocoding | None = None
    over_limit: int | None = None
    uninvoiced: int = 0
    negative: int = 0
    unallocated: Waiting = NOBODY
    strangers: int = 0
    picking: PickingWaits = NOTHING_TO_PICK


def read_vitals(
    connection: Connection,
    now: datetime,
    answer_hours: int,
    late: timedelta = USUAL.late,
    *,
    credit_days: int = CREDIT_DAYS,
) -> Vitals:
    """Read all of it, in a handful of grouped queries.

    :param answer_hours: how long an answer may take, for partners with whom nothing else is agreed.
    :param late: how long a heartbeat may take.
    :param credit_days: how long an order may wait for room before it waits for a person.
    """
    goods = read_goods(connection)
    return Vitals(
        at=now,
        pending=_pending(connection),
        purchase_orders=_pending_orders(connection),
        holds=count_holds(connection),
        oldest_hold=_oldest_hold(connection, now - timedelta(days=credit_days)),
        strangers=_waiting(connection, InboundMail.archived_at, and_(_IS_HELD, InboundMail.unproven)).count,
        unanswered=count_unanswered(connection, answer_hours, now),
        keys={each.code: each.ends for each in endings(connection, now)},
        certificates=read_certificates(connection),
        paused={row.code: Waiting(row.mails, row.since) for row in list_paused(connection)},
        heartbeats=read_service_level(connection, now, late),
        routes=_routes(connection, now),
        mailboxes=_mailboxes(connection, now),
        consents=_consents(connection, now),
        services=frozenset(connection.scalars(select(Worker.service).where(lives(now)))),
        zone=read_zone(connection),
        clock=read_clock(connection, now),
        clocks=read_partner_clocks(connection, now),
        geocoding=_geocoding(connection, now),
        over_limit=read_count(connection),
        uninvoiced=_uninvoiced(connection, now),
        negative=goods.negative,
        unallocated=Waiting(goods.unallocated, goods.since),
        picking=count_waiting(connection),
    )


def _uninvoiced(connection: Connection, now: datetime) -> int:
    """They are counted on the last days of a month alone, and only those of that month."""
    day = today(connection, now)
    if monthrange(day.year, day.month)[1] - day.day >= MONTH_ENDS_DAYS:
        return 0
    return count_uninvoiced(connection, day.replace(day=1))[InvoiceGrouping.CUSTOMER]


def _geocoding(connection: Connection, now: datetime) -> Geocoding | None:
    """Where a value was written past us that is none, the geocoder says so, and orders are watched all the same."""
    try:
        rule = read_geo(connection)
    except Problem:
        return None
    return read_geocoding(connection, rule, this_month(connection, now).name, now)


_MAY_LEAVE = OutboundMail.partner_id.not_in(NOT_SENT_TO)


def _newest(partner: Any, at: Any, *where: ColumnElement[bool]) -> ScalarSelect[datetime | None]:
    """Looked up for each partner from the end of an index."""
    of_partner = select(at).where(partner == Partner.id, at.is_not(None), *where)
    return of_partner.order_by(at.desc()).limit(1).correlate(Partner).scalar_subquery()


_LAST_OUT = _newest(OutboundMail.partner_id, OutboundMail.sent_at, IS_TRAFFIC)
_LAST_IN = _newest(InboundTransfer.partner_id, InboundTransfer.received_at)


def _pending_orders(connection: Connection) -> dict[str, int]:
    order = PurchaseOrder
    rows = select(order.state, func.count()).where(order.state.in_(PENDING), ~IS_BOUGHT).group_by(order.state)
    return {row[0]: row[1] for row in connection.execute(rows)}


def _pending(connection: Connection) -> dict[str, Waiting]:
    """A mail that is sent once more waits for its partner, not for us; a replayed one is old by nature, and one that
    waits for the end of a pause waits for a person; so does one to a partner who rests.
    """
    out, received = OutboundMail, InboundMail
    to_import = (received.state == InboundState.ARCHIVED, received.replayed.is_(False), received.paused_at.is_(None))
    never_sent = out.sent_at.is_(None)
    unsent = (OutboundState.COMPOSED, OutboundState.SENDING, OutboundState.UNKNOWN)
    requested = out.state == OutboundState.REQUESTED
    return {
        COMPOSE: _waiting(connection, out.requested_at, and_(requested, IS_TRAFFIC, _MAY_LEAVE)),
        SEND: _waiting(connection, out.requested_at, and_(out.state.in_(unsent), never_sent, IS_TRAFFIC, _MAY_LEAVE)),
        IMPORT: _waiting(connection, received.archived_at, and_(*to_import)),
    }


def _waiting(connection: Connection, since: Any, condition: ColumnElement[bool]) -> Waiting:
    return Waiting(*connection.execute(select(func.count(), func.min(since)).where(condition)).one())


_IS_HELD = InboundMail.state == InboundState.HELD
_IS_IN_BUDGET = InboundMail.budget.is_(None)


def _oldest_hold(connection: Connection, credit_since: datetime) -> datetime | None:
    """Since when a person is waited for; orders that wait for room go on by themselves, unless that takes too long.

    What strangers send is no hurry, and what is beyond a partner's budget has an alarm of its own.
    """
    is_a_persons = or_(Hold.reason != HoldReason.CREDIT, Hold.opened_at <= credit_since)
    found = (
        _waiting(connection, OutboundMail.requested_at, OutboundMail.state == OutboundState.HELD),
        _waiting(connection, InboundMail.archived_at, and_(_IS_HELD, ~InboundMail.unproven, _IS_IN_BUDGET)),
        _waiting(connection, Hold.opened_at, and_(Hold.closed_at.is_(None), is_a_persons)),
    )
    return _first(held.since for held in found)


def _first(instants: Iterable[datetime | None]) -> datetime | None:
    return min((instant for instant in instants if instant is not None), default=None)


def _routes(connection: Connection, now: datetime) -> dict[str, Route]:
    unanswered = _unanswered(connection)
    gaps = _gaps(connection, now)
    last = (_LAST_OUT.label("last_out"), _LAST_IN.label("last_in"))
    older = (ours_is_older().label("ours_older"), theirs_is_older().label("theirs_older"))
    query = select(Partner.id, Partner.site_code, Partner.party_id, *last, *older)
    partners = connection.execute(query.where(Partner.active).order_by(Partner.id))
    return {
        row.site_code: Route(
            unanswered.get(row.party_id, NOBODY),
            gaps.get(row.id, NOBODY),
            row.last_out,
            row.last_in,
            bool(row.ours_older),
            bool(row.theirs_older),
        )
        for row in partners
    }


def _unanswered(connection: Connection) -> dict[int, Waiting]:
    """By supplier: the orders that were sent and whose answer has not come."""
    order = PurchaseOrder
    rows = connection.execute(
        select(order.supplier_id, func.count(), func.min(order.updated_at))
        .where(order.state == PurchaseState.WAITING)
        .group_by(order.supplier_id)
    )
    return {row[0]: Waiting(row[1], row[2]) for row in rows}


def _gaps(connection: Connection, now: datetime) -> dict[int, Waiting]:
    """By partner: transfers before which one is missing, or what our statement asked for, whichever is more.

    Each transfer looks up one key of the unique index.
    """
    after, before = (InboundTransfer.__table__.alias(name).c for name in ("after", "before"))
    newest = select(func.max(InboundTransfer.id)).scalar_subquery()
    there = select(before.id).where(
        before.partner_id == after.partner_id, before.epoch == after.epoch, before.seq == after.seq - 1
    )
    is_gap = there.limit(1).scalar_subquery().is_(None)  # one look-up each, where EXISTS may become a look through all
    rows = connection.execute(
        select(after.partner_id, func.count(), func.min(after.received_at))
        .where(after.id > newest - RECENT_TRANSFERS, after.received_at > now - RECENT, after.seq > 1, is_gap)
        .group_by(after.partner_id)
    )
    found = {row[0]: Waiting(row[1], row[2]) for row in rows}
    asked = {partner_id: Waiting(*missing) for partner_id, missing in missing_mails(connection).items()}
    return found | {each: max(gap, found.get(each, NOBODY), key=_count) for each, gap in asked.items()}


def _count(waiting: Waiting) -> int:
    return waiting.count


def _mailboxes(connection: Connection, now: datetime) -> dict[str, MailboxVitals]:
    box = Mailbox
    alive = select(Worker.name).where(lives(now))
    owned = func.coalesce(box.owner.in_(alive), False).label("owned")
    rows = connection.execute(
        select(box.name, box.last_success_at, box.poll_seconds, owned).where(is_polled()).order_by(box.id)
    )
    return {row.name: MailboxVitals(row.last_success_at, row.poll_seconds, bool(row.owned)) for row in rows}


def _consents(connection: Connection, now: datetime) -> dict[str, str | None]:
    """Of every account in use; a provider that is away for a moment ends nothing: the old token still serves."""
    grant = OAuthGrant
    ended = or_(grant.expires_at.is_(None), ~grant.expires_at.between(now, now + 2 * TOKEN_VALID))
    wrong = case((ended, grant.error), else_=None)
    found: dict[str, str | None] = {}
    for account, condition in ((Relay, Relay.id > 0), (Mailbox, is_polled())):
        query = select(account.name, wrong).outerjoin(grant, grant.id == account.oauth_grant_id).where(condition)
        found.update((row[0], row[1]) for row in connection.execute(query))
    return found
