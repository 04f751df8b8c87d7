"""Everything that waits for a person, in one list, from three places.

Mails that came and were not understood (`in-12`), mails of ours that do not get through (`out-3`), and orders in
verified mails that a rule held (`order-17`). What a person does about one is in `hold_acts.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, bindparam, func, literal, not_, or_, select, union_all

from intergestan_db import states
from intergestan_db.enums import HoldReason, InboundState, LedgerOutcome, OutboundState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Event, InboundMail, InboundTransfer, Ledger, OutboundMail, Partner
from intergestan_db.tables import Hold as HoldRow
from intergestan_erp.listing.page import USUAL, Page, read_page
from intergestan_exchange.findings import undelivered as undelivered_words
from intergestan_exchange.findings.advice import ADVICE, Advice, acts_of, advised
from intergestan_exchange.findings.finding import Finding, read_findings
from intergestan_exchange.findings.findings import explain_all, explain_told
from intergestan_exchange.findings.undelivered import undelivered
from intergestan_exchange.outbox.outbound import Outbound, list_outbound
from intergestan_msg.diagnosis import Diagnosed

INBOUND, OUTBOUND, ORDER = "in", "out", "order"
ARRIVED = f"{HoldReason.DAMAGED}.arrived"
_MAY_ARRIVE_AGAIN = frozenset({HoldReason.DAMAGED, HoldReason.BAD_MESSAGE})
_UNSETTLED = (LedgerOutcome.HELD, LedgerOutcome.WAITING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Something that waits for a person, and why.

    :ivar kind: `in`, `out` or `order`; `id` is the row's there.
    :ivar order: the order's number, or those of the mail's orders.
    :ivar has_arrived: what the mail brought has been taken in since, from another copy.
    :ivar is_conflict: we have this order with other content or as another revision, which stands.
    :ivar sha256: the archived mail that it is about; `transfer_id`: the transfer.
    :ivar is_strangers: nobody whom we know vouches for the mail.
    :ivar others: how many more wait for the same reason and of the same signer, where it stands for all of them.
    :ivar partner_id: the row of the partner, if we know them.
    """

    kind: str
    id: int
    reason: HoldReason
    since: datetime
    findings: tuple[Finding, ...]
    partner: str | None = None
    order: str | None = None
    is_conflict: bool = False
    sha256: str | None = None
    transfer_id: str | None = None
    subject: str | None = None
    sender: str | None = None
    has_arrived: bool = False
    is_strangers: bool = False
    others: int = 0
    partner_id: int | None = None

    @property
    def ref(self) -> str:
        """What people call it: `order-17`."""
        return f"{self.kind}-{self.id}"

    def what(self, language: str) -> str:
        """What was found, in `fr` or `en`."""
        return explain_all(self.findings, language)

    def told(self, language: str) -> str:
        """What the partner reads of it."""
        return explain_told(self.findings, language)

    def advice(self, language: str) -> Advice:
        """What that means for the order, and what to do."""
        if self.reason is HoldReason.UNDELIVERED:
            return undelivered_words.advice(self.findings[0], language)
        return advised(self._key, language)

    @property
    def next(self) -> tuple[Act, ...]:
        """What may be done, for each face to word."""
        return acts_of(self._key)

    @property
    def _key(self) -> str:
        if self.has_arrived:
            return ARRIVED
        reason = HoldReason.CONFLICT if self.is_conflict else self.reason
        variants = (f"{reason}.{finding.variant}" for finding in self.findings if finding.reason is reason)
        return next((variant for variant in variants if variant in ADVICE), reason)


@dataclass(frozen=True, slots=True)
class ShownFinding:
    """One finding of a hold, for programs. :ivar line: the line of the order."""

    reason: str
    line: str | None
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ShownHold:
    """A hold as JSON has it, on the command line and in the API: words stay, sentences are in a language."""

    ref: str
    kind: str
    reason: HoldReason
    since: datetime
    partner: str | None
    order: str | None
    conflict: bool
    strangers: bool
    others: int
    what: str
    means: str
    do: str
    next: tuple[Act, ...]
    findings: tuple[ShownFinding, ...]
    sha256: str | None
    transfer_id: str | None
    subject: str | None
    sender: str | None


def shown(hold: Hold, language: str) -> ShownHold:
    """All of a hold that is told, in `fr` or `en`."""
    advice = hold.advice(language)
    return ShownHold(
        ref=hold.ref,
        kind=hold.kind,
        reason=hold.reason,
        since=hold.since,
        partner=hold.partner,
        order=hold.order,
        conflict=hold.is_conflict,
        strangers=hold.is_strangers,
        others=hold.others,
        what=hold.what(language),
        means=advice.means,
        do=advice.do,
        next=hold.next,
        findings=tuple(ShownFinding(each.reason, each.line_id, dict(each.values)) for each in hold.findings),
        sha256=hold.sha256,
        transfer_id=hold.transfer_id,
        subject=hold.subject,
        sender=hold.sender,
    )


def list_holds(connection: Connection) -> list[Hold]:
    """All that waits, the longest first. Where there may be much of it, `list_holds_page` is asked."""
    holds = [*_inbound(connection), *_outbound(connection), *_orders(connection)]
    return sorted(holds, key=_longest_first)


def _longest_first(hold: Hold) -> tuple[datetime, str, int]:
    return hold.since, hold.kind, hold.id


class Shown(StrEnum):
    """Which part of all that waits: everything, what strangers sent, or everything else."""

    ALL = "all"
    STRANGERS = "strangers"
    KNOWN = "known"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which holds a person wants to see; None is any."""

    kind: str | None = None
    reason: HoldReason | None = None
    partner_id: int | None = None


ANY = Wanted()


def list_holds_page(
    connection: Connection,
    *,
    wanted: Wanted = ANY,
    size: int = USUAL,
    after: str | None = None,
    shown: Shown = Shown.ALL,
    grouped: bool = False,
) -> Page[Hold]:
    """A page of what waits, the longest first: which these are, and then these alone, of whatever kind.

    :param grouped: mails of strangers, and what is beyond a partner's budget, are one row for each reason and signer:
        the first mail, with how many `others` there are. `same_as` names them all.
    :raises Problem: `after` is of no such page.
    """
    waiting = union_all(*_waiting(shown, grouped=grouped)).subquery()
    keys = [waiting.c.since, waiting.c.kind, waiting.c.id]
    asked = {"kind": wanted.kind, "reason": wanted.reason, "partner_id": wanted.partner_id}
    narrow = [waiting.c[name] == value for name, value in asked.items() if value is not None]
    query = select(waiting.c.kind, waiting.c.id, waiting.c.others).where(*narrow)
    page = read_page(connection, query, keys, lambda row: (row.kind, row.id, row.others), size=size, after=after)
    found: dict[tuple[str, int], Hold] = {}
    for kind, read in _READERS.items():
        ids = [row_id for each, row_id, _ in page.rows if each == kind]
        found |= {(hold.kind, hold.id): hold for hold in (read(connection, ids) if ids else ())}
    rows = (
        replace(found[kind, row_id], others=others) if others else found[kind, row_id]
        for kind, row_id, others in page.rows
        if (kind, row_id) in found
    )
    return Page(tuple(rows), page.after)


@dataclass(frozen=True, slots=True)
class HowMany:
    """How many rows of the list wait for one reason."""

    kind: str
    reason: HoldReason
    count: int


def count_holds(connection: Connection, partner_id: int | None = None) -> list[HowMany]:
    """How many wait of each kind and for each reason, those of which most wait first, grouped as in the list."""
    waiting = union_all(*_waiting(Shown.ALL, grouped=True)).subquery()
    many = func.count().label("many")
    query = select(waiting.c.kind, waiting.c.reason, many).group_by(waiting.c.kind, waiting.c.reason)
    if partner_id is not None:
        query = query.where(waiting.c.partner_id == partner_id)
    rows = connection.execute(query.order_by(many.desc(), waiting.c.kind, waiting.c.reason))
    return [HowMany(row.kind, HoldReason(row.reason), row.many) for row in rows]


def same_as(connection: Connection, ref: str) -> list[str]:
    """The mails that `list_holds_page` shows in one row with this one, itself first.

    Of any other hold only itself; empty where it waits no more.

    :raises Problem: `ref` is no ref.
    """
    kind, row_id = parse_ref(ref)
    if next(_READERS[kind](connection, [row_id]), None) is None:
        return []
    if kind != INBOUND:
        return [ref]
    own = connection.execute(_GROUP_OF, {"mail": row_id}).one()
    same = [column.is_not_distinct_from(value) for column, value in zip(GROUP, own, strict=True)]
    query = select(InboundMail.id).where(IS_HELD, is_apart(), *same, InboundMail.id != row_id)
    others = connection.scalars(query.order_by(InboundMail.id))
    return [ref, *(f"{INBOUND}-{other}" for other in others)]


def is_strangers() -> ColumnElement[bool]:
    """The condition of mails that nobody whom we know vouches for."""
    return InboundMail.unproven


def is_apart() -> ColumnElement[bool]:
    """The condition of mails that are shown in one row for each reason and signer."""
    return or_(InboundMail.unproven, InboundMail.budget.is_not(None))


IS_HELD = InboundMail.state == InboundState.HELD
GROUP: tuple[ColumnElement[Any], ...] = tuple(
    InboundMail.__table__.c[name] for name in ("reason", "kid", "partner_id", "budget")
)
"""What such mails have in common that stand in one row."""
_GROUP_OF = select(*GROUP).where(InboundMail.id == bindparam("mail"))


def _waiting(shown: Shown, *, grouped: bool) -> Iterator[Select[*tuple[Any, ...]]]:
    """What waits, with its kind and since when; of a row for several, how many others it stands for."""
    parts = {Shown.STRANGERS: is_strangers(), Shown.KNOWN: not_(is_strangers())}
    wanted = (parts[shown],) if shown in parts else ()
    apart = (not_(is_apart()),) if grouped else ()
    yield _waiting_mails(INBOUND, InboundMail, InboundMail.archived_at).where(*wanted, *apart)
    if grouped:
        yield (
            select(
                literal(INBOUND).label("kind"),
                func.min(InboundMail.id).label("id"),
                func.min(InboundMail.archived_at).label("since"),
                (func.count() - 1).label("others"),
                *(InboundMail.reason.label("reason"), InboundMail.partner_id.label("partner_id")),
            )
            .where(IS_HELD, is_apart(), *wanted)
            .group_by(*GROUP)
        )
    if shown is not Shown.STRANGERS:
        yield _waiting_mails(OUTBOUND, OutboundMail, OutboundMail.requested_at)
        orders = select(
            *(literal(ORDER).label("kind"), HoldRow.id, HoldRow.opened_at.label("since"), literal(0).label("others")),
            *(HoldRow.reason.label("reason"), HoldRow.partner_id.label("partner_id")),
        )
        yield orders.where(HoldRow.closed_at.is_(None))


def _waiting_mails(kind: str, table: type[InboundMail | OutboundMail], otherwise: Any) -> Select[*tuple[Any, ...]]:
    """The mails that are held, and since when: an event says when each was put there last.

    :param otherwise: since when one waits of which no event says it.
    """
    held_at = (
        select(func.max(Event.at))
        .where(Event.subject == table.__tablename__, Event.subject_id == table.id, Event.new == "held")
        .correlate(table.__table__)
        .scalar_subquery()
    )
    return select(
        literal(kind).label("kind"),
        table.id,
        func.coalesce(held_at, otherwise).label("since"),
        literal(0).label("others"),
        *(func.coalesce(table.reason, literal(HoldReason.FAILED.value)).label("reason"), table.partner_id),
    ).where(table.state == "held")


def find_hold(connection: Connection, ref: str) -> Hold:
    """The hold that a person names.

    :raises Problem: when there is none, or when it waits no more.
    """
    kind, row_id = parse_ref(ref)
    found = next(_READERS[kind](connection, [row_id]), None)
    if found is None:
        raise Problem("«{ref}» does not wait any more, or never did.", ProblemCode.NO_HOLD, (Act.LIST_HOLDS,), ref=ref)
    return found


def holds_called(connection: Connection, refs: Sequence[str]) -> list[Hold]:
    """Those of these that still wait, the longest first.

    :raises Problem: one is no ref.
    """
    ids: dict[str, list[int]] = {}
    for kind, row_id in map(parse_ref, refs):
        ids.setdefault(kind, []).append(row_id)
    holds = [hold for kind, row_ids in ids.items() for hold in _READERS[kind](connection, row_ids)]
    return sorted(holds, key=_longest_first)


def parse_ref(ref: str) -> tuple[str, int]:
    """The kind and the row's id in a ref.

    :raises Problem: when it is none.
    """
    match = re.fullmatch(r"(in|out|order)-(\d{1,18})", ref.strip().lower())
    if match is None:
        raise Problem(
            "«{ref}» is no hold: they are called in-12, out-3 or order-17.",
            ProblemCode.NO_HOLD,
            (Act.LIST_HOLDS,),
            ref=ref,
        )
    return match[1], int(match[2])


def _inbound(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[Hold]:
    query = (
        select(InboundMail.__table__, Partner.name.label("partner"))
        .outerjoin(Partner, Partner.id == InboundMail.partner_id)
        .where(InboundMail.state == InboundState.HELD)
        .order_by(InboundMail.id)
    )
    rows = connection.execute(query if ids is None else query.where(InboundMail.id.in_(ids))).all()
    since = _held_since(connection, states.INBOUND_MAIL, [row.id for row in rows])
    found = {row.id: read_findings(row.detail) for row in rows}
    arrived = _arrived(connection, rows, found)
    for row in rows:
        yield Hold(
            kind=INBOUND,
            id=row.id,
            reason=HoldReason(row.reason),
            since=since.get(row.id, row.archived_at),
            findings=found[row.id],
            partner=row.partner,
            order=found[row.id][0].values.get("orders"),
            sha256=row.sha256,
            transfer_id=row.transfer_id,
            has_arrived=row.id in arrived,
            is_strangers=row.unproven,
            partner_id=row.partner_id,
            subject=row.subject,
            sender=row.sender,
        )


def _arrived(connection: Connection, rows: Sequence[Any], found: Mapping[int, Sequence[Finding]]) -> set[int]:
    """The mails of these whose transfer has been taken in from another copy: the very one that is signed, or the one
    that they claim to be.
    """
    claimed: dict[int, tuple[str, str | None]] = {}
    for row in rows:
        values = found[row.id][0].values
        transfer = row.transfer_id or values.get("claims")
        if transfer and row.reason in _MAY_ARRIVE_AGAIN:
            claimed[row.id] = (transfer, values.get("digest"))
    if not claimed:
        return set()
    from intergestan_db.among import among

    came = select(InboundTransfer.jti, InboundTransfer.transfer_digest).where(among(InboundTransfer.jti, "transfers"))
    known: set[tuple[str, str | None]] = set()
    for jti, digest in connection.execute(came, {"transfers": sorted({transfer for transfer, _ in claimed.values()})}):
        known |= {(jti, digest), (jti, None)}
    return {row_id for row_id, transfer in claimed.items() if transfer in known}


def _outbound(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[Hold]:
    mails = list_outbound(connection, states=[OutboundState.HELD], ids=ids)
    since = _held_since(connection, states.OUTBOUND_MAIL, [mail.id for mail in mails])
    whose = _whose(connection, [mail.id for mail in mails])
    for mail in mails:
        reason = HoldReason(mail.reason or HoldReason.FAILED)
        yield Hold(
            kind=OUTBOUND,
            id=mail.id,
            reason=reason,
            since=since.get(mail.id, mail.requested_at),
            findings=(_finding_of(mail, reason),),
            partner=mail.partner,
            order=", ".join(mail.orders) or None,
            transfer_id=mail.transfer_id,
            partner_id=whose[mail.id],
        )


def _whose(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """The partner of each of these mails of ours."""
    if not ids:
        return {}
    from intergestan_db.among import among

    rows = connection.execute(
        select(OutboundMail.id, OutboundMail.partner_id).where(among(OutboundMail.id, "mails")), {"mails": ids}
    )
    return {row.id: row.partner_id for row in rows}


def _finding_of(mail: Outbound, reason: HoldReason) -> Finding:
    """The sender and the composer keep plain text: what the server said, or how often it was sent again."""
    if reason is HoldReason.UNDELIVERED:
        return undelivered(mail.detail or "")
    said = mail.detail or ""
    diagnosis = said.diagnosis if isinstance(said, Diagnosed) else None
    return Finding(reason, {"error": said, "resends": said}, diagnosis=diagnosis)


def entry_of(hold: Any) -> Any:
    """The id of the ledger's row for a held document: its own, or else that of the newest series, which it denies."""
    entry = Ledger.__table__.alias("entry").c
    same = (entry.partner_id == hold.partner_id, entry.type == hold.type, entry.number == hold.number)
    rows = select(entry.id).where(*same, entry.revision == hold.revision).order_by(entry.epoch.desc()).limit(1)
    own = rows.where(entry.business_hash == hold.business_hash)
    return func.coalesce(own.correlate(HoldRow).scalar_subquery(), rows.correlate(HoldRow).scalar_subquery())


def _orders(connection: Connection, ids: Sequence[int] | None = None) -> Iterator[Hold]:
    query = (
        select(
            HoldRow.__table__,
            *(Partner.name.label("partner"), InboundTransfer.jti),
            *(InboundMail.sha256, InboundMail.subject, InboundMail.sender),
            *(Ledger.outcome.label("outcome"), Ledger.business_hash.label("standing")),
        )
        .join(Partner, Partner.id == HoldRow.partner_id)
        .join(InboundTransfer, InboundTransfer.id == HoldRow.inbound_transfer_id)
        .join(InboundMail, InboundMail.id == HoldRow.inbound_mail_id)
        .outerjoin(Ledger, Ledger.id == entry_of(HoldRow.__table__.c))
        .where(HoldRow.closed_at.is_(None))
        .order_by(HoldRow.id)
    )
    for row in connection.execute(query if ids is None else query.where(HoldRow.id.in_(ids))):
        yield Hold(
            kind=ORDER,
            id=row.id,
            reason=HoldReason(row.reason),
            since=row.opened_at,
            findings=read_findings(row.detail),
            partner=row.partner,
            order=row.number,
            is_conflict=row.outcome not in _UNSETTLED or row.standing != row.business_hash,
            sha256=row.sha256,
            transfer_id=row.jti,
            partner_id=row.partner_id,
            subject=row.subject,
            sender=row.sender,
        )


_READERS = {INBOUND: _inbound, OUTBOUND: _outbound, ORDER: _orders}


def _held_since(connection: Connection, machine: states.Machine, ids: Sequence[int]) -> dict[int, datetime]:
    """When each of these mails was last put there."""
    if not ids:
        return {}
    from intergestan_db.among import among

    held = select(Event.subject_id, func.max(Event.at).label("at")).where(
        Event.subject == machine.name, Event.new == "held", among(Event.subject_id, "mails")
    )
    rows = connection.execute(held.group_by(Event.subject_id), {"mails": ids})
    return {row.subject_id: row.at for row in rows}
