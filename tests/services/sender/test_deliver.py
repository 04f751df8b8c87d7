"""The sender's conversation with relays good and bad."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from intergestan_db.enums import Security
from services.sender.deliver import Conversation, RelayAccount, Timeouts, dot_stuffed
from services.sender.outcome import Kind, Outcome
from tests.patience import PATIENCE, eventually
from tests.servers import Certificate, Certificates, Dovecot, Fault, MailUser, Postfix, SmtpServer
from tests.services.sender.scripted_relay import LOGIN, PASSWORD, Script, ScriptedRelay, cut, drip

MIME = b"From: a@site.test\r\nSubject: dots\r\n\r\n.\r\n..two\r\n.one\r\nlast.\r\n"
BIG = b"Subject: big\r\n\r\n" + b"0123456789abcdef\r\n" * 40_000
PATIENT = Timeouts(connect=PATIENCE, before_dot=PATIENCE, after_dot=PATIENCE, goodbye=0.2)
PLAIN = ("SIZE 1000000",)

MakeRelay = Callable[..., ScriptedRelay]
Talk = Callable[..., Conversation]


@pytest.fixture
def relay() -> Iterator[MakeRelay]:
    with ExitStack() as relays:
        yield lambda **script: relays.enter_context(ScriptedRelay(Script(**script)))


@pytest.fixture
def talk() -> Iterator[Talk]:
    """A conversation with the server on a port of this machine; the rest as RelayAccount and Conversation."""
    with ExitStack() as conversations:

        def start(port: int, *, timeouts: Timeouts = PATIENT, max_uses: int = 1000, **account: object) -> Conversation:
            options: dict[str, object] = {"host": "127.0.0.1", "security": Security.NONE, **account}
            relay_account = RelayAccount(port=port, **options)  # type: ignore[arg-type]
            return conversations.enter_context(Conversation(relay_account, timeouts=timeouts, max_uses=max_uses))

        yield start


def send(conversation: Conversation, mime: bytes = MIME, before_dot: Callable[[], None] = lambda: None) -> Outcome:
    return conversation.deliver("a@site.test", "b@other.test", mime, before_dot)


@pytest.mark.parametrize("extensions", [PLAIN, (*PLAIN, "PIPELINING")])
@pytest.mark.parametrize("mime", [MIME, b"." + MIME, b".\r\n", BIG])
def test_the_bytes_arrive(relay: MakeRelay, talk: Talk, extensions: tuple[str, ...], mime: bytes) -> None:
    server = relay(extensions=extensions)
    moments: list[int] = []
    outcome = send(talk(server.port), mime, lambda: moments.append(len(server.mails)))
    assert server.mails == [mime]
    assert moments == [0]
    assert (outcome.kind, outcome.code, outcome.enhanced) == (Kind.ACCEPTED, 250, "2.0.0")
    assert outcome.text == "2.0.0 Ok: queued as 4F3A"


def test_one_connection_for_many_mails(relay: MakeRelay, talk: Talk) -> None:
    server = relay()
    conversation = talk(server.port)
    unconnected = conversation.max_size
    assert conversation.open() is None
    assert (unconnected, conversation.max_size) == (None, 1_000_000)
    for _ in range(5):
        assert send(conversation).kind is Kind.ACCEPTED
    assert (len(server.mails), server.connections) == (5, 1)


@pytest.mark.parametrize("extensions", [PLAIN, (*PLAIN, "PIPELINING")])
@pytest.mark.parametrize("side", ["read_at_most", "write_at_most"])
def test_cut_at_every_byte(talk: Talk, extensions: tuple[str, ...], side: str) -> None:
    """F17: no outcome promises more than what happened, or denies what happened."""
    kinds: set[Kind] = set()
    for limit in range(1, 1000):
        with ScriptedRelay(Script(extensions=extensions, **{side: limit})) as server:  # type: ignore[arg-type]
            kinds.add(cut_delivery(talk(server.port), server))
        if Kind.ACCEPTED in kinds:
            break
    assert kinds == {Kind.TRY_AGAIN, Kind.UNKNOWN, Kind.ACCEPTED}


def cut_delivery(conversation: Conversation, server: ScriptedRelay) -> Kind:
    """Delivers and checks the outcome against what the server really has."""
    dots: list[None] = []
    kind = send(conversation, before_dot=lambda: dots.append(None)).kind
    conversation.close()
    assert kind is not Kind.REFUSED
    assert kind is not Kind.UNKNOWN or dots, "only the dot can leave us in doubt"
    assert kind is not Kind.TRY_AGAIN or not server.mails, "this would double it"
    assert kind is not Kind.ACCEPTED or server.mails == [MIME], "this would lose it"
    return kind


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "BODY", "DOT"])
@pytest.mark.parametrize("mime", [MIME, BIG], ids=["small", "big"])
def test_cut_at_each_verb(make_smtp: Callable[..., SmtpServer], talk: Talk, verb: str, mime: bytes) -> None:
    """F17: cut (RST) instead of an answer."""
    server = make_smtp()
    server.inject(Fault(at=verb, drop=True))  # type: ignore[arg-type]
    conversation = talk(server.port)

    def before_dot() -> None:
        if verb == "BODY":
            assert conversation._client is not None
            eventually(conversation._client.spoke, what="the cut is seen")

    outcome = send(conversation, mime, before_dot)
    assert outcome.kind is (Kind.UNKNOWN if verb == "DOT" else Kind.TRY_AGAIN)
    assert outcome.response_class == "network"
    assert outcome.relay_fault == (verb in {"CONNECT", "EHLO"})
    assert send(conversation, mime).kind is Kind.ACCEPTED


@pytest.mark.parametrize("pipelining", ["PIPELINING", "8BITMIME"])
@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("code", [451, 554])
def test_refused_at_each_verb(relay: MakeRelay, talk: Talk, pipelining: str, verb: str, code: int) -> None:
    """F17: 4xx and 5xx at each verb, and the next mail finds a clean connection."""
    reply = f"{code}-{code // 100}.3.0 no\r\n{code} {code // 100}.3.0 and no\r\n".encode()
    server = relay(extensions=(pipelining,), replies={verb: reply})
    dots: list[bool] = []
    conversation = talk(server.port)
    outcome = send(conversation, before_dot=lambda: dots.append(True))
    relay_fault = verb in {"CONNECT", "EHLO"}
    assert outcome.kind is (Kind.REFUSED if code == 554 and not relay_fault else Kind.TRY_AGAIN)
    assert (outcome.code, outcome.enhanced, outcome.relay_fault) == (code, f"{code // 100}.3.0", relay_fault)
    assert outcome.response_class == f"{code // 100}xx"
    assert bool(dots) == (verb == "DOT")
    server.script.replies = {}
    assert send(conversation).kind is Kind.ACCEPTED


def test_no_dot_behind_a_refused_recipient(relay: MakeRelay, talk: Talk) -> None:
    """F17: a server may answer a pipelined DATA with 354 although it refused the recipient."""
    server = relay(replies={"RCPT": b"550 5.1.1 no such user\r\n"})
    assert send(talk(server.port)).kind is Kind.REFUSED
    assert server.hung_up.wait(PATIENCE)
    assert server.mails == []


@pytest.mark.parametrize(
    "farewell", [b"500 what?\r\n", b"250 nonsense\r\n", b"\xff\xfe\r\n", b"2", b"x" * 9999 + b"\r\n"]
)
def test_what_quit_is_answered_does_not_matter(relay: MakeRelay, talk: Talk, farewell: bytes) -> None:
    """F17: QUIT 500."""
    server = relay(replies={"QUIT": farewell})
    with talk(server.port) as conversation:
        assert send(conversation).kind is Kind.ACCEPTED
    assert server.mails == [MIME]


def test_cut_in_the_body(relay: MakeRelay, talk: Talk) -> None:
    """F17: seen right before the dot, so nothing is in doubt even though the phase was committed."""
    server = relay(before={"BODY": cut})

    def before_dot() -> None:
        eventually(server.hung_up.is_set)

    outcome = send(talk(server.port), before_dot=before_dot)
    assert outcome.kind is Kind.TRY_AGAIN


@pytest.mark.parametrize(("code", "kind"), [(552, Kind.REFUSED), (451, Kind.TRY_AGAIN)])
def test_objection_in_the_body(relay: MakeRelay, talk: Talk, code: int, kind: Kind) -> None:
    """F17: a server that has seen enough says so before the dot, and gets none."""

    def object_to(connection: socket.socket) -> None:
        connection.sendall(f"{code} {code // 100}.3.4 enough\r\n".encode())
        objected.append(True)

    def before_dot() -> None:
        eventually(lambda: objected)

    objected: list[bool] = []
    server = relay(before={"BODY": object_to})
    outcome = send(talk(server.port), before_dot=before_dot)
    assert (outcome.kind, outcome.code) == (kind, code)
    assert server.hung_up.wait(PATIENCE)
    assert server.mails == []


@pytest.mark.parametrize("failure", [OSError("the base is away"), RuntimeError("bug"), KeyboardInterrupt()], ids=repr)
def test_what_before_dot_raises_passes_and_no_dot_is_sent(relay: MakeRelay, talk: Talk, failure: BaseException) -> None:
    def fail() -> None:
        raise failure

    server = relay()
    conversation = talk(server.port)
    with pytest.raises(type(failure)):
        send(conversation, before_dot=fail)
    assert server.hung_up.wait(PATIENCE)
    assert server.mails == []
    assert send(conversation).kind is Kind.ACCEPTED


@pytest.mark.parametrize("verb", ["CONNECT", "EHLO", "MAIL", "DATA"])
def test_dripping_server_before_the_dot(relay: MakeRelay, talk: Talk, verb: str) -> None:
    """F17: one deadline for all, however often a byte comes."""
    server = relay(before={verb: drip})
    began = time.monotonic()
    outcome = send(talk(server.port, timeouts=Timeouts(before_dot=0.3, goodbye=0.1)))  # else it would never end
    assert time.monotonic() - began > 0.2
    assert (outcome.kind, outcome.response_class) == (Kind.TRY_AGAIN, "network")
    assert outcome.text == "the server was too slow" or "timed out" in outcome.text


def test_dripping_server_after_the_dot(relay: MakeRelay, talk: Talk) -> None:
    """F17: the 250 that does not come leaves us in doubt."""
    server = relay(before={"DOT": drip})
    began = time.monotonic()
    outcome = send(talk(server.port, timeouts=Timeouts(after_dot=0.3, goodbye=0.1)))  # else it would never end
    assert time.monotonic() - began > 0.2
    assert (outcome.kind, outcome.response_class) == (Kind.UNKNOWN, "network")


def test_server_that_does_not_read(relay: MakeRelay, talk: Talk) -> None:
    """F17: the deadline also holds while we write."""
    over = threading.Event()  # until then it does not read
    server = relay(before={"BODY": lambda _: over.wait(PATIENCE)}, extensions=())
    began = time.monotonic()
    try:
        outcome = send(talk(server.port, timeouts=Timeouts(before_dot=0.3)), BIG * 20)
    finally:
        over.set()
    assert time.monotonic() - began > 0.2
    assert (outcome.kind, outcome.response_class) == (Kind.TRY_AGAIN, "network")


@pytest.mark.parametrize("reply", [b"220" + b"x" * 5000 + b"\r\n", b"220-a\r\n" * 500, b"HTTP/1.1 200\r\n", b"\r\n"])
def test_nonsense_for_a_greeting(relay: MakeRelay, talk: Talk, reply: bytes) -> None:
    outcome = send(talk(relay(replies={"CONNECT": reply}).port))
    assert (outcome.kind, outcome.response_class, outcome.relay_fault) == (Kind.TRY_AGAIN, "network", True)


def test_nobody_listens(talk: Talk) -> None:
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    outcome = send(talk(port))
    assert (outcome.kind, outcome.response_class, outcome.relay_fault) == (Kind.TRY_AGAIN, "network", True)


def test_too_large_is_not_even_tried(relay: MakeRelay, talk: Talk) -> None:
    server = relay(extensions=("SIZE 50",))
    outcome = send(talk(server.port))
    assert (outcome.kind, outcome.enhanced, outcome.lasting) == (Kind.REFUSED, "5.3.4", True)
    assert outcome.text == f"the mail has {len(MIME)} bytes, the relay takes at most 50"
    assert "MAIL" not in server.verbs


@pytest.mark.parametrize("size", ["SIZE", "SIZE 0", "SIZE many"])
def test_size_without_a_limit(relay: MakeRelay, talk: Talk, size: str) -> None:
    conversation = talk(relay(extensions=(size,)).port)
    assert send(conversation).kind is Kind.ACCEPTED
    assert conversation.max_size is None


# The kept connection.


@pytest.mark.parametrize("last_words", [b"", b"421 4.4.2 timeout\r\n"])
@pytest.mark.parametrize("idle", [0.0, 60.0])
def test_server_hung_up_meanwhile(relay: MakeRelay, talk: Talk, last_words: bytes, idle: float) -> None:
    """F17: 421 on reuse costs one new connection and no attempt."""
    server = relay()
    conversation = talk(server.port, timeouts=Timeouts(idle=idle))
    assert send(conversation).kind is Kind.ACCEPTED
    server.hang_up(last_words)
    assert server.hung_up.wait(PATIENCE)
    assert send(conversation).kind is Kind.ACCEPTED
    assert (server.connections, server.mails) == (2, [MIME, MIME])


@pytest.mark.parametrize("answer", [b"250 Ok\r\n", b"421 4.3.2 going down\r\n"])
def test_idle_connection_is_probed(relay: MakeRelay, talk: Talk, answer: bytes) -> None:
    server = relay(replies={"RSET": answer})
    conversation = talk(server.port, timeouts=Timeouts(idle=0.0))
    assert send(conversation).kind is send(conversation).kind is Kind.ACCEPTED
    assert server.verbs.count("RSET") == 1
    assert server.connections == (1 if answer.startswith(b"250") else 2)


def test_connection_grows_old(relay: MakeRelay, talk: Talk) -> None:
    server = relay()
    used, aged = talk(server.port, max_uses=2), talk(server.port, timeouts=Timeouts(max_age=0.0))
    for expected in (1, 1, 2):
        assert send(used).kind is Kind.ACCEPTED
        assert server.connections == expected
    used.close()
    for expected in (3, 4):
        assert send(aged).kind is Kind.ACCEPTED
        assert server.connections == expected


# TLS and login.


def tls_script(certificate: Certificate, security: Security) -> dict[str, object]:
    at_once = security is Security.TLS
    extensions = ("PIPELINING", "AUTH PLAIN LOGIN", *(() if at_once else ("STARTTLS",)))
    return {"certificate": certificate.server_context(), "tls_at_once": at_once, "extensions": extensions}


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_encrypted(relay: MakeRelay, talk: Talk, certificates: Certificates, security: Security, host: str) -> None:
    server = relay(**tls_script(certificates.good, security))
    account = {"security": security, "host": host, "login": LOGIN, "password": PASSWORD}
    conversation = talk(server.port, ca_file=str(certificates.ca_file), **account)
    for _ in range(3):
        assert send(conversation).kind is Kind.ACCEPTED
    assert (server.mails, server.connections) == ([MIME] * 3, 1)
    assert b"MAIL" not in server.plain
    assert b"AUTH" not in server.plain


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize("name", ["expired", "wrong_host", "self_signed"])
def test_bad_certificate(
    relay: MakeRelay, talk: Talk, certificates: Certificates, security: Security, name: str
) -> None:
    """F17: not one byte of the mail leaves."""
    server = relay(**tls_script(getattr(certificates, name), security))
    outcome = send(talk(server.port, security=security, ca_file=str(certificates.ca_file)))
    assert (outcome.kind, outcome.response_class) == (Kind.TRY_AGAIN, "tls")
    assert outcome.relay_fault
    assert outcome.lasting
    assert "certificate" in outcome.text
    assert server.verbs in ([], ["EHLO", "STARTTLS"])


def test_starttls_stripped(relay: MakeRelay, talk: Talk) -> None:
    """F17: no STARTTLS, no mail."""
    server = relay()
    outcome = send(talk(server.port, security=Security.STARTTLS))
    assert (outcome.kind, outcome.response_class, outcome.lasting) == (Kind.TRY_AGAIN, "tls", True)
    assert server.hung_up.wait(PATIENCE)
    assert server.verbs == ["EHLO"]


def test_starttls_injected(relay: MakeRelay, talk: Talk, certificates: Certificates) -> None:
    """F17: plain text behind the reply to STARTTLS (CVE-2011-0411)."""
    script = tls_script(certificates.good, Security.STARTTLS)
    server = relay(**script, replies={"STARTTLS": b"220 go ahead\r\n250 AUTH PLAIN\r\n"})
    outcome = send(talk(server.port, security=Security.STARTTLS, ca_file=str(certificates.ca_file)))
    assert (outcome.kind, outcome.response_class, outcome.relay_fault) == (Kind.TRY_AGAIN, "tls", True)
    assert server.hung_up.wait(PATIENCE)
    assert server.verbs == ["EHLO", "STARTTLS"]


@pytest.mark.parametrize("mechanisms", ["PLAIN", "LOGIN", "CRAM-MD5 LOGIN PLAIN"])
def test_login(relay: MakeRelay, talk: Talk, mechanisms: str) -> None:
    server = relay(extensions=(f"AUTH {mechanisms}",))
    assert send(talk(server.port, login=LOGIN, password=PASSWORD)).kind is Kind.ACCEPTED


@pytest.mark.parametrize("mechanisms", ["PLAIN", "LOGIN"])
def test_wrong_password(relay: MakeRelay, talk: Talk, mechanisms: str) -> None:
    """F17: the mail is not at fault; and a server that repeats our line does not bring it into the log."""
    server = relay(extensions=(f"AUTH {mechanisms}",))
    outcome = send(talk(server.port, login=LOGIN, password="wrong"))
    assert (outcome.kind, outcome.response_class, outcome.code) == (Kind.TRY_AGAIN, "auth", 535)
    assert outcome.relay_fault
    assert outcome.lasting
    assert "d3Jvbmc" not in outcome.text
    assert ("***" in outcome.text) == (mechanisms == "PLAIN")
    assert "MAIL" not in server.verbs


def test_no_login_offered(relay: MakeRelay, talk: Talk) -> None:
    server = relay(extensions=("AUTH GSSAPI",))
    outcome = send(talk(server.port, login=LOGIN, password=PASSWORD))
    assert (outcome.kind, outcome.response_class, outcome.lasting) == (Kind.TRY_AGAIN, "auth", True)


# What is refused before anything is sent.


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.0.1", "::1"])
def test_no_security_on_this_machine(host: str) -> None:
    assert RelayAccount(host=host, port=25, security=Security.NONE).host == host


@pytest.mark.parametrize("host", ["relay.test", "10.0.0.1", "0.0.0.0", "localhost.evil.test"])
def test_no_security_beyond_this_machine(host: str) -> None:
    with pytest.raises(ValueError, match="this machine only"):
        RelayAccount(host=host, port=25, security=Security.NONE)


def test_the_password_is_not_shown() -> None:
    account = RelayAccount(host="relay.test", port=465, security=Security.TLS, login="me", password="secret")
    assert "secret" not in repr(account)
    with pytest.raises(ValueError, match="no password"):
        RelayAccount(host="relay.test", port=465, security=Security.TLS, login="me")


@pytest.mark.parametrize("address", ["", "b", "b@c>\r\nDATA", "b@c d", "b@c>", "<b@c", "b\n@c", "é@c.test"])
def test_address_that_breaks_out(relay: MakeRelay, talk: Talk, address: str) -> None:
    server = relay()
    conversation = talk(server.port)
    for sender, recipient in ((address, "b@c.test"), ("b@c.test", address)):
        with pytest.raises(ValueError, match="address"):
            conversation.deliver(sender, recipient, MIME, lambda: None)
    assert server.connections == 0


@pytest.mark.parametrize(
    "mime",
    [
        b"a\n.\nb\r\n",
        b"a\r\n.\nb\r\n",
        b"a\n.\r\nb\r\n",
        b"a\rb\r\n",
        b"\ra\n\r\n",
        "é\r\n".encode(),
        b"no end",
        b"",
    ],
)
def test_smuggling(mime: bytes) -> None:
    """F17: bytes on whose end two servers may disagree never leave (CVE-2023-51764)."""
    with pytest.raises(ValueError, match="the mail"):
        dot_stuffed(mime)


# Servers of the real world.


def test_through_a_server_into_a_mailbox(
    smtp_server: SmtpServer, dovecot: Dovecot, mail_user: MailUser, certificates: Certificates, talk: Talk
) -> None:
    account = {
        "login": mail_user.address,
        "password": mail_user.password,
        "ca_file": str(certificates.ca_file),
    }
    conversation = talk(smtp_server.port, security=Security.STARTTLS, **account)
    outcome = conversation.deliver(mail_user.address, mail_user.address, MIME, lambda: None)
    assert outcome.kind is Kind.ACCEPTED
    assert arrived(dovecot, mail_user).endswith(MIME)


def test_through_postfix(
    postfix: Postfix, dovecot: Dovecot, mail_user: MailUser, certificates: Certificates, talk: Talk
) -> None:
    account = {
        "login": mail_user.address,
        "password": mail_user.password,
        "ca_file": str(certificates.ca_file),
    }
    conversation = talk(postfix.smtp, security=Security.STARTTLS, **account)
    outcomes = [conversation.deliver(mail_user.address, mail_user.address, MIME, lambda: None) for _ in range(2)]
    assert [outcome.kind for outcome in outcomes] == [Kind.ACCEPTED] * 2
    assert "queued as" in outcomes[0].text
    assert MIME.partition(b"\r\n\r\n")[2] in arrived(dovecot, mail_user)


def arrived(dovecot: Dovecot, user: MailUser) -> bytes:
    """The first mail in the user's mailbox, with CRLF."""
    folder = dovecot.maildir(user.address)
    eventually(lambda: any(folder.glob("new/*")))
    return next(folder.glob("new/*")).read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
