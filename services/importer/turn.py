"""One mail's turn at the importer: the claimed mail, what it is worked on with, and the ends that are no booking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, select, update

from intergestan_db import states
from intergestan_db.database import AnyRow, Database
from intergestan_db.enums import HoldReason
from intergestan_db.leases import FREE
from intergestan_db.tables import InboundMail
from intergestan_exchange.budgets.limits import Limits
from intergestan_exchange.budgets.spending import lock_partner
from intergestan_exchange.findings.finding import Finding, write_findings
from intergestan_exchange.heartbeats.heartbeats import Rhythm
from intergestan_exchange.inbox.reading import Reading
from intergestan_exchange.inbox.recognise import Case
from intergestan_exchange.keys.keys import is_own, is_still_missing
from intergestan_exchange.transfers.transfer import BY, ClaimedMail, Transfer
from intergestan_exchange.transfers.transfers import end_mail
from intergestan_msg.manifest import Manifest
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import IMPORT
from intergestan_runtime.tracing import Tracer

_log = structlog.get_logger(__name__)

_DOUBTS_THE_SENDER = frozenset(
    {
        HoldReason.BAD_SIGNATURE,
        HoldReason.REVOKED_KEY,
        HoldReason.UNCONFIRMED_KEY,
        HoldReason.WRONG_RECIPIENT,
        HoldReason.TRANSFER_CONFLICT,
    }
)
"""Holds of mails whose number is not to be believed: else a thief could say that a mail had arrived. An answer that
reverses an earlier one is the seller's own, and under a number that nothing else has."""


@dataclass(frozen=True, slots=True)
class Options:
    """What handlers go by.

    :ivar under_way: a mail of ours that was sent less long before a statement need not have arrived.
    :ivar rhythm: of heartbeats.
    :ivar limits: what one partner may have of us in a day.
    """

    under_way: timedelta
    rhythm: Rhythm
    limits: Limits


@dataclass(frozen=True, slots=True)
class Parts:
    """What the importer works with."""

    database: Database
    broker: BellBroker
    metrics: Metrics
    tracer: Tracer
    options: Options


@dataclass(slots=True)
class Several:
    """What became so far of the manifests of a mail that brings more than one.

    :ivar taken: partner, transfer and key of what was booked, or known.
    :ivar waiting: what must wait for a person, by the reading concerned.
    :ivar is_given_back: the mail is to be taken in again, with all that it brings.
    """

    taken: list[tuple[int, str, str]] = field(default_factory=list)
    waiting: dict[int, tuple[Sequence[Finding], Reading, int | None]] = field(default_factory=dict)
    is_given_back: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A claimed mail with its row, and the keys that may have signed it.

    :ivar several: of a mail with several manifests: what became of those before this one.
    """

    parts: Parts
    mail: ClaimedMail
    row: AnyRow
    keys: Mapping[str, bytes]
    several: Several | None = None

    def naming(self, subject: str, sender: str) -> Turn:
        """The same turn, once it is known how people name the mail."""
        return replace(self, mail=ClaimedMail(self.mail.id, self.mail.fence, subject, sender))

    def of_several(self, several: Several) -> Turn:
        """The same turn for one of several manifests: the mail is not done with it."""
        return replace(self, mail=replace(self.mail, brings_more=True), several=several)

    def end_several(self, several: Several) -> None:
        """Finish a mail with several manifests: what must wait for a person holds it, else it is done."""
        if several.is_given_back:
            return
        if several.waiting:
            findings = [finding for found, _, _ in several.waiting.values() for finding in found]
            _, reading, partner_id = next(iter(several.waiting.values()))
            with self.parts.database.transaction() as connection:
                self.write_hold(connection, findings, reading, partner_id)
        elif several.taken:
            partner_id, jti, kid = several.taken[0]
            with self.parts.database.transaction() as connection:
                end_mail(connection, self.mail, partner_id, jti, self.parts.database.now(), kid=kid)
        else:
            self.leave("own")

    def note_taken(self, partner_id: int, jti: str, kid: str) -> None:
        """Note what became of one of several manifests; of a mail with one, the booking itself says it."""
        if self.several is not None:
            self.several.taken.append((partner_id, jti, kid))

    def forget_wait(self, reading: Reading) -> None:
        """Drop what an attempt that was rolled back said of one of several manifests."""
        if self.several is not None:
            self.several.waiting.pop(id(reading), None)

    def count(self, outcome: str) -> None:
        """Count what became of the mail: once as received, and whenever it is taken in again."""
        if self.row.replayed or self.row.sender is not None:
            self.parts.metrics.inc("replays_total", outcome=outcome)
        else:
            self.parts.metrics.inc("mails_total", direction="in", outcome=outcome)

    def give_back(self, *, forgiven: bool = False) -> None:
        """Let the mail be read again, later.

        :param forgiven: the mail is not to blame, so that this is no strike.
        """
        if self.several is not None:
            self.several.is_given_back = True
        values = {"strikes": self.row.strikes - 1} if forgiven else {}
        with self.parts.database.transaction() as connection:
            connection.execute(
                update(InboundMail)
                .where(InboundMail.id == self.mail.id, InboundMail.lease_fence == self.mail.fence)
                .values(rung_at=self.parts.database.now(), **FREE, **values)
            )

    def leave(self, kind: str) -> None:
        """Leave a mail alone that is no business of the site: nothing is done about it, nobody is answered."""
        with self.parts.database.transaction() as connection:
            self._leave(connection, kind)

    def hold(self, finding: Finding, reading: Reading, partner_id: int | None = None) -> None:
        """Let the whole mail wait for a person; nothing of it is booked and nobody is answered."""
        with self.parts.database.transaction() as connection:
            self.write_hold(connection, [finding], reading, partner_id)

    def hold_once(self, finding: Finding, reading: Reading, partner_id: int) -> None:
        """Let the whole mail wait, unless the same one does, or did until a person turned it down.

        A mail that is not answered is sent again and again. The partner's row is locked, so that two that come at once
        are one hold, too.
        """
        assert reading.manifest is not None
        finding, jti = _naming_orders(finding, reading), reading.manifest.jti
        with self.parts.database.transaction() as connection:
            lock_partner(connection, partner_id)
            same = (InboundMail.partner_id == partner_id, InboundMail.id != self.mail.id)
            known = select(InboundMail.id).where(
                *same,
                InboundMail.transfer_id == jti,
                InboundMail.reason == finding.reason,
                InboundMail.detail == write_findings([finding]),
            )
            first = connection.execute(known.order_by(InboundMail.id).limit(1)).scalar()
            if first is None or self.several is not None:
                self.write_hold(connection, [finding], reading, partner_id)
                return
            same_as = {"as": f"in-{first}"}
            end_mail(connection, self.mail, partner_id, jti, self.parts.database.now(), event_detail=same_as)
        self.count("malformed")
        _log.info("The same mail waits for a person already.", first=first, reason=finding.reason)

    def hold_or_read_again(self, finding: Finding, reading: Reading, partner_id: int | None = None) -> None:
        """Hold a mail for want of its key, unless somebody brought or confirmed the key since we looked.

        Our own is left alone: it comes back through a list, a rule of the mailbox, an absence note that quotes it.
        """
        with self.parts.database.transaction() as connection:
            if is_own(connection, finding.values["kid"]):
                self._leave(connection, "own")
                return
            if is_still_missing(connection, finding.values["kid"], finding.reason):
                self.write_hold(connection, [finding], reading, partner_id)
                return
        self.give_back(forgiven=True)
        IMPORT.ring(self.parts.broker, self.mail.id)

    def write_hold(
        self, connection: Connection, findings: Sequence[Finding], reading: Reading, partner_id: int | None
    ) -> None:
        """Hold the mail within the caller's transaction; the first finding is the reason.

        One that brings more is held at its end.
        """
        if self.several is not None:
            self.several.waiting[id(reading)] = (findings, reading, partner_id)
            return
        first = _naming_orders(findings[0], reading)
        findings = [first, *findings[1:]]
        states.move(
            connection,
            states.INBOUND_MAIL,
            [self.mail.id],
            "hold",
            by=BY,
            at=self.parts.database.now(),
            fence=self.mail.fence,
            reason=first.reason,
            detail=write_findings(findings),
            kid=first.values.get("kid") or reading.kid or None,
            partner_id=partner_id,
            transfer_id=reading.manifest.jti if reading.manifest else None,
            strikes=0,
            unproven=partner_id is None and first.reason != HoldReason.ARCHIVE,
            budget=first.variant if first.reason == HoldReason.PARTNER_BUDGET else None,
            **_number(reading.manifest, first),
            **self._for_people(),
            **FREE,
        )
        _log.warning("The mail waits for a person.", reason=first.reason)
        self.count("malformed")
        self.parts.metrics.inc("order_rejections_total", step="import", reason=first.reason)
        if first.reason == HoldReason.PARTNER_BUDGET and first.variant is not None:
            self.parts.metrics.inc("partner_budget_exceeded_total", budget=first.variant)

    def _leave(self, connection: Connection, kind: str) -> None:
        if self.several is not None:
            return
        states.move(
            connection,
            states.INBOUND_MAIL,
            [self.mail.id],
            "leave",
            by=BY,
            at=self.parts.database.now(),
            fence=self.mail.fence,
            event_detail={"kind": kind},
            unproven=True,
            **self._for_people(),
            **FREE,
        )
        self.count(kind)

    def _for_people(self) -> dict[str, Any]:
        return {"subject": self.mail.subject, "sender": self.mail.sender}


@dataclass(frozen=True, slots=True)
class Verified:
    """A mail, or one of several manifests in it, whose signature holds.

    :ivar case: what we know that bears on it.
    :ivar last: whether this is the last try of this turn: what is there already is then taken for the mail's own fault.
    """

    turn: Turn
    reading: Reading
    manifest: Manifest
    case: Case
    last: bool

    @property
    def transfer(self) -> Transfer:
        """The manifest, as it is booked."""
        return self.case.transfer


def _naming_orders(finding: Finding, reading: Reading) -> Finding:
    """A finding about a mail with a verified manifest, with the orders that stand in it."""
    if reading.manifest is None or not reading.manifest.documents:
        return finding
    orders = ", ".join(dict.fromkeys(document.id for document in reading.manifest.documents))
    return replace(finding, values={**finding.values, "orders": orders})


def _number(manifest: Manifest | None, finding: Finding) -> dict[str, Any]:
    """The number of a mail that arrived, as far as it is believed; a damaged one is asked for again."""
    doubtful = finding.reason in _DOUBTS_THE_SENDER and finding.variant != "reversed"
    if manifest is None or not manifest.seq or doubtful or finding.reason == HoldReason.DAMAGED:
        return {}
    return {"epoch": manifest.epoch, "seq": manifest.seq}
