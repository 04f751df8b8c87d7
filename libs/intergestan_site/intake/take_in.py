"""What a read mail means for us: decided from values, before anything is written (`design.md` §9).

The manifest says who and which bytes; the documents say what. Each check either lets the mail pass or says why
the whole of it must wait for a person; what concerns one document only is left to `intergestan_site.decide`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from intergestan_msg.manifest import DocumentType, Kind, Manifest
from intergestan_site.apply import NumberedAnswer
from intergestan_site.booking.entries import Settled
from intergestan_site.decide import settle
from intergestan_site.decisions import Conflict, Decision, Finding, Held
from intergestan_site.facts import DocumentKey, Facts
from intergestan_site.intake.reading import ReadDocument, Reading
from intergestan_site.words import HoldReason

TOO_EARLY = timedelta(hours=1)
"""How far in the future a mail may have been composed: the clocks of two sites need not agree."""

_LAST_INSTANT = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Signer:
    """The pinned key that signed, and whose it is."""

    partner_id: int
    partner_name: str
    site_code: str
    valid_from: datetime | None
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Seen:
    """A transfer that came before."""

    row_id: int
    jti: str
    digest: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a mail is judged by besides its content."""

    our_code: str
    archived_at: datetime
    replayed: bool
    max_age: timedelta
    same_jti: Seen | None = None
    same_seq: Seen | None = None


def judge(manifest: Manifest, digest: str, signer: Signer, about: Circumstances) -> Finding | None:
    """Why the whole mail must wait for a person, or None."""
    composed = composed_at(manifest)
    checks = (
        _wrong_signer(manifest, composed, signer),
        _wrong_recipient(manifest, signer, about),
        _used_again(manifest, digest, signer, about),
        _wrong_age(composed, about),
        _later_release(manifest),
        _number_twice(manifest),
    )
    return next((finding for finding in checks if finding is not None), None)


def composed_at(manifest: Manifest) -> datetime:
    """When the sender says that the mail was composed; of a nonsensical claim the end of all days."""
    return datetime.fromtimestamp(min(manifest.iat, _LAST_INSTANT), UTC)


def _wrong_signer(manifest: Manifest, composed: datetime, signer: Signer) -> Finding | None:
    if manifest.iss != signer.site_code:
        error = f"It says that it comes from {manifest.iss}, but {signer.partner_name} ({signer.site_code}) signed it."
        return Finding(HoldReason.BAD_SIGNATURE, {"error": error})
    if (signer.valid_from and composed < signer.valid_from) or (signer.valid_until and composed > signer.valid_until):
        error = f"The key of {signer.partner_name} was not valid on {composed:%Y-%m-%d}."
        return Finding(HoldReason.BAD_SIGNATURE, {"error": error})
    return None


def _wrong_recipient(manifest: Manifest, signer: Signer, about: Circumstances) -> Finding | None:
    if manifest.aud == about.our_code:
        return None
    return Finding(HoldReason.WRONG_RECIPIENT, {"partner": signer.partner_name, "audience": manifest.aud})


def _used_again(manifest: Manifest, digest: str, signer: Signer, about: Circumstances) -> Finding | None:
    """A transfer number or a sequence number stands for one content, for ever."""
    other_content = about.same_jti is not None and about.same_jti.digest != digest
    other_transfer = about.same_seq is not None and about.same_seq.jti != manifest.jti
    if not (other_content or other_transfer):
        return None
    return Finding(HoldReason.TRANSFER_CONFLICT, {"partner": signer.partner_name, "transfer": manifest.jti})


def _wrong_age(composed: datetime, about: Circumstances) -> Finding | None:
    """Judged when a transfer first comes; replays and known transfers are exempt."""
    if about.replayed or about.same_jti is not None:
        return None
    age = about.archived_at - composed
    if -TOO_EARLY <= age <= about.max_age:
        return None
    return Finding(
        HoldReason.TOO_OLD,
        {"composed": f"{composed:%Y-%m-%d %H:%M} UTC", "archived": f"{about.archived_at:%Y-%m-%d %H:%M} UTC"},
    )


def _later_release(manifest: Manifest) -> Finding | None:
    if manifest.kind in {Kind.ORDERS, Kind.ANSWERS}:
        return None
    return Finding(HoldReason.NEWER_RELEASE, {"error": f"We do not handle mails of kind {manifest.kind} yet."})


def _number_twice(manifest: Manifest) -> Finding | None:
    """One answers mail answers each order once, so an order may stand in a mail once."""
    counted = Counter(document.id for document in manifest.documents)
    twice = next((number for number, count in counted.items() if count > 1), None)
    return None if twice is None else Finding(HoldReason.BAD_MESSAGE, {"error": f"It lists {twice} more than once."})


def answers_of(reading: Reading, manifest: Manifest) -> list[NumberedAnswer] | Finding:
    """The answers of a mail of kind `answers`, or why the whole of it must wait for a person."""
    unread = next((document.error for document in reading.documents if document.error is not None), None)
    if unread is not None:
        return Finding(HoldReason.BAD_DOCUMENT, {"error": unread})
    numbers = {answer.order_id: answer.n for answer in manifest.answers}
    answers = []
    for document in reading.documents:
        listed, answer = document.listed, document.answer
        found = answer.order_id if answer is not None else "–"
        if answer is None or found != listed.id or found not in numbers:
            values = {"type": str(listed.type), "number": listed.id, "found": found}
            return Finding(HoldReason.CLAIM_MISMATCH, values, variant="document")
        answers.append(NumberedAnswer(numbers[found], answer, listed.sha256))
    return answers


def key_of(document: ReadDocument) -> DocumentKey:
    """What makes a document the same document, from one partner."""
    listed = document.listed
    return (str(listed.type), listed.id, listed.revision)


def settle_all(reading: Reading, facts: Facts) -> list[Settled]:
    """A decision for each document of a mail of kind `orders`."""
    return [_settle(document, facts) for document in reading.documents]


def _settle(document: ReadDocument, facts: Facts) -> Settled:
    key = key_of(document)
    claimed = document.business_hash or f"sha256:{document.listed.sha256}"
    return Settled(key, claimed, document.order, _decision(document, key, claimed, facts))


def _decision(document: ReadDocument, key: DocumentKey, business_hash: str, facts: Facts) -> Decision:
    """A document that contradicts its manifest leaves a sales order that stands as it is."""
    finding = _contradiction(document)
    if finding is not None:
        known = facts.known.get(key)
        return Conflict(known.ledger_id, finding) if known is not None and known.is_settled else Held((finding,))
    assert document.order is not None
    return settle(key, business_hash, document.order, facts)


def _contradiction(document: ReadDocument) -> Finding | None:
    """Where the document is not what the signed manifest says it is."""
    listed = document.listed
    if document.error is not None:
        return Finding(HoldReason.BAD_DOCUMENT, {"error": document.error})
    if listed.type is not DocumentType.ORDER:
        return Finding(HoldReason.NEWER_RELEASE, {"error": f"We do not handle documents of type {listed.type} yet."})
    assert document.order is not None
    if document.order.id != listed.id:
        values = {"type": str(listed.type), "number": listed.id, "found": document.order.id}
        return Finding(HoldReason.CLAIM_MISMATCH, values, variant="document")
    if listed.business_hash is not None and listed.business_hash != document.business_hash:
        return Finding(HoldReason.CLAIM_MISMATCH, {"number": listed.id}, variant="hash")
    return None
