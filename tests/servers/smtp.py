"""An SMTP server that does what it is told, right or wrong: aiosmtpd and a script of faults."""

import asyncio
import functools
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any, AnyStr, Literal

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.patience import PATIENCE
from tests.servers.certificates import Certificate
from tests.servers.loop import LoopServer, reset

Phase = Literal["CONNECT", "EHLO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "BODY", "DOT", "RSET", "NOOP", "QUIT"]
FOREVER = 10**9  # `times`


@dataclass(frozen=True)
class Fault:
    r"""What happens instead of the right answer, `times` times.

    at: the verb that is answered; CONNECT is the greeting, BODY the mail before its final dot (always a drop,
        after `body_bytes` of it), DOT the answer to the final dot.
    reply: sent instead of the right one, and the command has no effect. At STARTTLS a reply of 220 goes on to
        TLS (write "220 go ahead\r\n250 injected" to inject plain text).
    seconds, until: silence before anything is said; until somebody lets it go on.
    drop: the connection is cut (RST) instead of a reply.
    copies: at DOT, how many times the mail is delivered, whatever is replied: 0 loses it, 2 doubles it. None
        is once, unless `reply` refuses the mail.
    recipient: at RCPT, only for this address.
    """

    at: Phase
    reply: str = ""
    seconds: float = 0.0
    until: threading.Event | None = None
    drop: bool = False
    copies: int | None = None
    body_bytes: int = 0
    recipient: str = ""
    times: int = 1

    async def silence(self) -> None:
        """What comes before anything is said."""
        await asyncio.sleep(self.seconds)
        if self.until is not None:
            await asyncio.to_thread(self.until.wait, PATIENCE)


@dataclass(frozen=True)
class ReceivedMail:
    """A mail whose final dot came: as it was sent."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes


class SmtpServer(LoopServer):
    """Listens on `port` (plain, STARTTLS when `starttls` and there is a certificate) and on `tls_port` (TLS
    from the first byte; 0 without a certificate).

    deliver_to: called in a thread for each recipient of an accepted mail; when it raises, the answer is 451.
    accepts: whether (login, password) is right; AUTH is required before MAIL when given, also without TLS.
    size_limit: bytes, announced in EHLO; 0 announces nothing.
    """

    def __init__(
        self,
        *,
        deliver_to: Callable[[str, bytes], None] = lambda _address, _raw: None,
        accepts: Callable[[str, str], bool] | None = None,
        certificate: Certificate | None = None,
        starttls: bool = True,
        size_limit: int = 25 * 2**20,
    ) -> None:
        super().__init__()
        self.port = self.tls_port = 0
        self.connections = 0
        self.commands: list[str] = []
        self.mails: list[ReceivedMail] = []
        self.faults: list[Fault] = []
        self._deliver_to = deliver_to
        self._accepts = accepts
        self._certificate = certificate
        self._starttls = starttls
        self._size_limit = size_limit
        self._listeners: list[asyncio.Server] = []
        self.sessions: set[_Session] = set()

    def inject(self, *faults: Fault) -> None:
        """Add faults; of several for the same moment the first unused one strikes."""
        self.faults.extend(faults)

    def take(self, at: Phase, recipient: str = "") -> Fault | None:
        """The fault that strikes now, used up by one."""
        for number, fault in enumerate(self.faults):
            if fault.at == at and fault.recipient.lower() in ("", recipient.lower()):
                left = [replace(fault, times=fault.times - 1)] if fault.times > 1 else []
                self.faults[number : number + 1] = left
                return fault
        return None

    async def deliver(self, mail: ReceivedMail, copies: int) -> str:
        """The right answer to the final dot, once delivered."""
        self.mails.append(mail)
        for recipient in mail.recipients * copies:
            try:
                await asyncio.to_thread(self._deliver_to, recipient, mail.raw)
            except Exception as error:  # noqa: BLE001  a test may deliver to anything; the client hears of it
                return f"451 4.3.0 {type(error).__name__}"
        return "250 2.0.0 delivered"

    async def _open(self) -> None:
        tls = self._certificate.server_context() if self._certificate else None
        self.port = await self._listen(lambda: self._session(tls if self._starttls else None))
        if tls is not None:
            self.tls_port = await self._listen(lambda: self._session(None), ssl=tls)

    async def _listen(self, session: "Callable[[], _Session]", **options: Any) -> int:
        listener = await self._loop.create_server(session, self.host, 0, **options)
        self._listeners.append(listener)
        port: int = listener.sockets[0].getsockname()[1]
        return port

    def _session(self, tls: Any) -> "_Session":
        return _Session(
            self,
            tls_context=tls,
            hostname="mx.test",
            data_size_limit=self._size_limit or None,
            enable_SMTPUTF8=True,
            auth_require_tls=False,
            authenticator=self._authenticate,
            loop=self._loop,
        )

    @property
    def requires_auth(self) -> bool:
        """Whether MAIL needs AUTH first."""
        return self._accepts is not None

    def _authenticate(
        self, _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, login: LoginPassword
    ) -> AuthResult:
        right = self._accepts is None or self._accepts(login.login.decode(), login.password.decode())
        return AuthResult(success=right, handled=False)

    async def _close(self) -> None:
        for listener in self._listeners:
            listener.close()
        for session in list(self.sessions):
            session.abort()


class _Recorder:
    """aiosmtpd's handler: what to do with a mail."""

    def __init__(self, server: SmtpServer) -> None:
        self._server = server

    async def handle_DATA(self, session: "_Session", _session: Session, envelope: Envelope) -> str:  # noqa: N802
        mail = ReceivedMail(envelope.mail_from or "", tuple(envelope.rcpt_tos), envelope.original_content or b"")
        return await session.after_the_dot(mail)


class _Session(SMTP):
    """One connection: aiosmtpd's, with the faults in front of every verb."""

    def __init__(self, server: SmtpServer, **options: Any) -> None:
        super().__init__(_Recorder(server), **options)
        self._faulty = server
        self._auth_required = server.requires_auth  # the constructor would warn about AUTH without TLS
        self._replacement = ""
        self._smtp_methods = {
            verb: functools.partial(self._command, verb, method) for verb, method in self._smtp_methods.items()
        }

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if self.transport is None:
            self._faulty.connections += 1
            self._faulty.sessions.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._faulty.sessions.discard(self)
        super().connection_lost(error)

    def abort(self) -> None:
        """Cut the connection under whatever TLS there is."""
        transport = self._original_transport or self.transport
        if transport is not None:
            reset(transport)

    async def push(self, status: AnyStr) -> None:
        wanted, self._replacement = self._replacement, ""
        await (super().push(wanted) if wanted else super().push(status))

    async def _handle_client(self) -> None:
        fault = self._faulty.take("CONNECT")
        if fault is not None:
            await fault.silence()
            if fault.drop:
                self.abort()
                return
            self._replacement = fault.reply
        await super()._handle_client()

    async def _command(self, verb: Any, method: Callable[[str | None], Awaitable[None]], argument: str | None) -> None:
        self._faulty.commands.append(verb if verb == "AUTH" else f"{verb} {argument or ''}".rstrip())
        fault = self._faulty.take("EHLO" if verb == "HELO" else verb, _recipient(argument))
        if fault is None or not await self._suffer(fault):
            await (self._data(method, argument) if verb == "DATA" else method(argument))
        if verb == "QUIT" and self.transport is not None:
            self.transport.close()  # also when a fault answered

    async def _suffer(self, fault: Fault) -> bool:
        """Whether the fault took the place of the command."""
        await fault.silence()
        if fault.drop:
            self.abort()
        elif fault.at == "STARTTLS" and fault.reply.startswith("220"):
            self._replacement = fault.reply
            return False
        elif fault.reply:
            await self.push(fault.reply)
        return fault.drop or bool(fault.reply)

    async def _data(self, method: Callable[[str | None], Awaitable[None]], argument: str | None) -> None:
        fault = self._faulty.take("BODY")
        if fault is None:
            await method(argument)
            return
        await self.push("354 go on")
        await self._reader.readexactly(fault.body_bytes)
        await fault.silence()
        self.abort()

    async def after_the_dot(self, mail: ReceivedMail) -> str:
        """Deliver as often as the fault says, and answer what it says."""
        fault = self._faulty.take("DOT") or Fault(at="DOT")
        usual = 0 if fault.reply[:1] in ("4", "5") else 1
        answer = await self._faulty.deliver(mail, usual if fault.copies is None else fault.copies)
        await fault.silence()
        if fault.drop:
            self.abort()
        return fault.reply or answer


def _recipient(argument: str | None) -> str:
    return (argument or "").partition("<")[2].partition(">")[0]
