"""A POP3 maildrop as a `Source`: short sessions on a timer, for each locks out whoever else reads the mailbox."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from services.poller.bell import Bell
from services.poller.connection import Limits
from services.poller.handles import Uidl, UidlNotes
from services.poller.pop3 import Pop3Session
from services.poller.rows import MailboxRows
from services.poller.settings import PollerSettings
from services.poller.source import SIZES_AT_ONCE, Account, Secret, logged_in
from services.poller.troubles import Kind, MailboxTrouble


class Pop3Source:
    """Mails by UIDL (G22). They stay on the server until a person asks for a purge (G24)."""

    protocol: ClassVar[str] = "pop3"
    notes = UidlNotes()

    def __init__(self, account: Account, rows: MailboxRows, settings: PollerSettings) -> None:
        self._account = account
        self._rows = rows
        self._limits = Limits(
            silence=settings.silence_seconds, command=settings.command_seconds, hello=settings.hello_seconds
        )
        self._longest = settings.pop3_session_seconds
        self._known: set[Uidl] | None = None
        self._secret: Secret = ""
        self._session: Pop3Session | None = None

    def open(self, secret: Secret) -> None:
        """Only remember it: the maildrop is locked no longer than needed."""
        self._secret = secret

    def close(self, *, politely: bool) -> None:
        """End the session, if there is one."""
        session, self._session = self._session, None
        if session is not None:
            session.close(politely=politely)

    def certificate_end(self) -> float | None:
        """Of the session that there is."""
        return None if self._session is None else self._session.certificate_end

    def list_new(self, *, asked: bool) -> Sequence[Uidl]:  # noqa: ARG002 - every session looks anew
        """The mails that we do not have, by a new session: another's news are seen by the next one only."""
        self.close(politely=True)
        self._begin()
        if self._known is None:
            self._known = self._rows.known(self.notes)
        return sorted(self._listed - self._known)

    def sizes(self, mails: Sequence[Uidl]) -> dict[Uidl, int]:
        """As LIST told them."""
        return {mail: mail.size for mail in mails}

    def bodies(self, mails: Sequence[Uidl], octets: int) -> dict[Uidl, bytes]:
        """The raw mails, by a new session where this one lasts too long.

        When the connection breaks, those that came are not lost; the next call tells.
        """
        session = self._session
        if session is None or time.monotonic() - session.began > self._longest:
            self.close(politely=True)
            session = self._begin()
        bodies: dict[Uidl, bytes] = {}
        try:
            bodies.update(session.bodies(mails, octets))
        except MailboxTrouble:
            self.close(politely=False)
            if not bodies:
                raise
        return bodies

    def present(self, *, to_remove: bool) -> set[Uidl]:  # noqa: ARG002 - there is one way to open a maildrop
        """All mails, by a new session."""
        self.close(politely=True)
        self._begin()
        return set(self._listed)

    def remove(self, mails: Sequence[Uidl]) -> set[Uidl]:
        """By DELE, in the session in which they were compared, which ends with that: only QUIT removes."""
        session, self._session = self._session, None
        if session is None:
            raise MailboxTrouble(Kind.CLOSED, "the session ended before the mails were removed")
        return session.remove(mails)

    def taken(self, mails: Sequence[Uidl]) -> None:
        """These are archived, or noted as not to be fetched."""
        if self._known is not None:
            self._known.update(mails)

    def doubt(self) -> None:
        """Everything is listed every time as it is."""

    def forget(self) -> None:
        """Ask the base again."""
        self._known = None

    def at_once(self) -> int:
        """A server hands out one by one."""
        return SIZES_AT_ONCE

    def another(self) -> None:
        """None: who logs in locks the maildrop (RFC 1939 §4)."""

    def wait(self, seconds: float, bell: Bell) -> bool:
        """The maildrop is free meanwhile."""
        self.close(politely=True)
        bell.wait(seconds)
        return False

    def hang_up(self) -> None:
        """End the connection from another thread, whatever it does."""
        session = self._session
        if session is not None:
            session.hang_up()

    def _begin(self) -> Pop3Session:
        session = self._session = logged_in(
            self._secret, lambda password: Pop3Session(self._account, password, self._limits)
        )
        self._listed = session.listing()
        return session
