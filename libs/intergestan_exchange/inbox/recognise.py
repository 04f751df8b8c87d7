"""What the base knows that a mail's judgement depends on, read once per mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, bindparam, or_, select, true

from intergestan_db.at_rest import is_booked_for
from intergestan_db.database import AnyRow
from intergestan_db.tables import InboundTransfer, Partner, PartnerKey, Setting, Site
from intergestan_erp.site.credit_rules import BLOCK_FROM_NAME, CREDIT_OFF
from intergestan_erp.site.day import site_day, zone_of
from intergestan_erp.stock.waiting import RESERVES_AT_ENTRY
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.history.positions import is_told
from intergestan_exchange.inbox.facts import Facts, Known, read_facts, read_rows
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.inbox.take_in import Circumstances, Seen, Signer, composed_at, judge, key_of, order_of
from intergestan_exchange.keys.key_mails import nothing_to_do
from intergestan_exchange.keys.keys import key_facts
from intergestan_exchange.partners.partner_clock import Ahead, measured, merged, news, when_asked, with_their_word
from intergestan_exchange.partners.policy import PARTNER_COLUMNS, partner_facts
from intergestan_exchange.statements.releases import news_of
from intergestan_exchange.statements.statements import is_asked_for
from intergestan_exchange.transfers.copies import is_damaged_copy
from intergestan_exchange.transfers.transfer import Transfer
from intergestan_msg.kinds import Kind
from intergestan_msg.manifest import Manifest

_SIGNER = (
    select(
        *(column for column in PartnerKey.__table__.c if column.name not in {"id", "public_key"}),
        *(*PARTNER_COLUMNS, Partner.takes, Partner.takes_at, Partner.paused_at, Partner.out_epoch, Partner.out_seq),
        is_booked_for().label("is_booked_for"),
        *(Site.code.label("own_code"), Site.currency.label("own_currency")),
        Site.timezone.label("own_timezone"),
        select(Setting.value).where(Setting.name == BLOCK_FROM_NAME).scalar_subquery().label("credit_from"),
        RESERVES_AT_ENTRY.label("reserves_at_entry"),
        is_damaged_copy(PartnerKey.__table__.c.partner_id, bindparam("transfer")).label("has_damaged_copy"),
    )
    .join(Partner, Partner.id == PartnerKey.partner_id)
    .join(Site, true())
    .where(PartnerKey.kid == bindparam("key"))
)
_SEEN = select(
    *(InboundTransfer.id, InboundTransfer.jti, InboundTransfer.transfer_digest),
    *(InboundTransfer.epoch, InboundTransfer.seq),
).where(
    InboundTransfer.partner_id == bindparam("partner"),
    or_(
        InboundTransfer.jti == bindparam("transfer"),
        (InboundTransfer.epoch == bindparam("epoch")) & (InboundTransfer.seq == bindparam("number")),
    ),
)


@dataclass(frozen=True, slots=True)
class Case:
    """A verified mail with what the base knows that bears on it.

    :ivar finding: why the whole mail must wait for a person, or None.
    :ivar facts: what the rules need, for a mail of orders that need not wait.
    :ivar paused: whether booking rests for this partner.
    :ivar takes: the kinds of mail that the sender's release takes in, where the base does not know so yet.
    :ivar tells_position: whether what it says of the numbering between us is worth a note.
    :ivar has_damaged_copy: whether a copy of it that came damaged waits for a person.
    :ivar clock: how far the sender's clock is ahead of ours, where the base does not know so yet.
    """

    transfer: Transfer
    finding: Finding | None
    facts: Facts | None
    paused: bool
    takes: str | None
    tells_position: bool
    clock: Ahead | None = None
    has_damaged_copy: bool = False


def recognise(
    connection: Connection,
    reading: Reading,
    manifest: Manifest,
    *,
    archived_at: datetime,
    replayed: bool,
    max_age: timedelta,
) -> Case:
    """Judge a mail as a whole, and read what its orders will be decided by.

    :param max_age: how long ago a mail may have been composed; a replayed one may be of any age.
    """
    key = _read_signer(connection, reading.kid, manifest.jti)
    seen = _read_seen(connection, key.partner_id, manifest)
    settled = _is_settled(connection, key.partner_id, manifest, seen[0], reading.transfer_digest)
    asked = archived_at - composed_at(manifest) > max_age and is_asked_for(
        connection, key.partner_id, manifest.epoch, manifest.seq
    )
    zone = zone_of(key.own_timezone)
    transfer = _transfer(reading, manifest, key, seen[0])
    known = transfer.partner.clock
    clock = _clock(connection, manifest, transfer.partner.id, archived_at)
    if known is None or known.most is None:  # nothing that we measured says otherwise
        clock = with_their_word(clock, manifest.clock)
    behind = timedelta(seconds=max(0, -merged(known, clock).seconds))  # an answer proves itself that it is not so old
    about = Circumstances(key.own_code, archived_at, replayed, max_age, asked, *seen, settled, zone, behind)
    finding = judge(manifest, reading.transfer_digest, _signer(key), about)
    is_credible = finding is None and not replayed
    takes = news_of(manifest, key, transfer.composed_at, archived_at) if is_credible else None
    tells = is_credible and is_told(manifest, key)
    is_first = is_credible and seen[0] is None
    told = news(known, transfer.partner.clock_noted_at, clock, archived_at) if is_first else None
    paused = key.paused_at is not None or not key.is_booked_for
    damaged = finding is None and key.has_damaged_copy
    if finding is not None or manifest.kind is not Kind.ORDERS:
        return Case(transfer, finding, None, paused, takes, tells, told, damaged)
    credit_on = None if key.credit_from in {None, CREDIT_OFF} else site_day(zone, archived_at)
    allocates = key.reserves_at_entry is not None
    facts = _facts(connection, transfer, reading, key.own_currency, credit_on, allocates=allocates)
    return Case(transfer, None, facts, paused, takes, tells, told, damaged)


def _clock(connection: Connection, manifest: Manifest, partner_id: int, archived_at: datetime) -> Ahead:
    """What this mail tells of its sender's clock."""
    quoted = manifest.in_reply_to
    asked_at = None if quoted is None else when_asked(connection, partner_id, quoted.jti, quoted.digest)
    return measured(manifest.iat, archived_at, asked_at)


def _read_signer(connection: Connection, kid: str, jti: str) -> AnyRow:
    """The partner whose key this is, with the key, and with what is to be known of our own site and this transfer."""
    return connection.execute(_SIGNER, {"key": kid, "transfer": jti}).one()


def _signer(key: AnyRow) -> Signer:
    """The signer, from a row of `_read_signer`."""
    return Signer(key.partner_id, key.name, key.site_code, key_facts(key))


def _is_settled(connection: Connection, partner_id: int, manifest: Manifest, seen: Seen | None, digest: str) -> bool:
    """Whether this very transfer came before, and nothing of it waits."""
    if manifest.key is not None:
        return nothing_to_do(connection, partner_id, manifest.key)
    if seen is None or seen.digest != digest:
        return False
    if manifest.kind is not Kind.ORDERS:
        return True  # an answer is applied once
    keys = [(str(listed.type), listed.id, listed.revision) for listed in manifest.documents]
    known = read_rows(connection, partner_id, keys)
    return all(_settles(known.get(key, ()), manifest.epoch) for key in keys)


def _settles(rows: Sequence[Known], epoch: int) -> bool:
    """Whether a document of this series is settled, by a row of it or by the same in the series before."""
    row = next((row for row in rows if row.epoch <= epoch), None)
    return row is not None and row.is_settled


def _read_seen(connection: Connection, partner_id: int, manifest: Manifest) -> tuple[Seen | None, Seen | None]:
    """The transfers that used this transfer number, and this sequence number, before."""
    which = {"partner": partner_id, "transfer": manifest.jti, "epoch": manifest.epoch, "number": manifest.seq}
    rows = connection.execute(_SEEN, which).all()
    same_jti = next((Seen(row.id, row.jti, row.transfer_digest) for row in rows if row.jti == manifest.jti), None)
    place = (manifest.epoch, manifest.seq)
    same_seq = next((Seen(row.id, row.jti, row.transfer_digest) for row in rows if (row.epoch, row.seq) == place), None)
    return same_jti, same_seq


def _transfer(reading: Reading, manifest: Manifest, key: AnyRow, seen: Seen | None) -> Transfer:
    """The verified manifest, as it is booked."""
    return Transfer(
        partner=partner_facts(key),
        kid=reading.kid,
        jti=manifest.jti,
        epoch=manifest.epoch,
        seq=manifest.seq,
        kind=manifest.kind,
        digest=reading.transfer_digest,
        composed_at=composed_at(manifest),
        message_id=reading.headers.message_id,
        row_id=seen.row_id if seen else None,
        spelled=reading.spelled,
    )


def _facts(
    connection: Connection,
    transfer: Transfer,
    reading: Reading,
    currency: str,
    credit_on: date | None,
    *,
    allocates: bool,
) -> Facts:
    """What the rules need to know about the orders of this mail."""
    orders = [order for document in reading.documents if (order := order_of(document)) is not None]
    keys = [key_of(document) for document in reading.documents]
    epoch = transfer.epoch
    return read_facts(connection, transfer.partner, currency, keys, orders, epoch, credit_on, allocates=allocates)
