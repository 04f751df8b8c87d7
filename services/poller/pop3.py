"""One session with a POP3 maildrop. It reads; only `remove`, for a purge that a person asked for, deletes (G24).

Whatever goes wrong is a `MailboxTrouble`.
"""

from __future__ import annotations

import hashlib
import poplib
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn, Self

from intergestan_exchange.mail_accounts.sasl import BearerToken, exchange
from intergestan_exchange.mail_accounts.server_words import asks_for_patience
from intergestan_runtime.certificate import certificate_end
from services.poller.connection import SMALL_REPLY, Limits, tls_context
from services.poller.handles import Uidl
from services.poller.pop3_wire import LimitedPop3
from services.poller.source import Account
from services.poller.troubles import Kind, MailboxTrouble, network_trouble

_LISTING = 64 << 20  # octets: half a million mails
_LONGEST_UIDL = 70  # RFC 1939 §7
_GOOD_BYE = 1.0  # seconds that a server has for the answer to QUIT
_SLACK = 1 << 16  # octets that the answer to RETR may have beside the mail


class Pop3Session:
    """A logged-in session, which locks the maildrop until it ends. A context manager.

    :ivar began: when, on the monotonic clock.
    :ivar certificate_end: when the server's certificate ends; None without TLS.
    """

    def __init__(self, account: Account, password: str, limits: Limits) -> None:
        self.began = time.monotonic()
        self._numbers: dict[Uidl, int] = {}
        context = tls_context(account.security, account.host, account.ca_file)
        with _translated(Kind.BUSY):
            self._wire = LimitedPop3(account.host, account.port, context if account.security == "tls" else None, limits)
        try:
            if account.security == "starttls":
                with self._talking():
                    self._wire.stls(context)
            self.certificate_end = certificate_end(self._wire.sock)
            self._log_in(account, password)
        except BaseException:
            self._wire.drop()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_details: object) -> None:
        self.close(politely=kind is None)

    def close(self, *, politely: bool) -> None:
        """End it; QUIT unlocks the maildrop at once."""
        if politely:
            self._wire.begin(seconds=_GOOD_BYE)
            with suppress(OSError, poplib.error_proto, ValueError):  # it is only politeness
                self._wire.command("QUIT")
        self._wire.drop()

    def listing(self) -> set[Uidl]:
        """All mails of the maildrop.

        :raises MailboxTrouble: `NO_UIDL` where the server has no UIDL.
        """
        with self._talking(_LISTING):
            sizes = dict(_pairs(self._wire.list()[1]))
        with self._talking(_LISTING, refused=Kind.NO_UIDL):
            names = dict(_pairs(self._wire.uidl()[1]))
        with _translated(Kind.PROTOCOL):
            self._numbers = _named(names, {number: int(size) for number, size in sizes.items()})
        return set(self._numbers)

    def bodies(self, mails: Sequence[Uidl], octets: int) -> Iterator[tuple[Uidl, bytes]]:
        """The raw mails, one after the other; without those that the server refuses to hand out."""
        for mail in mails:
            number = self._numbers.get(mail)
            if number is not None and (body := self._body(number, octets)):
                octets -= len(body)
                yield mail, body

    def remove(self, mails: Sequence[Uidl]) -> set[Uidl]:
        """Remove these of the listing for good, which ends the session; those that are gone.

        DELE only marks: the server removes at QUIT (RFC 1939 §6), all or, where it says -ERR, nobody knows which.
        """
        try:
            marked = {mail for mail in mails if self._mark(mail)}
            with self._talking():
                self._wire.command("QUIT")
            return marked
        finally:
            self._wire.drop()

    def _mark(self, mail: Uidl) -> bool:
        """Whether the server takes the DELE."""
        self._wire.begin()
        try:
            with _translated(Kind.PROTOCOL, let_refusals_pass=True):
                self._wire.command(f"DELE {self._numbers[mail]}")
        except (KeyError, poplib.error_proto):
            return False
        return True

    def hang_up(self) -> None:
        """End it from another thread, whatever it does."""
        self._wire.hang_up()

    def _body(self, number: int, octets: int) -> bytes | None:
        self._wire.begin(octets + _SLACK)
        try:
            with _translated(Kind.PROTOCOL, let_refusals_pass=True):
                return self._wire.retr_raw(number)
        except poplib.error_proto:
            return None

    def _log_in(self, account: Account, password: str) -> None:
        with self._talking():
            offered = self._mechanisms()
        with self._talking(refused=Kind.PASSWORD):
            if isinstance(password, BearerToken):
                said = exchange(offered, account.login, password, account.host, account.port)
                if said is None:
                    raise MailboxTrouble(Kind.NO_TOKENS)
                self._wire.authenticate(said.mechanism, said.first, said.after_error)
            elif "PLAIN" in offered:  # UTF-8 (RFC 4616)
                self._wire.authenticate("PLAIN", f"\0{account.login}\0{password}".encode())
            else:
                self._wire.user(account.login)
                self._wire.pass_(password)

    def _mechanisms(self) -> Sequence[str]:
        try:
            return self._wire.capa().get("SASL", [])
        except poplib.error_proto:
            return []  # a server without CAPA (RFC 2449)

    @contextmanager
    def _talking(self, octets: int = SMALL_REPLY, refused: Kind = Kind.PROTOCOL) -> Iterator[None]:
        self._wire.begin(octets)
        with _translated(refused):
            yield


def _pairs(lines: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    """Message number, and what stands behind it."""
    for line in lines:
        number, _, rest = line.partition(b" ")
        if number.isdigit() and rest.strip():
            yield int(number), rest.split()[0].decode("latin-1")


def _named(uidls: dict[int, str], sizes: dict[int, int]) -> dict[Uidl, int]:
    """Message number by name; equal UIDLs are told apart by their order."""
    seen: Counter[str] = Counter()
    numbers = {}
    for number, uidl in sorted(uidls.items()):
        if number in sizes:
            name = uidl if len(uidl) <= _LONGEST_UIDL and uidl.isprintable() else _digest(uidl)
            numbers[Uidl(name, seen[name], sizes[number])] = number
            seen[name] += 1
    return numbers


def _digest(uidl: str) -> str:
    """In place of one that is longer, or stranger, than RFC 1939 §7 allows."""
    return "sha256:" + hashlib.sha256(uidl.encode()).hexdigest()[:60]


@contextmanager
def _translated(refused: Kind, *, let_refusals_pass: bool = False) -> Iterator[None]:
    """Errors of the network and of poplib become a `MailboxTrouble`.

    :param refused: what it means when the server plainly says no.
    """
    try:
        yield
    except (OSError, EOFError) as error:
        raise network_trouble(error) from error
    except poplib.error_proto as error:
        if let_refusals_pass:
            raise
        _refuse(refused, error)
    except ValueError as error:
        raise MailboxTrouble(Kind.PROTOCOL, error) from error


def _refuse(refused: Kind, error: poplib.error_proto) -> NoReturn:
    words = str(error).removeprefix("-ERR").strip()
    raise MailboxTrouble(Kind.BUSY if asks_for_patience(words) else refused, words) from error
