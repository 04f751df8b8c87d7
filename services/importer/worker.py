"""The importer's shell: one archived mail at a time, from its row id to what was booked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError

from intergestan_msg.mail_headers import Headers
from intergestan_msg.manifest import Manifest
from intergestan_runtime.archive import Archive, ArchiveError
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.logs import bind
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import COMPOSE, IMPORT
from intergestan_site import states
from intergestan_site.apply import UnmatchedAnswer, apply_answers
from intergestan_site.book import Booked, book
from intergestan_site.booking.entries import BY, ClaimedMail, Settled, Transfer
from intergestan_site.booking.holds import write_findings
from intergestan_site.booking.ledger import DecidedMeanwhile
from intergestan_site.database import AnyRow, Database, is_conflict
from intergestan_site.decisions import Finding, Held
from intergestan_site.facts import Facts
from intergestan_site.intake.look_up import look_up
from intergestan_site.intake.pool import ReaderDied, ReaderPool
from intergestan_site.intake.reading import Fault, Reading
from intergestan_site.intake.take_in import answers_of, settle_all
from intergestan_site.keys import is_pinned
from intergestan_site.leases import FREE, Claims, claim_mail
from intergestan_site.tables import InboundMail, PartnerKey
from intergestan_site.words import HoldReason, InboundState

_log = structlog.get_logger(__name__)

MAX_STRIKES = 3
TRIES = 3
"""How often a booking that lost a race against another importer or a person is decided anew, at once."""

_NOT_THE_ORDERS_FAULT = (DecidedMeanwhile, states.StaleState, InterfaceError, OperationalError)
"""What may stop any booking: somebody else was faster, or the base is away. It is tried again later."""

_UNREAD = Reading(Headers("", "", None, "", ""))


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed mail, its row, and the keys that may have signed it."""

    mail: ClaimedMail
    row: AnyRow
    keys: Mapping[str, bytes]


class Importer:
    """Takes archived mails in. Safe to run as often as one likes: the ledger decides what counts."""

    def __init__(
        self,
        *,
        database: Database,
        broker: BellBroker,
        metrics: Metrics,
        archive: Archive,
        pool: ReaderPool,
        worker: str,
        max_age: timedelta,
    ) -> None:
        self._database = database
        self._broker = broker
        self._metrics = metrics
        self._archive = archive
        self._pool = pool
        self._worker = worker
        self._max_age = max_age
        self.claims = Claims(InboundMail)

    def take_in(self, mail_id: int) -> None:
        """Take in one mail, if it is archived and nobody else has it."""
        with self.claims.holding(mail_id):
            job = self._claim(mail_id)
            if job is not None:
                self._take_in(job)

    def _take_in(self, job: Job) -> None:
        started = time.monotonic()
        crashpoint("importer.claimed")
        with bind(mail=job.row.sha256):
            try:
                self._work(job)
            except states.StaleState as error:
                _log.warning("Another importer took the mail over.", error=str(error))
            self._metrics.observe("step_duration_seconds", time.monotonic() - started, step="import")

    def _work(self, job: Job) -> None:
        if job.row.strikes > MAX_STRIKES:
            self._hold(job, Finding(HoldReason.POISON, {"strikes": str(MAX_STRIKES)}), _UNREAD)
            return
        reading = self._read(job)
        if reading is not None:
            self._act(job, reading)

    def _claim(self, mail_id: int) -> Job | None:
        """Each claim is a strike, forgiven when the mail is dealt with: a mail that kills us counts three."""
        with self._database.transaction() as connection:
            now = self._database.now()
            fence = claim_mail(connection, InboundMail, mail_id, [InboundState.ARCHIVED], self._worker, now)
            if fence is None:
                return None
            row = connection.execute(
                update(InboundMail)
                .where(InboundMail.id == mail_id)
                .values(strikes=InboundMail.strikes + 1)
                .returning(*InboundMail.__table__.c)
            ).one()
            keys = connection.execute(
                select(PartnerKey.kid, PartnerKey.public_key).where(PartnerKey.revoked_at.is_(None))
            )
            return Job(ClaimedMail(mail_id, fence), row, {key.kid: key.public_key for key in keys})

    def _read(self, job: Job) -> Reading | None:
        """What stands in the mail; None when it could not be read this time."""
        try:
            return self._pool.read(self._archive.get(job.row.sha256), job.keys)
        except (ReaderDied, ArchiveError) as error:
            _log.warning("The mail could not be read; it will be tried again.", error=str(error))
            self._give_back(job)
        except OSError as error:
            _log.warning("The archive or this machine does not let us read; trying again.", error=str(error))
            self._give_back(job, strikes=job.row.strikes - 1)  # not the mail's fault
        return None

    def _give_back(self, job: Job, **values: int) -> None:
        with self._database.transaction() as connection:
            connection.execute(
                update(InboundMail)
                .where(InboundMail.id == job.mail.id, InboundMail.lease_fence == job.mail.fence)
                .values(rung_at=self._database.now(), **FREE, **values)
            )

    def _act(self, job: Job, reading: Reading) -> None:
        mail = ClaimedMail(job.mail.id, job.mail.fence, reading.headers.subject, reading.headers.from_)
        job = Job(mail, job.row, job.keys)
        if reading.fault is not None:
            self._set_aside(job, reading.fault, reading)
            return
        assert reading.manifest is not None
        with bind(transfer=reading.manifest.jti, kind=str(reading.manifest.kind)):
            for attempt in range(1, TRIES + 1):
                try:
                    self._take(job, reading, reading.manifest, last=attempt == TRIES)
                    return
                except (DBAPIError, DecidedMeanwhile) as error:
                    if attempt == TRIES or not _is_race(error):
                        raise
                    _log.info("Somebody else decided at the same time; deciding anew.")

    def _set_aside(self, job: Job, fault: Fault, reading: Reading) -> None:
        if fault.kid is not None:
            self._hold_or_read_again(job, fault.kid, reading)
            return
        if fault.reason is not None:
            self._hold(job, Finding(fault.reason, {"error": fault.error}), reading)
            return
        with self._database.transaction() as connection:
            states.move(
                connection,
                states.INBOUND_MAIL,
                [job.mail.id],
                "leave",
                by=BY,
                at=self._database.now(),
                fence=job.mail.fence,
                **_for_people(job),
                **FREE,
            )
        self._metrics.inc("mails_total", direction="in", outcome="foreign")

    def _hold_or_read_again(self, job: Job, kid: str, reading: Reading) -> None:
        """Hold the mail of an unknown signer, unless somebody pinned the key since we looked."""
        with self._database.transaction() as connection:
            if not is_pinned(connection, kid):
                self._write_hold(connection, job, Finding(HoldReason.UNKNOWN_SIGNER, {"kid": kid}), reading)
                return
        self._give_back(job, strikes=job.row.strikes - 1)
        IMPORT.ring(self._broker, job.mail.id)

    def _hold(self, job: Job, finding: Finding, reading: Reading, partner_id: int | None = None) -> None:
        """The whole mail waits for a person; nothing of it is booked and nobody is answered."""
        with self._database.transaction() as connection:
            self._write_hold(connection, job, finding, reading, partner_id)

    def _write_hold(
        self, connection: Connection, job: Job, finding: Finding, reading: Reading, partner_id: int | None = None
    ) -> None:
        states.move(
            connection,
            states.INBOUND_MAIL,
            [job.mail.id],
            "hold",
            by=BY,
            at=self._database.now(),
            fence=job.mail.fence,
            reason=finding.reason,
            detail=write_findings([finding]),
            kid=finding.values.get("kid") or reading.kid or None,
            partner_id=partner_id,
            transfer_id=reading.manifest.jti if reading.manifest else None,
            strikes=0,
            **_for_people(job),
            **FREE,
        )
        _log.warning("The mail waits for a person.", reason=finding.reason)
        self._metrics.inc("mails_total", direction="in", outcome="malformed")
        self._metrics.inc("order_rejections_total", step="import", reason=finding.reason)

    def _take(self, job: Job, reading: Reading, manifest: Manifest, *, last: bool) -> None:
        row = job.row
        with self._database.read() as connection:
            case = look_up(
                connection,
                reading,
                manifest,
                archived_at=row.archived_at,
                replayed=row.replayed,
                max_age=self._max_age,
            )
        if case.finding is not None:
            self._hold(job, case.finding, reading, case.transfer.partner.id)
        elif case.facts is not None:
            self._book(job, case.transfer, settle_all(reading, case.facts), case.facts, last=last)
        else:
            self._apply(job, case.transfer, reading, manifest)

    def _book(self, job: Job, transfer: Transfer, settled: list[Settled], facts: Facts, *, last: bool) -> None:
        """All orders of the mail in one transaction; if that fails for one of them, one by one.

        :param last: whether a row that is there already is taken for the order's fault, and not for a race.
        """
        try:
            with self._database.transaction() as connection:
                booked = book(connection, job.mail, transfer, settled, facts, self._database.now())
                crashpoint("importer.before_commit")
        except _NOT_THE_ORDERS_FAULT:
            raise
        except Exception as error:
            if isinstance(error, IntegrityError) and not last:
                raise
            if len(settled) == 1 and isinstance(settled[0].decision, Held):
                raise
            _log.exception("Booking the mail at once failed; its orders are booked one by one.")
            self._book_singly(job, transfer, settled, facts)
            return
        crashpoint("importer.after_commit")
        self._report(booked, transfer)

    def _book_singly(self, job: Job, transfer: Transfer, settled: list[Settled], facts: Facts) -> None:
        for position, each in enumerate(settled, start=1):
            transfer = self._book_one(job, transfer, each, facts, finish=position == len(settled))

    def _book_one(self, job: Job, transfer: Transfer, settled: Settled, facts: Facts, *, finish: bool) -> Transfer:
        now = self._database.now()
        try:
            with self._database.transaction() as connection:
                booked = book(connection, job.mail, transfer, [settled], facts, now, finish=finish)
        except _NOT_THE_ORDERS_FAULT:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the other orders must not suffer from it
            _log.exception("Booking an order failed; it waits for a person.", order=settled.key[1])
            failed = Finding(HoldReason.FAILED, {"error": _for_partners(error)})
            held = Settled(settled.key, settled.business_hash, settled.order, Held((failed,)))
            with self._database.transaction() as connection:
                booked = book(connection, job.mail, transfer, [held], facts, now, finish=finish)
        self._report(booked, transfer)
        return replace(transfer, row_id=booked.transfer_id)

    def _apply(self, job: Job, transfer: Transfer, reading: Reading, manifest: Manifest) -> None:
        assert manifest.in_reply_to is not None
        answers = answers_of(reading, manifest)
        if isinstance(answers, Finding):
            self._hold(job, answers, reading, transfer.partner.id)
            return
        try:
            with self._database.transaction() as connection:
                outcomes = apply_answers(
                    connection, job.mail, transfer, manifest.in_reply_to, answers, self._database.now()
                )
                crashpoint("importer.before_commit")
        except UnmatchedAnswer as error:
            finding = Finding(HoldReason.UNMATCHED_ANSWER, {"error": str(error)})
            self._hold(job, finding, reading, transfer.partner.id)
            return
        crashpoint("importer.after_commit")
        self._metrics.inc("mails_total", direction="in", outcome="answer")
        _log.info("Answers applied.", outcomes=outcomes)
        for outcome in outcomes:
            self._metrics.inc("orders_total", step="import", outcome=outcome)

    def _report(self, booked: Booked, transfer: Transfer) -> None:
        COMPOSE.ring(self._broker, *booked.compose)
        self._metrics.inc("mails_total", direction="in", outcome="order")
        transit = (self._database.now() - transfer.composed_at).total_seconds()
        for outcome in booked.outcomes:
            self._metrics.inc("orders_total", step="import", outcome=outcome)
            if outcome == "created":
                self._metrics.observe("order_transit_seconds", max(0.0, transit), route=transfer.partner.site_code)
        _log.info("Booked.", outcomes=booked.outcomes)


def declare(broker: BellBroker, importer: Importer) -> None:
    """Make the importer the actor of its step."""
    IMPORT.work_with(broker, importer.take_in)


def _is_race(error: DBAPIError | DecidedMeanwhile) -> bool:
    return isinstance(error, IntegrityError | DecidedMeanwhile) or is_conflict(error)


def _for_partners(error: Exception) -> str:
    """What went wrong, without what stands in our base: the partner reads it too."""
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return f"{type(cause).__name__}: {str(cause).partition(chr(10))[0][:200]}"


def _for_people(job: Job) -> dict[str, Any]:
    return {"subject": job.mail.subject, "sender": job.mail.sender}
