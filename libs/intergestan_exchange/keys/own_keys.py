"""Our own signing key and the one that shall follow it: announced, signing from an agreed instant on, finished.

The new key's file lies beside the first one, under its own name, and no file is ever renamed: which key signs stands in
the base alone. Frozen mails keep their signature; a mail that is sent again needs no key.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Select, func, select, update

from intergestan_db import states
from intergestan_db.bulk import insert_rows
from intergestan_db.database import AnyRow
from intergestan_db.enums import OutboundState
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.site_rows import OwnSite
from intergestan_db.tables import OutboundKeyNotice, OutboundMail, Partner, PartnerKey, Site
from intergestan_exchange.keys.keys import lock_keys
from intergestan_exchange.outbox.outbound import answered
from intergestan_exchange.outbox.requests import request_mails
from intergestan_msg.kinds import KeyAction, Kind
from intergestan_msg.seal import PublicKey

CLOSED = (OutboundState.ANSWERED, OutboundState.ABANDONED)
_NO_NEXT = dict.fromkeys(("next_key", "next_public_key", "next_key_from", "next_key_until"))


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A key of ours, and the instants after which and before which no partner accepts it."""

    kid: str
    until: datetime | None
    since: datetime | None = None


def signs_now(site: OwnSite, now: datetime) -> OwnKey:
    """The key that signs at this instant."""
    if site.next_key is not None and site.next_key_from is not None and now >= site.next_key_from:
        return OwnKey(site.next_key, site.next_key_until, site.next_key_from)
    return OwnKey(site.key_fingerprint, site.key_until, site.key_from)


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key that shall take the place of ours. `signs_from` is a whole second, for mails count in seconds."""

    key: PublicKey
    signs_from: datetime
    signs_until: datetime | None = None


def check_can_rotate(connection: Connection) -> None:
    """Refuse a second new key while there is one.

    :raises Problem: with the command that ends the rotation.
    """
    site = _locked_site(connection)
    if site.next_key is not None:
        raise Problem(
            "A new key ({kid}) is announced already, which ends first.",
            ProblemCode.KEY_ANNOUNCED,
            (Act.FINISH_KEY, Act.ABORT_KEY),
            kid=site.next_key,
        )


def announce(connection: Connection, new: NewKey, *, by: str, at: datetime) -> tuple[int, ...]:
    """Announce a new key to every partner whose key counts; the mails to compose.

    :raises Problem: another one is announced, the present key ended, or the new one would end before it begins; or
        it would begin before the instant at which a mail that the present key signed says that it was composed.
    """
    check_can_rotate(connection)
    site = _site(connection)
    if site.key_until is not None and site.key_until <= at:
        raise Problem(
            "Our key ended, so nobody would believe what it announces.", ProblemCode.KEY_ENDED, (Act.REPLACE_LOST_KEY,)
        )
    if new.signs_until is not None and new.signs_until <= new.signs_from:
        raise Problem("The new key would end before it begins to sign.", ProblemCode.NO_VALUE)
    _check_dated_before(connection, new.signs_from)
    connection.execute(
        update(Site).values(
            next_key=new.key.kid,
            next_public_key=new.key.raw,
            next_key_from=new.signs_from,
            next_key_until=new.signs_until,
        )
    )
    _record(connection, "announce_key", new.key.kid, by, at)
    return _announce_to(connection, _active_partners(connection), site.key_fingerprint, new, at)


def announce_to_new_partner(connection: Connection, partner_id: int, at: datetime) -> None:
    """A partner who is added while a new key is announced was given the old card, so he is told as well."""
    site = _site(connection)
    if site.next_key is None or at >= site.next_key_from:
        return
    new = NewKey(PublicKey(site.next_public_key), site.next_key_from, site.next_key_until)
    _announce_to(connection, [partner_id], site.key_fingerprint, new, at)


def replace_lost(connection: Connection, new: NewKey, *, by: str, at: datetime) -> None:
    """Sign with another key at once, announced by nobody: the present one is lost, stolen, or over."""
    site = _locked_site(connection)
    values = {"key_fingerprint": new.key.kid, "key_from": None, "key_until": new.signs_until, **_NO_NEXT}
    connection.execute(update(Site).values(**values))
    _drop_requested(connection, [kid for kid in (site.key_fingerprint, site.next_key) if kid], by, at)
    _record(connection, "replace_key", new.key.kid, by, at)


def abort(connection: Connection, *, by: str, at: datetime) -> tuple[str, tuple[int, ...]]:
    """Take an announcement back before the new key signs: its key id, and the mails to compose.

    :raises Problem: there is none, or the new key signs already.
    """
    site = _announced(connection)
    if at >= site.next_key_from:
        raise Problem(
            "The new key signs already, so it cannot be taken back.",
            ProblemCode.KEY_SIGNS,
            (Act.FINISH_KEY, Act.ROTATE_KEY),
        )
    connection.execute(update(Site).values(**_NO_NEXT))
    told = _told(connection, site.next_key)
    _drop_requested(connection, [site.next_key], by, at)
    notice = {"action": KeyAction.WITHDRAW, "kid": site.next_key, "signed_by": site.key_fingerprint}
    mails = request_notices(connection, told, notice, at)
    _record(connection, "abort_key", site.next_key, by, at)
    return site.next_key, mails


def finish(connection: Connection, *, anyway: bool, by: str, at: datetime) -> tuple[str, str]:
    """End a rotation: the new key is *the* key from now on. The ids of the old one and of the new one.

    :param anyway: also while partners have not confirmed it; their people find our mails held until they do.
    :raises Problem: there is none, it does not sign yet, or partners have not confirmed it.
    """
    site = _announced(connection)
    if at < site.next_key_from:
        raise Problem(
            "The new key signs from {signs_from} UTC on, as the partners were told: finish then.",
            ProblemCode.KEY_ANNOUNCED,
            signs_from=f"{site.next_key_from:%Y-%m-%d %H:%M}",
        )
    waiting = unconfirmed_by(connection, site.next_key)
    if waiting and not anyway:
        raise Problem(
            "Not confirmed yet by {partners}, who would hold our mails: call them.",
            ProblemCode.KEY_UNCONFIRMED,
            (Act.FINISH_ANYWAY,),
            partners=", ".join(str(row.name) for row in waiting),
        )
    values = {"key_fingerprint": site.next_key, "key_from": site.next_key_from, "key_until": site.next_key_until}
    values |= _NO_NEXT
    connection.execute(update(Site).values(**values))
    _record(connection, "finish_key", site.next_key, by, at)
    return site.key_fingerprint, site.next_key


@dataclass(frozen=True, slots=True)
class Told:
    """A partner who was told of a key of ours, and by which mail."""

    id: int
    name: str
    site_code: str
    mail_id: int
    sent_at: datetime | None


def unconfirmed_by(connection: Connection, kid: str) -> list[Told]:
    """The partners who were told of our key and have not said that they confirmed it.

    A partner whose keys were all revoked is none any more.
    """
    rows = connection.execute(
        select(Partner.id, Partner.name, Partner.site_code, OutboundMail.id.label("mail_id"), OutboundMail.sent_at)
        .join(OutboundMail, OutboundMail.partner_id == Partner.id)
        .join(OutboundKeyNotice, OutboundKeyNotice.outbound_mail_id == OutboundMail.id)
        .where(
            OutboundKeyNotice.action == KeyAction.ANNOUNCE,
            OutboundKeyNotice.kid == kid,
            OutboundMail.state.not_in(CLOSED),
            Partner.id.in_(_counting_partners()),
        )
        .order_by(Partner.name)
    )
    return [Told(*row) for row in rows]


def request_notices(
    connection: Connection, partner_ids: Iterable[int], notice: Mapping[str, object], at: datetime
) -> tuple[int, ...]:
    """Ask for a mail about a key to each of these partners; the mails to compose."""
    ids = request_mails(connection, Kind.KEY, partner_ids, at)
    insert_rows(connection, OutboundKeyNotice, [{"outbound_mail_id": mail_id, **notice} for mail_id in ids])
    return ids


def confirmed_by_partner(connection: Connection, partner_id: int, kid: str, *, by: str, at: datetime) -> None:
    """A partner says that he confirmed our key: the mails that told him are answered."""
    answered(connection, unanswered_announcements(connection, partner_id, kid), by=by, at=at)


def unanswered_announcements(connection: Connection, partner_id: int, kid: str) -> list[int]:
    """The mails that told a partner of our key, and that he has not answered."""
    froms, _ = states.OUTBOUND_MAIL.moves["answer"]
    ids = connection.execute(
        select(OutboundMail.id)
        .join(OutboundKeyNotice, OutboundKeyNotice.outbound_mail_id == OutboundMail.id)
        .where(
            OutboundMail.partner_id == partner_id,
            OutboundMail.state.in_(froms),
            OutboundKeyNotice.kid == kid,
            OutboundKeyNotice.action == KeyAction.ANNOUNCE,
        )
        .order_by(OutboundMail.id)
    ).scalars()
    return list(ids)


def _check_dated_before(connection: Connection, signs_from: datetime) -> None:
    """A mail that is dated after its key's end is held by whoever confirmed the next key, as often as it comes."""
    latest = connection.execute(select(func.max(OutboundMail.composed_at))).scalar()
    if latest is not None and latest >= signs_from:
        raise Problem(
            "A mail of ours is dated {latest} UTC, so this key must go on until then: the clock was ahead, or is "
            "behind now. Correct the clock, or name a later day.",
            ProblemCode.KEY_NEEDED,
            (Act.LATER_KEY,),
            latest=f"{latest:%Y-%m-%d %H:%M}",
        )


def _announce_to(
    connection: Connection, partner_ids: Iterable[int], signed_by: str, new: NewKey, at: datetime
) -> tuple[int, ...]:
    notice = {
        "action": KeyAction.ANNOUNCE,
        "kid": new.key.kid,
        "signed_by": signed_by,
        "public_key": new.key.raw,
        "signs_from": new.signs_from,
        "signs_until": new.signs_until,
    }
    return request_notices(connection, partner_ids, notice, at)


def _told(connection: Connection, kid: str) -> list[int]:
    """The partners to whom an announcement of this key may have gone out."""
    told = (
        select(OutboundMail.partner_id)
        .join(OutboundKeyNotice, OutboundKeyNotice.outbound_mail_id == OutboundMail.id)
        .where(
            OutboundKeyNotice.kid == kid,
            OutboundKeyNotice.action == KeyAction.ANNOUNCE,
            OutboundMail.state.not_in([OutboundState.REQUESTED, OutboundState.ABANDONED]),
        )
    )
    return sorted(set(connection.execute(told).scalars()))


def _drop_requested(connection: Connection, kids: Sequence[str], by: str, at: datetime) -> None:
    """Announcements that were not even composed need no withdrawal."""
    ids = connection.execute(
        select(OutboundMail.id)
        .join(OutboundKeyNotice, OutboundKeyNotice.outbound_mail_id == OutboundMail.id)
        .where(OutboundKeyNotice.kid.in_(kids), OutboundMail.state == OutboundState.REQUESTED)
        .where(OutboundKeyNotice.action == KeyAction.ANNOUNCE)
        .with_for_update(of=OutboundMail)
    ).scalars()
    states.move(connection, states.OUTBOUND_MAIL, list(ids), "abandon", by=by, at=at, next_attempt_at=None)


def _active_partners(connection: Connection) -> list[int]:
    return sorted(connection.execute(_counting_partners()).scalars())


def _counting_partners() -> Select[int]:
    counts = (PartnerKey.revoked_at.is_(None), PartnerKey.pending.is_(False))
    return select(PartnerKey.partner_id).where(*counts).distinct()


def _announced(connection: Connection) -> AnyRow:
    site = _locked_site(connection)
    if site.next_key is None:
        raise Problem("No new key is announced.", ProblemCode.NO_KEY, (Act.ROTATE_KEY,))
    return site


def _locked_site(connection: Connection) -> AnyRow:
    lock_keys(connection)
    return _site(connection)


def _site(connection: Connection) -> AnyRow:
    return connection.execute(select(Site.__table__)).one()


def _record(connection: Connection, event: str, kid: str, by: str, at: datetime) -> None:
    states.record(connection, Site.__tablename__, [(1, None, None)], event, by=by, at=at, detail={"kid": kid})
