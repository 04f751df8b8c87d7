"""Give a prepared mail its number and its signature, and keep its bytes, in one transaction (`design.md` §7, §10).

They are never rendered again: what is sent a second time is what was sent the first time.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, bindparam, insert, select, update

from intergestan_db import states
from intergestan_db.tables import OutboundBody, OutboundOrder, Partner, PurchaseOrder
from intergestan_erp.site.day import site_day, zone_of
from intergestan_exchange.keys.own_keys import OwnKey, signs_now
from intergestan_exchange.statements.beginnings import keep
from intergestan_exchange.statements.numbered_mails import last_got
from intergestan_exchange.statements.statement_requests import give_up_older
from intergestan_msg import seal
from intergestan_msg.kinds import TAKES, Kind
from intergestan_msg.mail.bounce_token import BounceKey, plus_address
from intergestan_msg.mail.letter import Letter
from intergestan_msg.manifest import Manifest, Position, encode
from intergestan_msg.pages.words import Language
from services.composer.key_ring import KeyRing, NoKey
from services.composer.prepared import CannotCompose, Outdated, Prepared
from services.composer.statements import MOST_ASKED, note_asked_for

BY = "composer"

_CHANGED = (
    select(PurchaseOrder.number)
    .join(OutboundOrder, OutboundOrder.purchase_order_id == PurchaseOrder.id)
    .where(OutboundOrder.outbound_mail_id == bindparam("mail"), OutboundOrder.version != PurchaseOrder.version)
)
_TAKE_SEQ = (
    update(Partner)
    .where(Partner.id == bindparam("partner"))
    .values(out_seq=Partner.out_seq + bindparam("count"))
    .returning(Partner.out_epoch, Partner.out_seq, Partner.order_address, Partner.answer_address)
)
_KEEP = insert(OutboundBody)


def freeze(
    connection: Connection,
    prepared: Prepared,
    keys: KeyRing,
    now: datetime,
    max_bytes: int,
    bounce_key: BounceKey | None = None,
    trace_parent: str | None = None,
    most_asked: int = MOST_ASKED,
) -> None:
    """Take the sequence number, sign, assemble, and keep the bytes; the mail is `composed` and due at once.

    :param bounce_key: what reports of undelivered mail prove themselves with; without it they never count.
    :param trace_parent: the step that this is, where steps are traced.
    :param most_asked: how many numbers a statement notes as asked for.
    :raises CannotCompose: an order changed since it was selected, or the mail is too big.
    :raises StaleState: somebody else composed the mail meanwhile.
    :raises Outdated: the partner has another address since the mail was prepared.
    """
    mail = prepared.request.mail
    if prepared.kind is Kind.ORDERS and mail.former is None:
        _check_versions(connection, mail.id)
    own = prepared.signed_by or signs_now(prepared.request.site, now)
    key = _signing_key(prepared, own, keys, now)
    dated = now if own.since is None else max(now, own.since)  # the clock may have been set back since it began
    is_numbered = bool(prepared.kind.nature.carries)
    epoch, sent = _take_seq(connection, prepared, int(is_numbered))
    seq = sent if is_numbered else None
    got = last_got(connection, mail.partner_id)
    position = Position(sent=sent, got_epoch=got.epoch, got=got.seq)
    if prepared.statement is not None:
        note_asked_for(connection, mail.partner_id, prepared.statement, now, most_asked)
        give_up_older(connection, mail.partner_id, mail.id, by=BY, at=now)
        keep(connection, mail.partner_id, prepared.beginnings)
    compact = seal.sign(encode(_manifest(prepared, epoch, seq or 0, position, dated)), key)
    token = bounce_key.token(mail.id, mail.transfer_id) if bounce_key is not None else None
    mime = prepared.write(_letter(prepared, compact, token, now, trace_parent))
    if len(mime) > max_bytes:
        fits = max(1, len(prepared.listed) * max_bytes // len(mime))
        raise CannotCompose(
            f"The mail has {len(mime)} bytes, more than the {max_bytes} allowed: about {fits} orders fit."
        )
    states.move(
        connection,
        states.OUTBOUND_MAIL,
        [mail.id],
        "compose",
        by=BY,
        at=now,
        composed_at=now,
        next_attempt_at=now,
        rung_at=now,
        epoch=None if seq is None else epoch,
        seq=seq,
        transfer_digest=seal.transfer_digest(compact),
        envelope_from=_bounce_address(prepared, token),
        recipient=prepared.recipient.address,
        subject=", ".join(document.id for document in prepared.listed[:20]),
        size=len(mime),
        reason=None,
        detail=None,
        trace_parent=trace_parent,
    )
    connection.execute(_KEEP, {"outbound_mail_id": mail.id, "mime": mime})


def _take_seq(connection: Connection, prepared: Prepared, count: int) -> tuple[int, int]:
    """Our series for the partner, and the last number given in it.

    :param count: how many more are taken: 1 or 0. The partner's row is locked either way, so that a mail never says
        less than one that was composed before it, and goes to an address that the partner still has, or had when it was
        asked for.
    """
    partner_id = prepared.request.mail.partner_id
    taken = connection.execute(_TAKE_SEQ, {"partner": partner_id, "count": count}).one()
    if prepared.recipient.address not in {taken.order_address, taken.answer_address, prepared.request.mail.recipient}:
        raise Outdated(f"{prepared.recipient.address} is no address of {prepared.request.partner.name} any more.")
    return taken.out_epoch, taken.out_seq


def _signing_key(prepared: Prepared, own: OwnKey, keys: KeyRing, now: datetime) -> seal.SigningKey:
    """The key that signs at this instant, if it did not end; a notice about keys names its own."""
    if own.until is not None and now > own.until:
        raise CannotCompose(f"Our key ended on {_site_day(prepared, own.until)}: make a new one.")
    try:
        return keys.key(own.kid)
    except NoKey as error:
        raise CannotCompose(str(error)) from error


def _site_day(prepared: Prepared, instant: datetime) -> date:
    return site_day(zone_of(prepared.request.site.timezone), instant)


def _check_versions(connection: Connection, mail_id: int) -> None:
    changed = connection.execute(_CHANGED, {"mail": mail_id}).scalars()
    if numbers := sorted(changed):
        raise CannotCompose(f"These orders were changed after they were selected: {', '.join(numbers)}.")


def _manifest(prepared: Prepared, epoch: int, seq: int, position: Position, dated: datetime) -> Manifest:
    request = prepared.request
    return Manifest(
        iss=request.site.code,
        aud=request.partner.site_code,
        jti=request.mail.transfer_id,
        epoch=epoch,
        seq=seq,
        iat=int(dated.timestamp()),
        kind=prepared.kind,
        documents=prepared.listed,
        in_reply_to=prepared.in_reply_to,
        answers=prepared.numbers,
        key=prepared.notice,
        statement=prepared.statement,
        takes=tuple(map(str, TAKES)),
        position=position,
        clock=prepared.clock,
        every=prepared.every,
    )


def _letter(prepared: Prepared, compact: str, token: str | None, now: datetime, trace_parent: str | None) -> Letter:
    request = prepared.request
    return Letter(
        sender=prepared.sender,
        to=prepared.recipient,
        reply_to=prepared.reply_to,
        transfer_id=request.mail.transfer_id,
        domain=request.site.orders_address.partition("@")[2],
        date=now,
        manifest=compact,
        documents=prepared.attachments,
        language=Language(request.partner.language),
        in_reply_to=prepared.answered_message_id,
        bounce_token=token,
        trace_parent=trace_parent,
    )


def _bounce_address(prepared: Prepared, token: str | None) -> str:
    """The envelope sender. With `plus`, each mail has its own, so that a bounce says which mail it is about."""
    relay = prepared.request.relay
    address = relay.bounce_address if relay is not None and relay.bounce_address else prepared.sender.address
    if relay is None or relay.bounce_mode != "plus" or token is None:
        return str(address)
    return plus_address(address, token)
