"""What a read mail means for us: decided from values, before anything is written (`design.md` §9).

The manifest says who and which bytes; the documents say what. Each check either lets the mail pass or says why
the whole of it must wait for a person; what concerns one document only is left to `intergestan_exchange.inbox.decide`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from intergestan_db.enums import HoldReason
from intergestan_erp.site.day import site_day
from intergestan_exchange.findings.finding import Finding, diagnosed
from intergestan_exchange.inbox.apply import NumberedAnswer
from intergestan_exchange.inbox.booking.debts import debt_change
from intergestan_exchange.inbox.booking.entries import Settled
from intergestan_exchange.inbox.decide import settle
from intergestan_exchange.inbox.decide_change import settle_change, stated_beside
from intergestan_exchange.inbox.decisions import Accepted, Conflict, Decision, Held
from intergestan_exchange.inbox.facts import DocumentKey, Facts
from intergestan_exchange.inbox.reading import ReadDocument, Reading
from intergestan_exchange.inbox.starting_point import Stated, beside_booked
from intergestan_exchange.keys.key_windows import KeyFacts, Standing, standing
from intergestan_msg.diagnosis import Diagnosis, Wrong
from intergestan_msg.manifest import Manifest
from intergestan_msg.order import Order

NONSENSE = timedelta(days=36525)
"""No clock is ahead by a century. Less is taken in at once, whatever a partner's clock says: that no mail counts twice
is the ledger's business, and how far their clock is ahead is measured and told (`partner_clock`)."""

_LAST_INSTANT = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


@dataclass(frozen=True, slots=True)
class Signer:
    """The key that signed, and whose it is."""

    partner_id: int
    partner_name: str
    site_code: str
    key: KeyFacts


@dataclass(frozen=True, slots=True)
class Seen:
    """A transfer that came before."""

    row_id: int
    jti: str
    digest: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a mail is judged by besides its content.

    :ivar asked_for: our own statement asked for it.
    :ivar zone: of our site, in whose days people are told.
    :ivar behind: how far the sender's clock is known to be behind ours.
    :ivar settled: the very same transfer came before, and nothing of it waits: taking it in again books nothing.
    """

    our_code: str
    archived_at: datetime
    replayed: bool
    max_age: timedelta
    asked_for: bool = False
    same_jti: Seen | None = None
    same_seq: Seen | None = None
    settled: bool = False
    zone: tzinfo = UTC
    behind: timedelta = timedelta(0)


def judge(manifest: Manifest, digest: str, signer: Signer, about: Circumstances) -> Finding | None:
    """Why the whole mail must wait for a person, or None."""
    composed = composed_at(manifest)
    checks = (
        _wrong_signer(manifest, signer),
        _wrong_key(composed, signer, about),
        _wrong_recipient(manifest, signer, about),
        _used_again(manifest, digest, signer, about),
        _wrong_age(manifest, composed, about),
        _later_release(manifest),
        _number_twice(manifest),
    )
    return next((finding for finding in checks if finding is not None), None)


def composed_at(manifest: Manifest) -> datetime:
    """When the sender says that the mail was composed; of a nonsensical claim the end of all days."""
    return datetime.fromtimestamp(min(manifest.iat, _LAST_INSTANT), UTC)


def _wrong_signer(manifest: Manifest, signer: Signer) -> Finding | None:
    if manifest.iss == signer.site_code:
        return None
    names = {"claimed": manifest.iss, "partner": signer.partner_name, "site": signer.site_code}
    return diagnosed(HoldReason.BAD_SIGNATURE, Diagnosis.of(Wrong.OTHER_SIGNER, names))


def _wrong_key(composed: datetime, signer: Signer, about: Circumstances) -> Finding | None:
    """A key that does not count (`key_windows`). What came whole while a key counted stays, whatever became of it."""
    key = signer.key
    values = {"partner": signer.partner_name, "kid": key.kid}
    found = standing(key, composed, about.archived_at)
    if found is Standing.REVOKED and not about.settled:
        assert key.revoked_at is not None
        return Finding(HoldReason.REVOKED_KEY, values | {"revoked": site_day(about.zone, key.revoked_at).isoformat()})
    if found is Standing.UNCONFIRMED:
        return Finding(HoldReason.UNCONFIRMED_KEY, values)
    if found is Standing.OUTSIDE and not about.settled:
        error = Diagnosis.of(Wrong.KEY_NOT_VALID_THEN, values | {"at": f"{composed:%Y-%m-%d %H:%M}"})
        return diagnosed(HoldReason.BAD_SIGNATURE, error, variant="outside")
    return None


def _wrong_recipient(manifest: Manifest, signer: Signer, about: Circumstances) -> Finding | None:
    if manifest.aud == about.our_code:
        return None
    return Finding(HoldReason.WRONG_RECIPIENT, {"partner": signer.partner_name, "audience": manifest.aud})


def _used_again(manifest: Manifest, digest: str, signer: Signer, about: Circumstances) -> Finding | None:
    """A transfer number or a sequence number stands for one content, for ever."""
    values = {"partner": signer.partner_name, "transfer": manifest.jti, "content": digest[:12]}
    values |= {"epoch": str(manifest.epoch), "seq": str(manifest.seq)}
    if about.same_jti is not None and about.same_jti.digest != digest:
        return Finding(HoldReason.TRANSFER_CONFLICT, values)
    if about.same_seq is not None and about.same_seq.jti != manifest.jti:
        return Finding(HoldReason.TRANSFER_CONFLICT, values | {"first": about.same_seq.jti}, variant="sequence")
    return None


def _wrong_age(manifest: Manifest, composed: datetime, about: Circumstances) -> Finding | None:
    """Judged when a transfer first comes; replays, known transfers and those that we asked for are exempt.

    A statement is never too old: once there is a newer one it does nothing.
    """
    if about.replayed or about.asked_for or about.same_jti is not None:
        return None
    age = about.archived_at - composed - about.behind
    if age >= -NONSENSE and (age <= about.max_age or manifest.kind.nature.ageless):
        return None
    return Finding(
        HoldReason.TOO_OLD,
        {"composed": f"{composed:%Y-%m-%d %H:%M} UTC", "archived": f"{about.archived_at:%Y-%m-%d %H:%M} UTC"},
    )


def _later_release(manifest: Manifest) -> Finding | None:
    if not manifest.kind.nature.reserved:
        return None
    return diagnosed(HoldReason.NEWER_RELEASE, Diagnosis.of(Wrong.KIND_LATER, {"kind": manifest.kind}))


def _number_twice(manifest: Manifest) -> Finding | None:
    """One answers mail answers each order once, so an order may stand in a mail once."""
    counted = Counter(document.id for document in manifest.documents)
    twice = next((number for number, count in counted.items() if count > 1), None)
    if twice is None:
        return None
    return diagnosed(HoldReason.BAD_MESSAGE, Diagnosis.of(Wrong.LISTED_TWICE, {"number": twice}))


def answers_of(reading: Reading, manifest: Manifest) -> list[NumberedAnswer] | Finding:
    """The answers of a mail of kind `answers`, or why the whole of it must wait for a person."""
    unread = next((document.error for document in reading.documents if document.error is not None), None)
    if unread is not None:
        return diagnosed(HoldReason.BAD_DOCUMENT, unread)
    numbers = {answer.order_id: answer.n for answer in manifest.answers}
    answers = []
    for document in reading.documents:
        listed, answer = document.listed, document.answer
        found = answer.order_id if answer is not None else "–"
        if answer is None or found != listed.id or found not in numbers:
            values = {"type": str(listed.type), "number": listed.id, "found": found}
            return Finding(HoldReason.CLAIM_MISMATCH, values, variant="document")
        answers.append(NumberedAnswer(manifest.epoch, numbers[found], answer, listed.sha256))
    return answers


def key_of(document: ReadDocument) -> DocumentKey:
    """What makes a document the same document, from one partner."""
    listed = document.listed
    return (str(listed.type), listed.id, listed.revision)


def order_of(document: ReadDocument) -> Order | None:
    """The order that a document states, or as a change wants it."""
    return document.change.order if document.change is not None else document.order


def _name_of(document: ReadDocument) -> tuple[str, int]:
    """The number and revision that a document says of itself, as far as it says them."""
    if document.change is not None:
        return document.change.order.id, document.change.sequence
    if document.cancellation is not None:
        return document.cancellation.order_id, max(document.listed.revision, 1)
    assert document.order is not None
    return document.order.id, document.listed.revision


def settle_all(reading: Reading, facts: Facts) -> list[Settled]:
    """A decision for each document of a mail of kind `orders`.

    Where the site uses credit they are decided in the order of their keys, each beside those before it (D27).
    """
    if facts.credit is None:
        return [_settle(document, facts) for document in reading.documents]
    settled: dict[DocumentKey, Settled] = {}
    for document in sorted(reading.documents, key=key_of):
        each = _settle(document, facts)
        settled[each.key] = each
        facts = _after(facts, each)
    return [settled[key_of(document)] for document in reading.documents]


def _after(facts: Facts, settled: Settled) -> Facts:
    """The facts once this document is booked."""
    change = debt_change(settled, facts)
    if change is None or facts.credit is None:
        return facts
    return replace(facts, credit=facts.credit.with_added(*change))


def _settle(document: ReadDocument, facts: Facts) -> Settled:
    key = key_of(document)
    unread = f"sha256:{document.listed.sha256}"
    known = facts.same(key, unread)
    came_unread = known is not None and known.business_hash == unread  # before we were upgraded, say
    claimed = unread if came_unread or document.business_hash is None else document.business_hash
    decision = _decision(document, key, claimed, facts)
    return Settled(key, claimed, order_of(document), decision, _stated(document, decision, facts))


def _stated(document: ReadDocument, decision: Decision, facts: Facts) -> Stated | None:
    """What an order or a change states of its lines and we do not book: the next change may start from it."""
    if document.change is not None:
        return stated_beside(document.change, decision, facts.standing.get(document.change.order.id))
    if document.order is None or not isinstance(decision, Accepted):
        return None
    return beside_booked(document.order.lines, {line.line_id: (line, None) for line in decision.lines})


def _decision(document: ReadDocument, key: DocumentKey, business_hash: str, facts: Facts) -> Decision:
    """A document that contradicts its manifest leaves a sales order that stands as it is."""
    finding = _contradiction(document)
    if finding is not None:
        known = facts.same(key, business_hash)
        return Conflict(known.ledger_id, finding) if known is not None and known.is_settled else Held((finding,))
    change = document.change or document.cancellation
    if change is not None:
        return settle_change(key, business_hash, change, facts)
    assert document.order is not None
    return settle(key, business_hash, document.order, facts)


def _contradiction(document: ReadDocument) -> Finding | None:
    """Where the document is not what the signed manifest says it is."""
    listed = document.listed
    if document.error is not None:
        return diagnosed(HoldReason.BAD_DOCUMENT, document.error)
    found = _name_of(document)
    if found != (listed.id, listed.revision):
        values = {
            "type": str(listed.type),
            "number": f"{listed.id} ({listed.revision})",
            "found": f"{found[0]} ({found[1]})",
        }
        return Finding(HoldReason.CLAIM_MISMATCH, values, variant="document")
    if listed.business_hash is not None and listed.business_hash != document.business_hash:
        return Finding(HoldReason.CLAIM_MISMATCH, {"number": listed.id}, variant="hash")
    return None
