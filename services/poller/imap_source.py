"""An IMAP folder as a `Source`: one connection that stays, IDLE, and what is known of the folder's generation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import ClassVar

from services.poller.bell import Bell
from services.poller.connection import Limits
from services.poller.fetch import Known
from services.poller.handles import UidNotes
from services.poller.mailbox import Session
from services.poller.rows import MailboxRows
from services.poller.settings import PollerSettings
from services.poller.source import Account, Secret, logged_in
from services.poller.troubles import Kind, MailboxTrouble

_LISTINGS = 3  # attempts to list a folder from which somebody else removes mails
_CALM = 0.1  # seconds between two IDLE, so that a server that chatters keeps nobody busy


class ImapSource:
    """Mails by UID (`design.md` §8)."""

    protocol: ClassVar[str] = "imap"

    def __init__(self, account: Account, rows: MailboxRows, settings: PollerSettings) -> None:
        self._account = account
        self._rows = rows
        self._settings = settings
        self._limits = Limits(
            silence=settings.silence_seconds, command=settings.command_seconds, hello=settings.hello_seconds
        )
        self._known: Known | None = None
        self._expunged = 0
        self._heard = (0, 0)
        self._secret: Secret = ""
        self._session: Session | None = None

    @property
    def notes(self) -> UidNotes:
        """Of the generation that was listed."""
        return UidNotes(self._listed.uidvalidity)

    def open(self, secret: Secret) -> None:
        """Connect. What the last session left open is listed again; UIDs without UIDVALIDITY meant something there."""
        self._secret = secret
        self._session = self._log_in()
        self._expunged = 0
        self.doubt()
        if self._known is not None and self._known.uidvalidity == 0:
            self._known = None

    def close(self, *, politely: bool) -> None:
        """End the connection, if there is one."""
        session, self._session = self._session, None
        if session is not None:
            session.close(politely=politely)

    def certificate_end(self) -> float | None:
        """Of the connection that there is."""
        return None if self._session is None else self._session.certificate_end

    def list_new(self, *, asked: bool) -> Sequence[int]:
        """The UIDs that we do not have. For a person who asks, the server shall look anew, not only tell its news."""
        session = self._connected
        new = self._list(session, asked=asked)
        self._heard = (session.exists, session.expunged)
        return new

    def sizes(self, mails: Sequence[int]) -> dict[int, int]:
        """RFC822.SIZE of at most `SIZES_AT_ONCE` mails; who is missing has vanished."""
        return self._connected.sizes(mails)

    def bodies(self, mails: Sequence[int], octets: int) -> dict[int, bytes]:
        """The raw mails, in one round trip; who is missing has vanished."""
        return self._connected.bodies(mails, octets)

    def present(self, *, to_remove: bool) -> set[int]:
        """All UIDs. The folder stays opened as it is opened here until the next `list_new`."""
        session = self._connected
        for _ in range(_LISTINGS):
            session.open_folder(read_only=not to_remove)
            session.is_open = False
            expunged = session.expunged
            uids = {uid for window in session.windows() for uid in window}
            if session.expunged == expunged:  # else the numbers were shifted while we listed
                self._generation(session.uidvalidity)
                return uids
        raise MailboxTrouble(Kind.BUSY, "mails vanish while they are listed")

    def remove(self, mails: Sequence[int]) -> set[int]:
        """By UID, in the generation in which they were compared: the folder was not opened again since."""
        return self._connected.remove(mails)

    def taken(self, mails: Sequence[int]) -> None:
        """These are archived, or noted as not to be fetched."""
        self._listed.uids.update(mails)

    def doubt(self) -> None:
        """List everything next time."""
        if self._known is not None:
            self._known.doubt()

    def forget(self) -> None:
        """Ask the base again."""
        self._known = None

    def at_once(self) -> int:
        """How many mails the server hands out by one command."""
        return self._connected.window

    def another(self) -> Session | None:
        """A further session with the same folder. None without UIDVALIDITY: its UIDs would mean something else."""
        if self._listed.uidvalidity == 0:
            return None
        session = self._log_in()
        try:
            session.examine()
        except BaseException:
            session.close(politely=False)
            raise
        if session.uidvalidity == self._listed.uidvalidity:
            return session
        session.close(politely=True)
        raise MailboxTrouble(Kind.CHANGED)

    def wait(self, seconds: float, bell: Bell) -> bool:
        """By IDLE where server and mailbox allow it. News that came while we collected count: they are told once."""
        session, until = self._connected, time.monotonic() + seconds
        while not self._is_news(session) and (left := until - time.monotonic()) > 0:
            if not (self._account.idle and session.can_idle):
                bell.wait(left)
                return False
            exists = session.exists
            rung = session.idle(min(left, self._settings.idle_seconds), bell)
            if rung or self._is_news(session):
                return session.exists > exists
            if bell.wait(_CALM):
                return False
        return False

    def hang_up(self) -> None:
        """End the connection from another thread, whatever it does."""
        session = self._session
        if session is not None:
            session.hang_up()

    def _log_in(self) -> Session:
        return logged_in(
            self._secret,
            lambda password: Session(self._account, password, self._limits, window=self._settings.window),
        )

    def _list(self, session: Session, *, asked: bool) -> Sequence[int]:
        now, settings = time.monotonic(), self._settings
        if session.is_open and not asked:
            session.refresh()
        else:
            session.examine()
        known = self._generation(session.uidvalidity)
        steady = session.expunged == self._expunged
        if steady and not known.must_list_all(session.exists, now, settings.full_listing_seconds, settings.window):
            new = known.take_new(session.newer_than(known.top), session.exists)
            if new is not None:
                return new
        session.examine()
        known = self._generation(session.uidvalidity)
        self._expunged = session.expunged
        return known.take_all(session.windows(), now)

    def _is_news(self, session: Session) -> bool:
        """Whether the numbers changed since the last listing."""
        return (session.exists, session.expunged) != self._heard

    @property
    def _connected(self) -> Session:
        if self._session is None:
            raise AssertionError("a connection comes before any command")
        return self._session

    @property
    def _listed(self) -> Known:
        if self._known is None:
            raise AssertionError("a listing comes before any fetch")
        return self._known

    def _generation(self, uidvalidity: int) -> Known:
        if self._known is None or self._known.uidvalidity != uidvalidity:
            self._known = Known(uidvalidity, self._rows.known(UidNotes(uidvalidity)))
        return self._known
