"""From the bytes of a mail to checked values. Runs in a limited child process: what it reads is hostile.

Everything that touches the sender's bytes is here: the limits, the MIME reader, the signature, the manifest's
JSON, lxml. Only children import this module, so that their parents stay small.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import msgspec

from intergestan_db.enums import HoldReason
from intergestan_exchange.inbox.reading import Fault, ReadDocument, Reading
from intergestan_msg import errors
from intergestan_msg.answer import joined
from intergestan_msg.business_hash import business_hash, cancellation_hash, change_hash
from intergestan_msg.identity import nfc
from intergestan_msg.kinds import DocumentType
from intergestan_msg.mail.automatic import is_automatic
from intergestan_msg.mail.delivery_report import read_report
from intergestan_msg.mail.headers import Headers, claimed_transfer, message_headers
from intergestan_msg.mail.incoming import DamagedTransfer, Received, read_mails
from intergestan_msg.manifest import Document
from intergestan_msg.money import MILLIONTH, fits, in_millionths
from intergestan_msg.order import Order
from intergestan_msg.seal import PinnedKeys, PublicKey
from intergestan_msg.shapes import Shape
from intergestan_msg.spelling import normalised
from intergestan_msg.ubl import read_order, read_order_cancellation, read_order_change, read_order_response

_REASONS: tuple[tuple[type[errors.MessageError], HoldReason | None], ...] = (
    (errors.NotOurs, None),
    (errors.UnknownSigner, HoldReason.UNKNOWN_SIGNER),
    (errors.BadSignature, HoldReason.BAD_SIGNATURE),
    (errors.Damaged, HoldReason.DAMAGED),
    (errors.NewerRelease, HoldReason.NEWER_RELEASE),
    (errors.MessageError, HoldReason.BAD_MESSAGE),
)

_KEYS = Shape(dict[str, bytes])


def answer(keys: bytes, raw: bytes) -> bytes:
    """What a child says of a mail: a `Reading` as JSON."""
    return msgspec.json.encode(read(raw, PinnedKeys(_KEYS.decode(keys))))


def read(raw: bytes, keys: Mapping[str, PublicKey]) -> Reading:
    """Read one mail; never raises for what stands in it."""
    found = read_mails(raw, keys)
    headers = found[0].headers if isinstance(found[0], Received) else message_headers(raw)
    claims = claimed_transfer(raw)
    first, *others = (_reading(each) if isinstance(each, Received) else _fault(each, headers, claims) for each in found)
    if first.fault is not None:
        first = replace(first, report=read_report(raw), automatic=is_automatic(raw))
    return replace(first, others=tuple(others))


def _fault(error: errors.MessageError, headers: Headers, claims: str | None) -> Reading:
    """Why a manifest does not count; where its signature holds, with what it lists.

    :param claims: the transfer that the mail says it brings.
    """
    reason = next(reason for kind, reason in _REASONS if isinstance(error, kind))
    kid = error.kid if isinstance(error, errors.UnknownSigner) else None
    if not isinstance(error, errors.Damaged):
        cause = "too_big" if isinstance(error, errors.TooBig) else None
        return Reading(headers, Fault(reason, error.diagnosis, kid, cause, claims))
    fault = Fault(reason, error.diagnosis, cause=error.cause, claims=claims)
    if not isinstance(error, DamagedTransfer):
        return Reading(headers, fault)
    manifest = normalised(error.manifest, {})
    return Reading(headers, fault, manifest=manifest, transfer_digest=error.digest, kid=error.kid)


def _reading(received: Received) -> Reading:
    spelled: dict[str, str] = {}
    documents = tuple(_read_document(document, content, spelled) for document, content in received.documents)
    return Reading(
        headers=received.headers,
        manifest=normalised(received.manifest, spelled),
        transfer_digest=received.transfer_digest,
        kid=received.kid,
        documents=documents,
        spelled=spelled,
    )


def _read_document(listed: Document, content: bytes, spelled: dict[str, str]) -> ReadDocument:
    """Read a document; its keys are in NFC, as those of its entry in the manifest.

    :param spelled: gets what was written otherwise.
    """
    document = replace(listed, id=nfc(listed.id))
    try:
        if document.type is DocumentType.ORDER:
            order = normalised(read_order(content), spelled)
            return ReadDocument(document, order=_in_millionths(order), business_hash=business_hash(order))
        if document.type is DocumentType.CHANGE:
            change = normalised(read_order_change(content), spelled)
            kept = replace(change, order=_in_millionths(change.order))
            return ReadDocument(document, change=kept, business_hash=change_hash(change))
        if document.type is DocumentType.CANCEL:
            cancellation = normalised(read_order_cancellation(content), spelled)
            return ReadDocument(document, cancellation=cancellation, business_hash=cancellation_hash(cancellation))
        answer = normalised(read_order_response(content), spelled)
        return ReadDocument(document, answer=replace(answer, lines=joined(answer.lines)))
    except errors.BadDocument as error:
        return ReadDocument(document, error=error.diagnosis)


def _in_millionths(order: Order) -> Order:
    """The order as its columns can hold it: a price of more than 6 decimals is for more units."""
    if all(line.price is None or fits(line.price.amount, MILLIONTH) for line in order.lines):
        return order
    lines = (line if line.price is None else replace(line, price=in_millionths(line.price)) for line in order.lines)
    return replace(order, lines=tuple(lines))
