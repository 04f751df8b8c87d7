"""What the base knows that a mail's judgement depends on, read once per mail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, or_, select

from intergestan_msg.manifest import Kind, Manifest
from intergestan_site.booking.entries import Transfer
from intergestan_site.database import AnyRow
from intergestan_site.decisions import Finding
from intergestan_site.documents import read_site
from intergestan_site.facts import Facts, partner_facts, read_facts
from intergestan_site.intake.reading import Reading
from intergestan_site.intake.take_in import Circumstances, Seen, Signer, composed_at, judge, key_of
from intergestan_site.tables import InboundTransfer, Partner, PartnerKey


@dataclass(frozen=True, slots=True)
class Case:
    """A verified mail with what the base knows that bears on it.

    :ivar finding: why the whole mail must wait for a person, or None.
    :ivar facts: what the rules need, for a mail of orders that need not wait.
    """

    transfer: Transfer
    finding: Finding | None
    facts: Facts | None


def look_up(
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
    key = _read_signer(connection, reading.kid)
    site = read_site(connection)
    seen = _read_seen(connection, key.partner_id, manifest)
    about = Circumstances(site.code, archived_at, replayed, max_age, *seen)
    finding = judge(manifest, reading.transfer_digest, _signer(key), about)
    transfer = _transfer(reading, manifest, key, seen[0])
    if finding is not None or manifest.kind is not Kind.ORDERS:
        return Case(transfer, finding, None)
    return Case(transfer, None, _facts(connection, transfer, reading, site.currency))


def _read_signer(connection: Connection, kid: str) -> AnyRow:
    """The partner whose pinned key this is, with the key's window."""
    return connection.execute(
        select(PartnerKey.partner_id, PartnerKey.valid_from, PartnerKey.valid_until, *Partner.__table__.c)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(PartnerKey.kid == kid)
    ).one()


def _signer(key: AnyRow) -> Signer:
    """The signer, from a row of `_read_signer`."""
    return Signer(key.partner_id, key.name, key.site_code, key.valid_from, key.valid_until)


def _read_seen(connection: Connection, partner_id: int, manifest: Manifest) -> tuple[Seen | None, Seen | None]:
    """The transfers that used this transfer number, and this sequence number, before."""
    rows = connection.execute(
        select(
            InboundTransfer.id,
            InboundTransfer.jti,
            InboundTransfer.transfer_digest,
            InboundTransfer.epoch,
            InboundTransfer.seq,
        ).where(
            InboundTransfer.partner_id == partner_id,
            or_(
                InboundTransfer.jti == manifest.jti,
                (InboundTransfer.epoch == manifest.epoch) & (InboundTransfer.seq == manifest.seq),
            ),
        )
    ).all()
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
    )


def _facts(connection: Connection, transfer: Transfer, reading: Reading, currency: str) -> Facts:
    """What the rules need to know about the orders of this mail."""
    orders = [document.order for document in reading.documents if document.order is not None]
    keys = [key_of(document) for document in reading.documents]
    return read_facts(connection, transfer.partner, currency, keys, orders)
