"""One connection to one IMAP folder. It reads: EXAMINE and BODY.PEEK change nothing on the server (`design.md` §8);
only `open_folder` and `remove`, for a purge that a person asked for, do (G24).

Whatever goes wrong here is a `MailboxTrouble`.
"""

from __future__ import annotations

import imaplib
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Self

from intergestan_exchange.mail_accounts.sasl import BearerToken, exchange
from intergestan_exchange.mail_accounts.server_words import asks_for_patience
from intergestan_runtime.certificate import certificate_end
from services.poller.bell import Bell
from services.poller.connection import SMALL_REPLY, Limits, tls_context
from services.poller.imap_wire import LimitedClient
from services.poller.source import Account
from services.poller.troubles import Kind, MailboxTrouble, network_trouble

WINDOW = 50_000  # mails listed by one SEARCH: half a megabyte of reply
_LINE_OF_SIZES = 200  # octets, generously, of one such reply
_GOOD_BYE = 1.0  # seconds that a server has for the answer to LOGOUT
_SLACK = 1 << 20  # octets that a reply to FETCH may have beside the mails

_UID = re.compile(rb"\bUID (\d+)")
_SIZE = re.compile(rb"\bRFC822\.SIZE (\d+)")


class Session:
    """A logged-in connection. A context manager; not for several threads, but for `hang_up`.

    :ivar is_open: whether `examine` has opened the folder.
    :ivar uidvalidity: 0 where the server has none; its UIDs then mean nothing in another session.
    :ivar certificate_end: when the server's certificate ends; None without TLS.
    :ivar can_idle: whether it is worth calling `idle`.
    :ivar window: how many mails the server hands out by one command (RFC 9738); it falls as the server says so.
    """

    def __init__(self, account: Account, password: str, limits: Limits, *, window: int = WINDOW) -> None:
        self.window = window
        self.is_open = False
        self.uidvalidity = 0
        self._folder = account.folder
        with _translated(Kind.BUSY):
            self._client = _connect(account, limits)
        self._wire = self._client.wire
        self.certificate_end = certificate_end(self._wire.sock)
        try:
            self._log_in(account.login, password)
            self._learn_capabilities()
        except BaseException:
            self._wire.drop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> None:
        self.close(politely=kind is None)

    def close(self, *, politely: bool) -> None:
        """End it."""
        if politely:
            self._say_good_bye()
        self._wire.drop()

    @property
    def exists(self) -> int:
        """How many mails the folder has, as far as the server has told."""
        return self._wire.exists

    @property
    def expunged(self) -> int:
        """How often a mail vanished since the connection was made."""
        return self._wire.expunged

    def examine(self) -> None:
        """Open the folder, read-only, or open it again: its UIDVALIDITY may be another one by now."""
        self.open_folder(read_only=True)

    def open_folder(self, *, read_only: bool) -> None:
        """Open it, or open it again.

        :param read_only: False only to remove mails; raises `READ_ONLY` where we may not.
        """
        with self._talking(refused=Kind.FOLDER):
            try:
                answer = self._client.select_folder(self._folder, readonly=read_only)
            except imaplib.IMAP4.readonly as error:
                raise MailboxTrouble(Kind.READ_ONLY, error) from error
        self.uidvalidity = int(answer.get(b"UIDVALIDITY", 0))
        self.is_open = True

    def refresh(self) -> None:
        """Let the server say what is new."""
        with self._talking():
            typ, data = self._wire.noop()
        _demand_ok(typ, data)

    def newer_than(self, uid: int) -> set[int]:
        """The UIDs above `uid`; the last mail is among them even where it is not (RFC 3501 §6.4.8)."""
        return self._search(f"UID {uid + 1}:*")

    def windows(self) -> Iterator[set[int]]:
        """The UIDs of all mails, some thousands at once.

        By sequence number, for UIDs may have gaps of hundreds of thousands. A mail that vanishes meanwhile shifts
        the numbers: `expunged` tells, and the listing is not whole then.
        """
        low = 1
        while low <= self.exists:
            window = self.window
            high = low + window - 1
            uids = self._search(f"{low}:{high if high < self.exists else '*'}")
            if self.window < window:
                continue  # the server cuts long answers: ask again for less
            yield uids
            low = high + 1

    def sizes(self, uids: Sequence[int]) -> dict[int, int]:
        """RFC822.SIZE of at most `SIZES_AT_ONCE` mails; who is missing has vanished."""
        data = self._uid("FETCH", uid_set(uids), "(UID RFC822.SIZE)", octets=SMALL_REPLY + _LINE_OF_SIZES * len(uids))
        wanted = set(uids)
        lines = [line for line in data if isinstance(line, bytes)]
        told = {
            int(uid[1]): int(size[1]) for line in lines if (uid := _UID.search(line)) and (size := _SIZE.search(line))
        }
        return {uid: size for uid, size in told.items() if uid in wanted}

    def bodies(self, uids: Sequence[int], octets: int) -> dict[int, bytes]:
        """The raw mails, in one round trip; who is missing has vanished.

        :param octets: what they may have together; a server that sends more is hung up on.
        """
        data = self._uid("FETCH", uid_set(uids), "(UID BODY.PEEK[])", octets=octets + _SLACK)
        wanted = set(uids)
        return {uid: body for uid, body in _bodies(data) if uid in wanted}

    def remove(self, uids: Sequence[int]) -> set[int]:
        """Remove these mails for good, and only these, from the folder as it is open now; those that are gone.

        By UID EXPUNGE (RFC 4315). Without UIDPLUS there is only EXPUNGE, which takes along whatever anybody marked as
        deleted: `OTHERS_DELETED` is raised where that would be more than these.
        """
        if self._can_uid_expunge:
            self._store("+FLAGS.SILENT", uids)
            self._uid("EXPUNGE", uid_set(uids), octets=SMALL_REPLY)
        else:
            self._expunge_alone(uids)
        return set(uids) - self._search(f"UID {uid_set(uids)}")

    def _expunge_alone(self, uids: Sequence[int]) -> None:
        others = self._search("DELETED") - set(uids)
        if not others:
            self._store("+FLAGS.SILENT", uids)
            others = self._search("DELETED") - set(uids)
            if others:  # marked in this moment
                self._store("-FLAGS.SILENT", uids)
        if others:
            raise MailboxTrouble(Kind.OTHERS_DELETED, len(others))
        with self._talking():
            typ, data = self._wire.expunge()
        _demand_ok(typ, data)

    def _store(self, change: str, uids: Sequence[int]) -> None:
        self._uid("STORE", uid_set(uids), change, r"(\Deleted)", octets=SMALL_REPLY)

    def idle(self, seconds: float, bell: Bell) -> bool:
        """Wait for news of the server, or for the bell, at most so many seconds; whether the bell rang."""
        with self._talking():
            rang = self._wire.idle(seconds, bell)
        self.can_idle = self._wire.idles
        return rang

    def hang_up(self) -> None:
        """End it from another thread, whatever it does."""
        self._wire.hang_up()

    def _say_good_bye(self) -> None:
        self._wire.begin(seconds=_GOOD_BYE)
        try:
            self._wire.logout()
        except (OSError, imaplib.IMAP4.error, ValueError):
            return  # it was only politeness

    def _log_in(self, login: str, password: str) -> None:
        try:
            with self._talking(refused=Kind.PASSWORD):
                if isinstance(password, BearerToken):
                    self._log_in_by_token(login, password)
                elif self._client.has_capability("AUTH=PLAIN"):  # UTF-8 (RFC 4616), where LOGIN has ASCII only
                    self._client.plain_login(login, password)
                else:
                    self._client.login(login, password)
        except UnicodeError as error:
            raise MailboxTrouble(Kind.PASSWORD, "the server takes only ASCII passwords") from error

    def _log_in_by_token(self, login: str, token: BearerToken) -> None:
        offered = (name[5:].decode("ascii", "replace") for name in self._client.capabilities() if name[:5] == b"AUTH=")
        said = exchange(offered, login, token, self._wire.host, self._wire.port)
        if said is None:
            raise MailboxTrouble(Kind.NO_TOKENS)
        answers = iter((said.first, said.after_error))
        self._wire.authenticate(said.mechanism, lambda _challenge: next(answers, None))

    def _learn_capabilities(self) -> None:
        with self._talking():
            capabilities = self._client.capabilities()
        self.can_idle = b"IDLE" in capabilities
        self._can_uid_expunge = b"UIDPLUS" in capabilities
        for capability in capabilities:
            name, _, limit = capability.partition(b"=")
            if name == b"MESSAGELIMIT" and limit.isdigit():
                self.window = max(1, min(self.window, int(limit)))

    def _search(self, criteria: str) -> set[int]:
        data = self._uid("SEARCH", criteria, octets=SMALL_REPLY * 2)
        return {int(uid) for line in data if isinstance(line, bytes) for uid in line.split()}

    def _uid(self, command: str, *arguments: str, octets: int) -> list[bytes | tuple[bytes, bytes] | None]:
        with self._talking(octets):
            typ, data = self._wire.uid(command, *arguments)
            smaller = self._heed_message_limit()
        if not smaller:
            _demand_ok(typ, data)
        return data if typ == "OK" else []

    def _heed_message_limit(self) -> bool:
        """Whether the server has just said that it hands out fewer mails at once than we asked for."""
        said = self._wire.untagged_responses.get("MESSAGELIMIT")
        if not said or not isinstance(said[-1], bytes):
            return False
        limit = max(1, int(said[-1].split()[0]))
        smaller, self.window = limit < self.window, min(self.window, limit)
        return smaller

    @contextmanager
    def _talking(self, octets: int = SMALL_REPLY, refused: Kind = Kind.PROTOCOL) -> Iterator[None]:
        self._wire.begin(octets)
        with _translated(refused):
            yield


def uid_set(uids: Iterable[int]) -> str:
    """A sequence set of exactly these UIDs, neighbours as a range: `1:3,7` (RFC 3501 §9)."""
    ranges: list[list[int]] = []
    for uid in sorted(uids):
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1][1] = uid
        else:
            ranges.append([uid, uid])
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges)


def _connect(account: Account, limits: Limits) -> LimitedClient:
    context = tls_context(account.security, account.host, account.ca_file)
    implicit = context if account.security == "tls" else None
    client = LimitedClient(account.host, account.port, tls=implicit, limits=limits)
    if account.security == "starttls":
        try:
            client.starttls(context)
        except BaseException:
            client.wire.drop()
            raise
    return client


@contextmanager
def _translated(refused: Kind) -> Iterator[None]:
    """Errors of the network and of imaplib become a `MailboxTrouble`.

    :param refused: what it means when the server plainly says no.
    """
    try:
        yield
    except (OSError, EOFError) as error:
        raise network_trouble(error) from error
    except imaplib.IMAP4.abort as error:
        raise MailboxTrouble(Kind.CLOSED, error) from error
    except imaplib.IMAP4.error as error:
        raise MailboxTrouble(_meaning(error, refused), error) from error
    except UnicodeError:
        raise
    except ValueError as error:
        raise MailboxTrouble(Kind.PROTOCOL, error) from error


def _demand_ok(typ: str, data: Sequence[object]) -> None:
    if typ != "OK":
        raise MailboxTrouble(Kind.BUSY, data[0] if data else typ)


def _meaning(error: imaplib.IMAP4.error, refused: Kind) -> Kind:
    """What a refusal means. IMAPClient says of whatever happens at a login that the login failed."""
    if isinstance(error.__context__, imaplib.IMAP4.abort):
        return Kind.CLOSED
    return Kind.BUSY if asks_for_patience(str(error)) else refused


def _bodies(data: Sequence[bytes | tuple[bytes, bytes] | None]) -> Iterator[tuple[int, bytes]]:
    """UID and body of each mail in what imaplib makes of the replies to FETCH.

    A body comes as a literal, hence a tuple; a quoted string cannot hold a line break, so it is no mail. The UID may
    stand before or behind it. Untagged replies that nobody asked for hold no literal of a body.
    """
    for position, item in enumerate(data):
        if isinstance(item, tuple) and b"BODY[]" in item[0]:
            behind = data[position + 1] if position + 1 < len(data) else b""
            found = _UID.search(item[0]) or _UID.search(behind if isinstance(behind, bytes) else b"")
            if found:
                yield int(found[1]), item[1]
