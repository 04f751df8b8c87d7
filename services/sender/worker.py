"""The sender's shell: one due mail at a time, over connections that are kept."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import structlog

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_db.leases import Claims
from intergestan_db.tables import OutboundMail, Relay
from intergestan_exchange.health.certificates import CertificateNotes
from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken
from intergestan_operations.opening.outage import postponing
from intergestan_runtime.broker import BellBroker
from intergestan_runtime.crashpoint import crashpoint
from intergestan_runtime.logs import bind
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.secrets import SecretError
from intergestan_runtime.steps import SEND
from intergestan_runtime.tracing import NO_TRACER, Tracer
from services.sender.deliver import Conversation, RelayAccount, Timeouts
from services.sender.outcome import Kind, Outcome, ResponseClass, sentence_of
from services.sender.record import BY, Claimed, LeaseLost, claim, commit_dot, conclude, end_attempt, recover
from services.sender.settings import SenderSettings
from services.sender.too_far import bring_near, is_any_too_far

_log = structlog.get_logger(__name__)

_MAIL_OUTCOMES = {
    Kind.ACCEPTED: "accepted",
    Kind.TRY_AGAIN: "deferred",
    Kind.UNKNOWN: "unknown",
    Kind.REFUSED: "bounced",
}


class UnusableAccount(Exception):
    """We cannot even try to connect: what we know of the relay, its password or its authorities is wrong."""

    def __init__(self, why: Exception) -> None:
        super().__init__(str(why))
        self.diagnosis = getattr(why, "diagnosis", None)


class Connections:
    """Connections to the relay, each used by one thread at a time and kept while the account stays as it is."""

    def __init__(self, timeouts: Timeouts, password_of: Callable[[Any], str | AccessToken | None]) -> None:
        self._timeouts = timeouts
        self._password_of = password_of
        self._idle: queue.LifoQueue[tuple[RelayAccount, Conversation]] = queue.LifoQueue()

    @contextmanager
    def to(self, relay: Any) -> Iterator[Conversation]:
        """A connection to a `relay` row's server; opened by its first delivery.

        :raises UnusableAccount: with what a person must put right.
        """
        try:
            account = self._account(relay)
            conversation = self._kept(account) or Conversation(account, timeouts=self._timeouts)
        except (ValueError, OSError, SecretError) as error:
            raise UnusableAccount(error) from error
        yield conversation
        self._idle.put((account, conversation))

    def _account(self, relay: Any) -> RelayAccount:
        return RelayAccount(
            host=relay.host,
            port=relay.port,
            security=Security(relay.security),
            login=relay.login,
            password=self._password_of(relay),
            ca_file=relay.ca_file,
        )

    def close(self) -> None:
        """Take leave of the relay on every idle connection."""
        while (kept := self._take()) is not None:
            kept[1].close()

    def _kept(self, account: RelayAccount) -> Conversation | None:
        while (kept := self._take()) is not None:
            if kept[0] == account:
                return kept[1]
            kept[1].close()
        return None

    def _take(self) -> tuple[RelayAccount, Conversation] | None:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            return None


class Sender:
    """Delivers due mails to the relay and records how far it came."""

    def __init__(
        self,
        database: Database,
        metrics: Metrics,
        worker: str,
        settings: SenderSettings,
        connections: Connections,
        tracer: Tracer = NO_TRACER,
    ) -> None:
        self._database = database
        self._metrics = metrics
        self._worker = worker
        self._settings = settings
        self._connections = connections
        self._tracer = tracer
        self._certificates = CertificateNotes(database, Relay, BY)
        self.claims = Claims(OutboundMail)

    def send(self, mail_id: int) -> None:
        """Deliver one mail, if it is due and nobody else has it; or judge one whose sender died."""
        with self.claims.holding(mail_id):
            claimed = self._claim(mail_id)
            if claimed is None and self._recover(mail_id):
                claimed = self._claim(mail_id)
            if claimed is not None:
                self._send(claimed)

    def bring_near(self) -> int:
        """Let waits that a clock noted which was set back since begin now; how many there were."""
        now = self._database.now()
        with self._database.read() as connection:
            if not is_any_too_far(connection, now, self._settings):
                return 0
        with self._database.transaction() as connection:
            found = bring_near(connection, now, self._settings)
        _log.warning("Waits were noted by a clock that was set back since; they begin now.", waits=found)
        return found

    def _send(self, claimed: Claimed) -> None:
        started = time.monotonic()
        about = {"transfer": claimed.mail.transfer_id, "attempt": claimed.attempt}
        orders = {"orders": claimed.orders} if claimed.orders else {}
        with bind(**about, **orders), self._tracer.step("send", claimed.mail.trace_parent, **about):
            outcome = self._deliver(claimed)
            if outcome is not None:
                self._conclude(claimed, outcome)
                self._metrics.observe("step_duration_seconds", time.monotonic() - started, step="send")

    def _claim(self, mail_id: int) -> Claimed | None:
        with self._database.transaction() as connection:
            return claim(connection, mail_id, self._worker, self._database.now(), self._settings)

    def _recover(self, mail_id: int) -> bool:
        with self._database.transaction() as connection:
            return recover(connection, mail_id, self._database.now(), self._settings)

    def _deliver(self, claimed: Claimed) -> Outcome | None:
        """One conversation; None when the mail was taken from us before its dot."""
        try:
            with self._connections.to(claimed.relay) as conversation:
                outcome = conversation.deliver(
                    claimed.mail.envelope_from,
                    claimed.mail.recipient,
                    claimed.mime,
                    lambda: self._before_dot(claimed, conversation.certificate_end),
                )
                ends = conversation.certificate_end
                if ends is not None:
                    labels = {"kind": "relay", "name": claimed.relay.name}
                    self._metrics.set("certificate_expiry_timestamp_seconds", ends, **labels)
                return outcome
        except LeaseLost as error:
            _log.warning("Stopped before the dot.", reason=str(error))
            return None
        except UnusableAccount as error:
            return _never_tried(Kind.TRY_AGAIN, error)
        except ValueError as error:  # such bytes or addresses must not travel
            return _never_tried(Kind.REFUSED, error)

    def _before_dot(self, claimed: Claimed, certificate_end: float | None) -> None:
        self._certificates.note(claimed.relay.id, claimed.relay.host, certificate_end)
        with self._database.transaction() as connection:
            commit_dot(connection, claimed)

    def _conclude(self, claimed: Claimed, outcome: Outcome) -> None:
        crashpoint("sender.replied")
        now = self._database.now()
        try:
            with self._database.transaction() as connection:
                conclude(connection, claimed, outcome, now, self._settings)
        except states.StaleState:
            _log.info("The mail went on without us.", outcome=outcome.kind)
            with self._database.transaction() as connection:
                end_attempt(connection, claimed.mail.id, claimed.attempt, outcome.kind, outcome.text, now)
        self._metrics.inc("mails_total", direction="out", outcome=_MAIL_OUTCOMES[outcome.kind])
        self._metrics.inc("smtp_responses_total", **{"class": outcome.response_class})
        if outcome.kind is Kind.ACCEPTED:
            _log.info("Delivered.", reply=outcome.text)
        else:
            _log.warning("Not delivered.", outcome=outcome.kind, reply=outcome.text)


def _never_tried(kind: Kind, error: Exception) -> Outcome:
    return Outcome(
        kind=kind,
        response_class=ResponseClass.PERMANENT if kind is Kind.REFUSED else ResponseClass.NETWORK,
        text=sentence_of(error),
        relay_fault=kind is Kind.TRY_AGAIN,
        lasting=True,
    )


def declare(broker: BellBroker, sender: Sender) -> None:
    """Make the sender the actor of its step."""
    SEND.work_with(broker, postponing(sender.send))
