"""The importer's shell: one archived mail at a time, from its row id to what was booked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError

from intergestan_db import states
from intergestan_db.database import Database, is_conflict
from intergestan_db.enums import HoldReason
from intergestan_db.leases import Claims, claim_mail
from intergestan_db.limited_child.children import ReaderDied
from intergestan_db.tables import InboundMail
from intergestan_exchange.budgets.limits import USUAL_LIMITS, Limits
from intergestan_exchange.findings.finding import Finding
from intergestan_exchange.heartbeats.heartbeats import USUAL, Rhythm
from intergestan_exchange.history.positions import ask_for_lost, note_position
from intergestan_exchange.inbox.booking.ledger import DecidedMeanwhile
from intergestan_exchange.inbox.pool import ReaderPool
from intergestan_exchange.inbox.reading import Fault, Reading
from intergestan_exchange.inbox.recognise import Case, recognise
from intergestan_exchange.keys.keys import public_keys
from intergestan_exchange.partners.partner_clock import WORTH_NOTING_S, note_clock
from intergestan_exchange.statements.releases import note_takes
from intergestan_exchange.transfers.copies import end_damaged
from intergestan_exchange.transfers.put_back import judge_age_again
from intergestan_exchange.transfers.transfer import BY, ClaimedMail, Transfer
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.mail.headers import Headers
from intergestan_msg.manifest import Manifest
from intergestan_operations.opening.outage import ANY_REFUSAL, postponing, tell_outage
from intergestan_runtime.archive import Archive, ArchiveError, Corrupt, Missing
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.logs import bind
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.rarely import RARELY
from intergestan_runtime.service import Loop
from intergestan_runtime.steps import COMPOSE, CREDIT, IMPORT
from intergestan_runtime.tracing import NO_TRACER, Tracer
from services.importer.credit import look_at_customer
from services.importer.damaged import damage, take_damaged
from services.importer.handlers import HANDLERS
from services.importer.reports import take_delivery_report
from services.importer.turn import Options, Parts, Several, Turn, Verified

_log = structlog.get_logger(__name__)

MAX_STRIKES = 3
TRIES = 3
"""How often a booking that lost a race against another importer or a person is decided anew, at once."""

_UNREAD = Reading(Headers("", "", None, "", ""))


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
        bounce_key: BounceKey | None = None,
        under_way: timedelta = timedelta(hours=1),
        rhythm: Rhythm = USUAL,
        tracer: Tracer = NO_TRACER,
        limits: Limits = USUAL_LIMITS,
    ) -> None:
        """:param under_way: a mail of ours that was sent less long before a statement need not have arrived."""
        self._parts = Parts(database, broker, metrics, tracer, Options(under_way, rhythm, limits))
        self._archive = archive
        self._pool = pool
        self._worker = worker
        self._max_age = max_age
        self._bounce_key = bounce_key
        self.claims = Claims(InboundMail)

    def take_in(self, mail_id: int) -> None:
        """Take in one mail, if it is archived and nobody else has it."""
        with self.claims.holding(mail_id):
            turn = self._claim(mail_id)
            if turn is not None:
                with self.claims.blameless(mail_id):
                    self._take_in(turn)

    def look_again(self, customer_id: int) -> None:
        """Look at the orders of a customer that wait for room."""
        look_at_customer(self._parts, customer_id)

    def look_on(self, stopping: Callable[[], bool]) -> bool:
        """Read some mails of a look at what a replay would change; whether there was one."""
        from intergestan_operations.replaying.looking import look_on

        return look_on(self._parts.database, self._archive, self._pool, self._bounce_key, stopping)

    def _claim(self, mail_id: int) -> Turn | None:
        database = self._parts.database
        with database.transaction() as connection:
            self.claims.forgive(connection, [mail_id])
            row = claim_mail(connection, mail_id, self._worker, database.now())
            keys = public_keys(connection) if row is not None else {}
        self.claims.settle([mail_id])
        return None if row is None else Turn(self._parts, ClaimedMail(mail_id, row.lease_fence), row, keys)

    def _take_in(self, turn: Turn) -> None:
        started = time.monotonic()
        about = {"mail": turn.row.sha256}
        with bind(**about), self._parts.tracer.step("import", turn.row.trace_parent, **about):
            try:
                self._work(turn)
            except states.StaleState as error:
                _log.warning("Another importer took the mail over.", error=str(error))
            self._parts.metrics.observe("step_duration_seconds", time.monotonic() - started, step="import")

    def _work(self, turn: Turn) -> None:
        if turn.row.strikes > MAX_STRIKES:
            turn.hold(Finding(HoldReason.POISON, {"strikes": str(MAX_STRIKES)}), _UNREAD)
            return
        reading = self._read(turn)
        if reading is not None:
            self._act(turn.naming(reading.headers.subject, reading.headers.from_), reading)

    def _read(self, turn: Turn) -> Reading | None:
        """What stands in the mail; None when it could not be read this time."""
        try:
            return self._pool.read(self._archive.get(turn.row.sha256), turn.keys)
        except (Missing, Corrupt) as error:
            _log.error("The mail in the archive is not whole; the mailbox is asked for it again.", error=str(error))
            self._parts.metrics.inc("archive_errors_total", operation="read")
            place = {"place": self._archive.place(turn.row.sha256)}
            variant = "missing" if isinstance(error, Missing) else None
            turn.hold(Finding(HoldReason.ARCHIVE, place, variant=variant), _UNREAD)
        except (OSError, MemoryError, ArchiveError) as error:
            said = str(error) or type(error).__name__
            RARELY.warn(_log, "read", "The archive or this machine does not let us read; trying again.", error=said)
            self._parts.metrics.inc("archive_errors_total", operation="read")
            turn.give_back(forgiven=True)
        except ReaderDied as error:
            _log.warning("The mail could not be read; it will be tried again.", error=str(error))
            turn.give_back()
        return None

    def _act(self, turn: Turn, reading: Reading) -> None:
        """Do what the mail reports, or each of its manifests asks for; it is done, held or left once, at the end."""
        if reading.report is not None and take_delivery_report(turn, reading.report, self._bounce_key):
            return
        if not reading.others:
            self._act_on(turn, reading)
            return
        several = Several()
        for each in (reading, *reading.others):
            self._act_on(turn.of_several(several), each)
            if several.is_given_back:
                return
        turn.end_several(several)

    def _act_on(self, turn: Turn, reading: Reading) -> None:
        if reading.fault is not None:
            self._take_unproven(turn, reading, reading.fault)
            return
        assert reading.manifest is not None
        with bind(transfer=reading.manifest.jti, kind=str(reading.manifest.kind), **_orders(reading.manifest)):
            for attempt in range(1, TRIES + 1):
                turn.forget_wait(reading)
                try:
                    self._take(turn, reading, reading.manifest, last=attempt == TRIES)
                    return
                except (DBAPIError, DecidedMeanwhile) as error:
                    if attempt == TRIES or not _is_race(error):
                        raise
                    _log.info("Somebody else decided at the same time; deciding anew.")

    def _take_unproven(self, turn: Turn, reading: Reading, fault: Fault) -> None:
        """Without a known signature: a fault for a person, or nothing to us."""
        if fault.kid is not None:
            turn.hold_or_read_again(Finding(HoldReason.UNKNOWN_SIGNER, {"kid": fault.kid}), reading)
        elif reading.manifest is not None:
            take_damaged(turn, reading, fault)
        elif fault.reason is not None:
            turn.hold(damage(fault), reading)
        else:
            turn.leave("automatic" if reading.automatic else "foreign")

    def _take(self, turn: Turn, reading: Reading, manifest: Manifest, *, last: bool) -> None:
        database = self._parts.database
        with database.read() as connection:
            case = recognise(
                connection,
                reading,
                manifest,
                archived_at=turn.row.archived_at,
                replayed=turn.row.replayed,
                max_age=self._max_age,
            )
        transfer, finding = case.transfer, case.finding
        if case.takes is not None or case.clock is not None:
            self._note(turn, case)
        if case.tells_position:
            self._note_position(transfer, manifest)
        if finding is None or manifest.kind.nature.passing:
            if not HANDLERS[manifest.kind](Verified(turn, reading, manifest, case, last)):
                return
        elif finding.reason == HoldReason.UNCONFIRMED_KEY:
            turn.hold_or_read_again(finding, reading, transfer.partner.id)
        elif finding.reason == HoldReason.TRANSFER_CONFLICT:
            turn.hold_once(finding, reading, transfer.partner.id)
        else:
            turn.hold(finding, reading, transfer.partner.id)
        turn.note_taken(transfer.partner.id, transfer.jti, transfer.kid)
        if case.has_damaged_copy:
            self._end_damaged(transfer)

    def _end_damaged(self, transfer: Transfer) -> None:
        """Copies of this transfer that came damaged need nobody any more."""
        database = self._parts.database
        with database.transaction() as connection:
            again = end_damaged(connection, transfer.partner.id, transfer.jti, at=database.now())
        IMPORT.ring(self._parts.broker, *again)

    def _note_position(self, transfer: Transfer, manifest: Manifest) -> None:
        """Note how far the partner says that the numbering is, and ask for mails that it has told of for a while."""
        database, partner_id = self._parts.database, transfer.partner.id
        with database.transaction() as connection:
            now = database.now()
            asking = ask_for_lost(connection, partner_id, manifest, now)
            note_position(connection, partner_id, manifest, transfer.composed_at, now)
        COMPOSE.ring(self._parts.broker, *asking)

    def _note(self, turn: Turn, case: Case) -> None:
        """What the mail tells of its sender, besides what it is about."""
        transfer, archived_at = case.transfer, turn.row.archived_at
        with self._parts.database.transaction() as connection:
            if case.takes is not None:
                note_takes(connection, transfer.partner.id, case.takes, transfer.composed_at, archived_at)
            again = _note_clock(connection, case, archived_at) if case.clock is not None else ()
        IMPORT.ring(self._parts.broker, *again)
        if case.clock is not None:
            seconds = case.clock.seconds
            _log.info("The partner's clock was measured.", partner=transfer.partner.site_code, ahead=seconds)


def _orders(manifest: Manifest) -> dict[str, list[str]]:
    """Which orders the lines of the log about a mail are about."""
    numbers = sorted({document.id for document in manifest.documents})
    return {"orders": numbers} if numbers else {}


LOOK_S = 2.0
"""So often an importer sees whether somebody asked what a replay would change."""


def looking(importer: Importer) -> Loop:
    """A loop that looks at what replays would change, one lot of mails after the other while there are some."""

    def look(stop: threading.Event) -> None:
        while not stop.is_set():
            try:
                if importer.look_on(stop.is_set):
                    continue
            except ANY_REFUSAL as error:
                tell_outage(error, "What a replay would change is looked at later.")
            except (ArchiveError, OSError, MemoryError) as error:
                RARELY.warn(_log, "look", "The archive or this machine does not let us read.", error=str(error))
            stop.wait(LOOK_S)

    return look


def declare(broker: BellBroker, importer: Importer) -> None:
    """Make the importer the actor of its steps."""
    IMPORT.work_with(broker, postponing(importer.take_in))
    CREDIT.work_with(broker, postponing(importer.look_again))


def _note_clock(connection: Connection, case: Case, archived_at: datetime) -> tuple[int, ...]:
    """How far the sender's clock is ahead; the mails whose age is another one by that, to be taken in again."""
    assert case.clock is not None
    partner = case.transfer.partner
    note_clock(connection, partner.id, case.clock, archived_at)
    before = 0 if partner.clock is None else partner.clock.seconds
    if abs(case.clock.seconds - before) < WORTH_NOTING_S:
        return ()
    return judge_age_again(connection, partner.id, by=BY, at=archived_at)


def _is_race(error: DBAPIError | DecidedMeanwhile) -> bool:
    return isinstance(error, IntegrityError | DecidedMeanwhile) or is_conflict(error)
