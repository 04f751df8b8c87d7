"""What a person does about a partner's keys: confirm one, revoke one, see them all."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, or_, select, update

from intergestan_db import states
from intergestan_db.bells import Bells
from intergestan_db.database import AnyRow
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import InboundMail, InboundTransfer, Ledger, Partner, PartnerKey, SalesOrder
from intergestan_exchange.keys.keys import key_facts, lock_keys, release_held, usable_key
from intergestan_exchange.keys.own_keys import request_notices
from intergestan_msg.card import Card
from intergestan_msg.kinds import KeyAction
from intergestan_msg.seal import PublicKey, is_said

_SHORTEST_PREFIX = 6


@dataclass(frozen=True, slots=True)
class Confirmed:
    """What confirming a key did: which one, and what to ring for."""

    kid: str
    valid_from: datetime | None
    bells: Bells


@dataclass(frozen=True, slots=True)
class ListedKey:
    """A key of a partner, by the partner's code and name. `state` is one word, as `state_of` says it."""

    partner: str
    name: str
    kid: str
    known_at: datetime
    valid_from: datetime
    revoked_at: datetime | None
    revoked_since: datetime | None
    valid_until: datetime | None
    state: str


def list_keys(connection: Connection, partner_id: int | None = None) -> list[ListedKey]:
    """The keys of a partner, or of all, oldest first."""
    query = (
        select(PartnerKey.__table__, Partner.site_code.label("partner"), Partner.name)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .order_by(Partner.site_code, PartnerKey.id)
    )
    rows = connection.execute(query if partner_id is None else query.where(Partner.id == partner_id))
    return [
        ListedKey(
            row.partner,
            row.name,
            row.kid,
            row.known_at,
            row.valid_from,
            row.revoked_at,
            row.revoked_since,
            key_facts(row).ends,
            state_of(row),
        )
        for row in rows
    ]


def state_of(row: AnyRow) -> str:
    """One word for where a key stands: revoked, unconfirmed, replaced, confirmed."""
    if row.revoked_at is not None:
        return "revoked"
    if row.pending:
        return "unconfirmed"
    return "confirmed" if row.replaced_from is None else "replaced"


def find_key(connection: Connection, partner_id: int, text: str) -> str:
    """The id of the key of a partner that somebody means by it, or by six characters or more of its beginning.

    :raises Problem: when none or several fit.
    """
    wanted = text.strip()
    fits = PartnerKey.kid.startswith(wanted, autoescape=True)
    query = select(PartnerKey.__table__).where(PartnerKey.partner_id == partner_id, fits)
    rows = list(connection.execute(query)) if len(wanted) >= _SHORTEST_PREFIX else []
    if len(rows) != 1:
        raise Problem(
            "«{text}» is the beginning of no key of this partner, or of several. Six characters are needed.",
            ProblemCode.NO_KEY,
            (Act.LIST_KEYS,),
            text=text,
        )
    return str(rows[0].kid)


def unconfirmed_keys(connection: Connection, partner_id: int) -> list[PublicKey]:
    """The usable keys that a partner announced and nobody confirmed, oldest first."""
    query = select(PartnerKey.__table__).where(
        PartnerKey.partner_id == partner_id, PartnerKey.pending, PartnerKey.revoked_at.is_(None)
    )
    rows = connection.execute(query.order_by(PartnerKey.id))
    return [key for row in rows if (key := usable_key(row)) is not None]


def check_fingerprint(card: Card, fingerprint: str) -> None:
    """What was said over the telephone is the fingerprint of a card's key.

    :raises Problem: it is that of another key, or mistyped.
    """
    if not is_fingerprint(card.key, fingerprint):
        raise Problem(
            "The fingerprint is not that of the card of {name}: it is another key, or a typing error. Nothing was "
            "changed.",
            ProblemCode.OTHER_KEY,
            name=card.name,
        )


def is_fingerprint(key: PublicKey, fingerprint: str) -> bool:
    """Whether these are the key's twelve words, English or French ones, or its id."""
    return fingerprint.strip() == key.kid or is_said(key, fingerprint)


def key_with(connection: Connection, partner_id: int, fingerprint: str) -> PublicKey:
    """The partner's key with this fingerprint, in words or as an id; one that was replaced may be meant as well.

    :raises Problem: no key of this partner has it: it is another key, or a typing error.
    """
    query = select(PartnerKey.__table__).where(PartnerKey.partner_id == partner_id)
    for row in connection.execute(query):
        key = usable_key(row)
        if key is not None and is_fingerprint(key, fingerprint):
            return key
    raise Problem(
        "No key of this partner has this fingerprint, so nothing was changed: a typing error, or somebody "
        "announced a key in their name. Let them read the twelve words again.",
        ProblemCode.NO_KEY,
        (Act.LIST_KEYS,),
    )


def enter_from_card(connection: Connection, partner_id: int, card: Card, *, at: datetime) -> None:
    """Keep the key of a newer card apart, as an announced one; for a partner whose old key can announce nothing.

    :raises Problem: the card is another site's, or its key another partner's.
    """
    lock_keys(connection)
    code = connection.execute(select(Partner.site_code).where(Partner.id == partner_id)).scalar_one()
    if card.code != code:
        raise Problem(
            "This is the card of {theirs}, not of {code}.", ProblemCode.OTHER_CARD, theirs=card.code, code=code
        )
    holder = connection.execute(
        select(PartnerKey.partner_id).where(PartnerKey.kid == card.key.kid)
    ).scalar_one_or_none()
    if holder is None:
        values = {"partner_id": partner_id, "kid": card.key.kid, "public_key": card.key.raw, "valid_until": card.ends}
        connection.execute(insert(PartnerKey).values(**values, pending=True, known_at=at))
    elif holder != partner_id:
        raise Problem(
            "The key of this card belongs to another partner: no two sites share a key.", ProblemCode.OTHER_KEY
        )


def confirm_key(connection: Connection, partner_id: int, kid: str, *, by: str, at: datetime) -> Confirmed:
    """Let a key count, for a person compared its words; the partner's older keys end where it begins.

    Mails that were held for want of it go to the importer again, on the same path, and the partner is told.
    Confirming a key that was replaced lets it go on, beside the newer one.

    :raises Problem: it was revoked, or counts already.
    """
    lock_keys(connection)
    key = _key(connection, partner_id, kid)
    if key.revoked_at is not None:
        raise Problem("This key was revoked or withdrawn: ask the partner for a new one.", ProblemCode.KEY_ENDED)
    if not key.pending and key.replaced_from is None:
        raise Problem("This key was confirmed already: nothing to do.", ProblemCode.UNCHANGED)
    connection.execute(update(PartnerKey).where(PartnerKey.id == key.id).values(pending=False, replaced_from=None))
    if key.pending:
        _end_older(connection, key, at)
    _record(connection, partner_id, "confirm_key", kid, by, at)
    notice = {"action": KeyAction.CONFIRM, "kid": kid}
    mails = request_notices(connection, [partner_id], notice, at) if key.pending else ()
    released = release_held(connection, partner_id, kid, by=by, at=at)
    return Confirmed(kid, key.valid_from, Bells(compose=mails, take_in=released))


def revoke_key(
    connection: Connection, partner_id: int, kid: str, *, since: datetime | None, by: str, at: datetime
) -> Bells:
    """Let a key count no more: mails that it signed are held, also those that still wait here.

    :param since: what we had archived before this instant still counts; nothing does without it.
    :raises Problem: `since` lies ahead.
    """
    if since is not None and since > at:
        raise Problem("The day from which the key is not to be trusted lies ahead.", ProblemCode.NO_VALUE)
    lock_keys(connection)
    key = _key(connection, partner_id, kid)
    revoked = {"revoked_at": key.revoked_at or at, "revoked_since": since}
    connection.execute(update(PartnerKey).where(PartnerKey.id == key.id).values(**revoked))
    _record(connection, partner_id, "revoke_key", kid, by, at)
    return Bells(take_in=release_held(connection, partner_id, kid, by=by, at=at))


@dataclass(frozen=True, slots=True)
class BookedUnder:
    """A document that was taken in under a key, when it came and what became of it."""

    received_at: datetime
    composed_at: datetime
    transfer_id: str
    type: str
    number: str
    revision: int
    outcome: str
    sales_order: str | None


def booked_under(connection: Connection, kid: str, since: datetime | None) -> list[BookedUnder]:
    """What was taken in under a key, for a person to look at.

    :param since: only what we received from then on.
    """
    query = (
        select(
            *(InboundTransfer.received_at, InboundTransfer.composed_at, InboundTransfer.jti.label("transfer_id")),
            *(Ledger.type, Ledger.number, Ledger.revision, Ledger.outcome, SalesOrder.number.label("sales_order")),
        )
        .join(InboundMail, InboundMail.id == InboundTransfer.inbound_mail_id)
        .join(Ledger, Ledger.inbound_transfer_id == InboundTransfer.id)
        .outerjoin(SalesOrder, SalesOrder.id == Ledger.sales_order_id)
        .where(InboundMail.kid == kid)
        .order_by(InboundTransfer.received_at, Ledger.id)
    )
    rows = connection.execute(query if since is None else query.where(InboundTransfer.received_at >= since))
    return [BookedUnder(**row) for row in rows.mappings()]


def turn_down(connection: Connection, kid: str, at: datetime) -> None:
    """An announced key that a person refused never counts."""
    lock_keys(connection)
    pending = (PartnerKey.kid == kid, PartnerKey.pending, PartnerKey.revoked_at.is_(None))
    connection.execute(update(PartnerKey).where(*pending).values(revoked_at=at))


def _end_older(connection: Connection, key: AnyRow, at: datetime) -> None:
    """A key that began earlier, and has no successor yet, ends where the new one begins."""
    start = key.valid_from or at
    older = or_(PartnerKey.valid_from.is_(None), PartnerKey.valid_from < start)
    connection.execute(
        update(PartnerKey)
        .where(
            PartnerKey.partner_id == key.partner_id,
            PartnerKey.id != key.id,
            PartnerKey.pending.is_(False),
            PartnerKey.replaced_from.is_(None),
            older,
        )
        .values(replaced_from=start)
    )


def _key(connection: Connection, partner_id: int, kid: str) -> AnyRow:
    query = select(PartnerKey.__table__).where(PartnerKey.partner_id == partner_id, PartnerKey.kid == kid)
    return connection.execute(query).one()


def _record(connection: Connection, partner_id: int, event: str, kid: str, by: str, at: datetime) -> None:
    detail = {"kid": kid}
    states.record(connection, Partner.__tablename__, [(partner_id, None, None)], event, by=by, at=at, detail=detail)
