"""What the base knows that a mail's judgement depends on, read once per mail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from intergestan_msg.manifest import Manifest
from intergestan_site.book import Transfer
from intergestan_site.facts import Facts, partner_facts, read_facts
from intergestan_site.tables import InboundTransfer, Partner, PartnerKey
from intergestan_site.intake.reading import Reading
from intergestan_site.intake.take_in import Seen, Signer, key_of

AnyRow = Row[*tuple[Any, ...]]


def read_signer(connection: Connection, kid: str) -> AnyRow:
    """The partner whose pinned key this is, with the key's window."""
    return connection.execute(
        select(PartnerKey.partner_id, PartnerKey.valid_from, PartnerKey.valid_until, *Partner.__table__.c)
        .join(Partner, Partner.id == PartnerKey.partner_id)
        .where(PartnerKey.kid == kid)
    ).one()


def signer_of(key: AnyRow) -> Signer:
    """The signer, from a row of `read_signer`."""
    return Signer(key.partner_id, key.name, key.site_code, key.valid_from, key.valid_until)


def read_seen(connection: Connection, partner_id: int, manifest: Manifest) -> tuple[Seen | None, Seen | None]:
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


def transfer_of(reading: Reading, manifest: Manifest, key: AnyRow, seen: Seen | None) -> Transfer:
    """The verified manifest, as it is booked."""
    return Transfer(
        partner=partner_facts(key),
        kid=reading.kid,
        jti=manifest.jti,
        epoch=manifest.epoch,
        seq=manifest.seq,
        kind=manifest.kind,
        digest=reading.transfer_digest,
        composed_at=datetime.fromtimestamp(manifest.iat, UTC),
        message_id=reading.headers.message_id,
        row_id=seen.row_id if seen else None,
    )


def facts_of(connection: Connection, transfer: Transfer, reading: Reading, currency: str) -> Facts:
    """What the rules need to know about the orders of this mail."""
    orders = [document.order for document in reading.documents if document.order is not None]
    keys = [key_of(document) for document in reading.documents]
    return read_facts(connection, transfer.partner, currency, keys, orders)
