"""Who is in charge is told by mail of what waits: each thing once, in one mail for all that is new.

The mark of what was told (`told_hold`) and the mail itself (`notice`) are written in one transaction: a crash loses
neither. The mail leaves on its own row, as often as it takes for one 250.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType

import uuid_utils
from sqlalchemy import Connection, and_, delete, func, insert, literal, not_, select, union_all

from intergestan_db import states
from intergestan_db.enums import NoticeAbout, OutboundState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.site_rows import read_site
from intergestan_db.tables import (
    Hold,
    InboundMail,
    Mailbox,
    Notice,
    OutboundMail,
    Partner,
    ReviewReply,
    SalesOrder,
    Site,
    ToldHold,
)
from intergestan_exchange.holds.holds import GROUP, INBOUND, IS_HELD, ORDER, OUTBOUND, holds_called, is_apart
from intergestan_exchange.holds.notice_text import News, about, in_review, write_notice
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.mail.notice import compose_notice

REVIEW = "sales"
"""Beside the kinds of `holds.py`: a sales order in review."""
STRANGERS_EVERY = timedelta(days=1)
"""What strangers send brings a notice of its own at most this often."""
KEPT = timedelta(days=30)
"""For so long what was sent stays in the base."""

BY = "dispatcher"
Key = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Standing:
    """What waits and was not told, what was told and waits no more, and when a notice was made last.

    Mails of strangers, and those beyond a partner's budget, are one thing for each reason and signer: the first one.

    :ivar strangers: which of the new ones are strangers'; `told_strangers`: when any of these was told last.
    :ivar others: for how many others each one stands.
    """

    new: frozenset[Key]
    gone: frozenset[Key]
    total: int
    last: datetime | None
    strangers: frozenset[Key] = frozenset()
    told_strangers: datetime | None = None
    others: Mapping[Key, int] = field(default_factory=dict)

    def at(self, now: datetime) -> Standing:
        """The same, without what strangers sent when that was told within a day, or in the future."""
        if self.told_strangers is None or abs(now - self.told_strangers) >= STRANGERS_EVERY:
            return self
        return replace(self, new=self.new - self.strangers, strangers=frozenset())

    def is_time(self, now: datetime, every: timedelta) -> bool:
        """Whether there is news, and the last notice is old enough, or from the future."""
        return bool(self.new) and (self.last is None or abs(now - self.last) >= every)


@dataclass(frozen=True, slots=True)
class Letter:
    """A composed mail to one of our own people: the `recipient`, whom the sender reads in its own settings."""

    about: NoticeAbout
    recipient: str
    mime: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """A notice that is not written yet."""

    standing: Standing
    letter: Letter


def compare(connection: Connection) -> Standing:
    """What waits, against what was told. Reads ids only, of what waits.

    The marks are read first: what another dispatcher tells meanwhile is seen when this one writes.
    """
    last = _last(connection)
    told = {(row.kind, row.row_id) for row in connection.execute(select(ToldHold.kind, ToldHold.row_id))}
    waiting = union_all(
        select(literal(INBOUND).label("kind"), InboundMail.id).where(IS_HELD, not_(is_apart())),
        select(literal(OUTBOUND), OutboundMail.id).where(OutboundMail.state == OutboundState.HELD),
        select(literal(ORDER), Hold.id).where(Hold.closed_at.is_(None)),
        select(literal(REVIEW), ReviewReply.sales_order_id),
    )
    wait = {(str(kind), int(row_id)) for kind, row_id in connection.execute(waiting)}
    groups = connection.execute(_GROUPS).all()
    firsts = {(INBOUND, int(row.first)): row for row in groups}
    new = frozenset(wait - told) | {key for key, row in firsts.items() if not row.told}
    still = {(INBOUND, int(row_id)) for row_id in connection.scalars(_TOLD_APART)}
    return Standing(
        new,
        frozenset(told - wait - still),
        len(wait) + len(groups),
        last,
        frozenset(key for key in new if key in firsts and firsts[key].unproven),
        max((row.told_at for row in groups if row.unproven and row.told_at is not None), default=None),
        {key: row.n - 1 for key, row in firsts.items() if row.n > 1},
    )


def forget(connection: Connection, gone: Collection[Key]) -> None:
    """What waits no more is news again when it comes back."""
    for kind in {kind for kind, _ in gone}:
        ids = [row_id for its_kind, row_id in gone if its_kind == kind]
        connection.execute(delete(ToldHold).where(ToldHold.kind == kind, ToldHold.row_id.in_(ids)))


def draft(
    connection: Connection, standing: Standing, to: str, language: str, every: timedelta, now: datetime
) -> Draft | None:
    """The mail about what is new; None when nothing of it waits any more.

    :raises Problem: `to` is an address of our own: we would write to ourselves.
    """
    check_reader(connection, to)
    site = read_site(connection)
    news = read_news(connection, standing.new, language, standing.others)
    if not news:
        return None
    minutes = round(every.total_seconds() / 60)
    subject, text = write_notice(site.name, news, standing.total, minutes, language)
    return Draft(standing, compose(connection, NoticeAbout.HOLDS, to, subject, text, now))


def compose(connection: Connection, kind: NoticeAbout, to: str, subject: str, text: str, now: datetime) -> Letter:
    """A mail from the site to one of its own people."""
    site = read_site(connection)
    mime = compose_notice(
        EmailAddress(site.orders_address, site.name),
        EmailAddress(to),
        message_id=f"{uuid_utils.uuid7()}@{site.orders_address.partition('@')[2]}",
        date=now,
        subject=subject,
        text=text,
    )
    return Letter(kind, to, mime)


def read_news(
    connection: Connection, keys: Collection[Key], language: str, others: Mapping[Key, int] = MappingProxyType({})
) -> list[News]:
    """What to say about these, the longest waiting first; the orders in review last.

    :param others: for how many others a thing stands.
    """
    refs = [f"{kind}-{row_id}" for kind, row_id in keys if kind != REVIEW]
    news = [
        News(
            hold.ref,
            about(hold.order, hold.partner, language, others.get((hold.kind, hold.id), 0)),
            hold.what(language),
            str(hold.advice(language)),
        )
        for hold in holds_called(connection, refs)
    ]
    orders = connection.execute(
        select(SalesOrder.number, SalesOrder.customer_order_number, Partner.name)
        .join(ReviewReply, ReviewReply.sales_order_id == SalesOrder.id)
        .join(Partner, Partner.id == SalesOrder.partner_id)
        .where(SalesOrder.id.in_([row_id for kind, row_id in keys if kind == REVIEW]))
        .order_by(SalesOrder.id)
    )
    return news + [in_review(row.number, row.customer_order_number, row.name, language) for row in orders]


def write(connection: Connection, drafted: Draft, now: datetime) -> int | None:
    """Enter the notice with what it tells; its row id, or None when another dispatcher was faster."""
    connection.execute(select(Site.id).with_for_update()).all()
    if _last(connection) != drafted.standing.last:
        return None
    told = [{"kind": kind, "row_id": row_id, "told_at": now} for kind, row_id in sorted(drafted.standing.new)]
    connection.execute(insert(ToldHold), told)
    for kind in {kind for kind, _ in drafted.standing.new}:
        rows = [(row_id, None, None) for its_kind, row_id in sorted(drafted.standing.new) if its_kind == kind]
        states.record(connection, _SUBJECTS[kind], rows, "tell", by=BY, at=now, detail={"to": drafted.letter.recipient})
    return enter(connection, drafted.letter, now)


def enter(connection: Connection, letter: Letter, now: datetime) -> int:
    """Enter a mail that is due at once; its row id. The caller rings NOTIFY after the commit."""
    connection.execute(delete(Notice).where(Notice.created_at < now - KEPT, Notice.next_attempt_at.is_(None)))
    return connection.execute(
        insert(Notice)
        .values(about=letter.about, mime=letter.mime, created_at=now, next_attempt_at=now, rung_at=now)
        .returning(Notice.id)
    ).scalar_one()


def check_reader(connection: Connection, to: str) -> None:
    """Refuse an address that this site reads itself: only a program would read the notice there.

    :raises Problem: with what to correct.
    """
    site = read_site(connection)
    logins = connection.execute(select(Mailbox.login)).scalars()
    if _bare(to) in {_bare(own) for own in (site.orders_address, site.answers_address, *logins) if own}:
        raise Problem(
            "{to} is a mailbox of this site, so no notice is sent: a person must read it.",
            ProblemCode.OWN_MAILBOX,
            to=to,
        )


def last_given_up(connection: Connection) -> str | None:
    """What the server said of the newest notice, if that was given up."""
    newest = connection.execute(
        select(Notice.sent_at, Notice.next_attempt_at, Notice.error).order_by(Notice.id.desc()).limit(1)
    ).first()
    if newest is None or newest.sent_at is not None or newest.next_attempt_at is not None:
        return None
    return str(newest.error)


_SUBJECTS = {
    INBOUND: states.INBOUND_MAIL.name,
    OUTBOUND: states.OUTBOUND_MAIL.name,
    ORDER: Hold.__tablename__,
    REVIEW: states.SALES_ORDER.name,
}
"""What the events that somebody was told are about."""


_IS_TOLD = and_(ToldHold.kind == INBOUND, ToldHold.row_id == InboundMail.id)
_APART = and_(IS_HELD, is_apart())
_GROUPS = (
    select(
        func.min(InboundMail.id).label("first"),
        func.count().label("n"),
        func.count(ToldHold.row_id).label("told"),
        func.max(ToldHold.told_at).label("told_at"),
        InboundMail.unproven,
    )
    .select_from(InboundMail)
    .outerjoin(ToldHold, _IS_TOLD)
    .where(_APART)
    .group_by(*GROUP, InboundMail.unproven)
)
_TOLD_APART = select(InboundMail.id).join(ToldHold, _IS_TOLD).where(_APART)


def _last(connection: Connection) -> datetime | None:
    return connection.execute(select(func.max(Notice.created_at))).scalar_one()


def _bare(address: str) -> str:
    """An address without its tag: what is written to a+b@c is read at a@c."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"
