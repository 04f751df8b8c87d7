"""What the life of a mailbox needs of its server, whatever the protocol."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, TypeVar

from intergestan_exchange.mail_accounts.oauth_client import GrantRefused, TokensUnavailable
from intergestan_exchange.mail_accounts.oauth_tokens import AccessToken
from intergestan_exchange.mail_accounts.sasl import BearerToken
from services.poller.bell import Bell
from services.poller.handles import Handle, Notes
from services.poller.lanes import Lane
from services.poller.troubles import Kind, MailboxTrouble

Secret = str | AccessToken
"""A password, or a token of OAuth2 that can be had anew."""

Connection = TypeVar("Connection")


@dataclass(frozen=True, slots=True)
class Account:
    """What a connection needs to know of a mailbox, apart from the password."""

    host: str
    port: int
    security: str
    ca_file: str | None
    login: str
    folder: str
    idle: bool = True


class Source(Protocol[Handle]):
    """A mailbox on a server, over however many connections. Whatever goes wrong is a `MailboxTrouble`.

    Not for several threads, but for `hang_up`.
    """

    protocol: ClassVar[str]

    @property
    def notes(self) -> Notes[Handle]:
        """Where the mails are noted that `list_new` listed."""

    def open(self, secret: Secret) -> None:
        """Begin to work with this password or token."""

    def close(self, *, politely: bool) -> None:
        """End the connection, if there is one. What it left open is listed again by the next."""

    def certificate_end(self) -> float | None:
        """When the certificate of the server ends, in seconds since 1970; None without TLS or a connection."""

    def list_new(self, *, asked: bool) -> Sequence[Handle]:
        """The mails that we do not have. For a person who asks, the server shall look anew."""

    def sizes(self, mails: Sequence[Handle]) -> dict[Handle, int]:
        """Octets of at most `SIZES_AT_ONCE` mails; who is missing has vanished."""

    def bodies(self, mails: Sequence[Handle], octets: int) -> Mapping[Handle, bytes]:
        """The raw mails; who is missing could not be had.

        :param octets: what they may have together; a server that sends more is hung up on.
        """

    def present(self, *, to_remove: bool) -> set[Handle]:
        """All mails that the mailbox has now.

        :param to_remove: some of them are about to be removed.
        """

    def remove(self, mails: Sequence[Handle]) -> set[Handle]:
        """Remove these for good, and nothing else; the ones that are gone.

        To be called after `present(to_remove=True)` and after their `bodies`, with no other call between.
        """

    def taken(self, mails: Sequence[Handle]) -> None:
        """These are archived, or noted as not to be fetched."""

    def doubt(self) -> None:
        """Something was left open: list everything next time."""

    def forget(self) -> None:
        """What the base knows is uncertain: ask it again."""

    def at_once(self) -> int:
        """How many mails the server hands out by one command."""

    def another(self) -> Lane[Handle] | None:
        """One more connection, which fetches mails by the names they have in this; None where there can be but one."""

    def wait(self, seconds: float, bell: Bell) -> bool:
        """Until it is time, the bell rings, or the server says that something changed; whether it announced mails."""

    def hang_up(self) -> None:
        """End the connection from another thread, whatever it does."""


SIZES_AT_ONCE = 500  # mails; RFC 7162 §4 asks for command lines below 8192 octets


def logged_in(secret: Secret, connect: Callable[[str], Connection]) -> Connection:
    """A connection by password or token. A token that the server refuses is fetched anew, once."""
    if isinstance(secret, str):
        return connect(secret)
    token = _token(secret)
    try:
        return connect(token)
    except MailboxTrouble as trouble:
        if trouble.kind is not Kind.PASSWORD:
            raise
    try:
        return connect(_token(secret, refused=token))
    except MailboxTrouble as trouble:
        if trouble.kind is not Kind.PASSWORD:
            raise
        raise MailboxTrouble(Kind.GRANT, trouble.words) from trouble


def _token(secret: AccessToken, *, refused: BearerToken | None = None) -> BearerToken:
    try:
        return secret(refused=refused)
    except GrantRefused as error:
        raise MailboxTrouble(Kind.GRANT, error) from error
    except TokensUnavailable as error:
        raise MailboxTrouble(Kind.TOKENS, error) from error
