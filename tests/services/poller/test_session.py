"""One connection against servers that lie, hang and flood (reliability.md §3.1, F14, F15)."""

import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from services.poller.bell import Bell
from services.poller.connection import Limits
from services.poller.mailbox import Session
from services.poller.source import Account
from services.poller.troubles import Kind, MailboxTrouble
from tests.patience import PATIENCE
from tests.servers import Certificates, Dovecot, FaultProxy, MailUser, ScriptedImap, imap_faults
from tests.servers.process import free_port
from tests.services.poller import faults
from tests.services.poller.site import mail

MakeImap = Callable[..., ScriptedImap]
PATIENT = Limits(silence=PATIENCE, command=PATIENCE)
SHORT = replace(PATIENT, silence=0.5)
"""Only for a server that says nothing any more."""
BIG = 25 << 20


def account(server: ScriptedImap | FaultProxy, port: int = 0, security: str = "none") -> Account:
    return Account(server.host, port or server.port, security, None, "me", "INBOX")


def opened(server: ScriptedImap, limits: Limits = PATIENT, window: int = 50_000) -> Session:
    session = Session(account(server), "secret", limits, window=window)
    try:
        session.examine()
    except MailboxTrouble as trouble:
        session.__exit__(type(trouble))
        raise
    return session


def in_dovecot(dovecot: Dovecot, user: MailUser, security: str, port: int, **values: str) -> Account:
    found = Account(dovecot.host, port, security, str(dovecot.ca_file), user.address, "INBOX")
    return replace(found, **values)  # type: ignore[arg-type]


@pytest.fixture
def bell() -> Iterator[Bell]:
    made = Bell()
    yield made
    made.close()


def listed(session: Session) -> list[set[int]]:
    return list(session.windows())


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_real_server_over_every_kind_of_connection(dovecot: Dovecot, mail_user: MailUser, security: str) -> None:
    dovecot.drop(mail_user.address, [mail(1), mail(2, size=100_000)])
    port = dovecot.imaps if security == "tls" else dovecot.imap
    with Session(in_dovecot(dovecot, mail_user, security, port), mail_user.password, PATIENT) as session:
        session.examine()
        assert listed(session) == [{1, 2}]
        assert session.sizes([1, 2]) == {1: len(mail(1)), 2: len(mail(2, size=100_000))}
        assert session.bodies([1, 2], BIG) == {1: mail(1), 2: mail(2, size=100_000)}
        assert session.uidvalidity > 0


@pytest.mark.parametrize("fault", ["self_signed", "expired", "wrong_host"])
def test_implicit_tls_refuses_a_certificate_that_is_not_valid(
    make_imap: MakeImap, certificates: Certificates, fault: str
) -> None:
    server = make_imap(certificate=getattr(certificates, fault))
    trusting = Account(server.host, server.port, "tls", str(certificates.ca_file), "me", "INBOX")
    with pytest.raises(MailboxTrouble) as refused:
        Session(trusting, "secret", PATIENT)
    assert refused.value.kind is Kind.CERTIFICATE
    assert server.commands == []


def test_starttls_refuses_a_certificate_of_an_unknown_authority(dovecot: Dovecot, mail_user: MailUser) -> None:
    stranger = replace(in_dovecot(dovecot, mail_user, "starttls", dovecot.imap), ca_file=None)
    with pytest.raises(MailboxTrouble) as refused:
        Session(stranger, mail_user.password, PATIENT)
    assert refused.value.kind is Kind.CERTIFICATE


def test_starttls_refuses_plain_text_behind_the_reply() -> None:
    """CVE-2011-0411: it would be read as if it had come through TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as lines:
                connection.sendall(b"* OK ready\r\n")
                for line in lines:
                    tag, verb = line.split()
                    before = b"* CAPABILITY IMAP4rev1 STARTTLS\r\n" if verb == b"CAPABILITY" else b""
                    behind = b"* OK [ALERT] injected\r\n" if verb == b"STARTTLS" else b""
                    connection.sendall(before + tag + b" OK done\r\n" + behind)

        thread = threading.Thread(target=serve)
        thread.start()
        port = listener.getsockname()[1]
        with pytest.raises(MailboxTrouble, match="slipped in"):
            Session(Account("127.0.0.1", port, "starttls", None, "me", "INBOX"), "secret", PATIENT)
        thread.join(PATIENCE)


def test_no_encryption_is_for_this_machine_only() -> None:
    with pytest.raises(MailboxTrouble) as refused:
        Session(Account("imap.example.com", 143, "none", None, "me", "INBOX"), "secret", PATIENT)
    assert refused.value.kind is Kind.INSECURE


def test_wrong_password(dovecot: Dovecot, mail_user: MailUser) -> None:
    with pytest.raises(MailboxTrouble) as refused:
        Session(in_dovecot(dovecot, mail_user, "none", dovecot.imap), "wröng", PATIENT)
    assert refused.value.kind is Kind.PASSWORD


def test_unknown_folder(dovecot: Dovecot, mail_user: MailUser) -> None:
    with (
        pytest.raises(MailboxTrouble) as refused,
        Session(
            in_dovecot(dovecot, mail_user, "none", dovecot.imap, folder="Reçus"), mail_user.password, PATIENT
        ) as one,
    ):
        one.examine()
    assert refused.value.kind is Kind.FOLDER


@pytest.mark.parametrize(("verb", "answer"), [("LOGIN", "INUSE"), ("LOGIN", "LIMIT"), ("SELECT", "UNAVAILABLE")])
def test_a_server_that_says_later_is_no_wrong_password(make_imap: MakeImap, verb: str, answer: str) -> None:
    server = make_imap()
    server.misbehave(verb, imap_faults.reply(f"NO [{answer}] try again"))
    with pytest.raises(MailboxTrouble) as refused:
        opened(server)
    assert refused.value.kind is Kind.BUSY


LIMITS_AND_OUTAGES = [
    ("LOGIN", "NO [ALERT] Too many simultaneous connections. (Failure)"),
    ("LOGIN", "NO Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)"),
    ("LOGIN", "NO Server error, please try again later"),
    ("LOGIN", "NO Temporary authentication failure. [mx:2026-11-30]"),
    ("LOGIN", "NO Account exceeded command or bandwidth limits, quota exceeded"),
    ("SELECT", "BAD User is authenticated but not connected."),
    ("SELECT", "NO Server Unavailable. 15"),
    ("SELECT", "NO Internal error occurred. Refer to server log for more information."),
]
"""As servers in use say it, without a code."""

REFUSALS = [
    ("LOGIN", "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", Kind.PASSWORD),
    ("LOGIN", "NO LOGIN failed.", Kind.PASSWORD),
    ("LOGIN", "NO Invalid login or password, try again later", Kind.PASSWORD),
    ("SELECT", "NO [NONEXISTENT] Unknown Mailbox: Orders (Failure)", Kind.FOLDER),
    ("SELECT", "NO Mailbox doesn't exist: Orders", Kind.FOLDER),
]


@pytest.mark.parametrize(("verb", "answer", "kind"), [*((*each, Kind.BUSY) for each in LIMITS_AND_OUTAGES), *REFUSALS])
def test_limits_and_outages_are_no_wrong_passwords_or_folders(
    make_imap: MakeImap, verb: str, answer: str, kind: Kind
) -> None:
    server = make_imap()
    server.misbehave(verb, imap_faults.reply(answer))
    with pytest.raises(MailboxTrouble) as refused:
        opened(server)
    assert refused.value.kind is kind


@pytest.mark.parametrize("said", [b"* BYE Autologout; idle too long\r\n", b"* BYE [UNAVAILABLE] too many\r\n", b""])
def test_a_connection_that_ends_at_the_login_was_closed(make_imap: MakeImap, said: bytes) -> None:
    server = make_imap()
    server.misbehave("LOGIN", imap_faults.say(said))
    with pytest.raises(MailboxTrouble) as refused:
        opened(server)
    assert refused.value.kind is Kind.CLOSED


def test_a_line_that_ends_in_a_bare_lf_is_read(make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1)})
    server.misbehave("LOGIN", faults.ok_with_lf())
    with opened(server) as session:
        assert listed(session) == [{1}]


def test_nobody_listens() -> None:
    with pytest.raises(MailboxTrouble) as refused:
        Session(Account("127.0.0.1", free_port(), "none", None, "me", "INBOX"), "secret", PATIENT)
    assert refused.value.kind is Kind.UNREACHABLE


def test_range_fetch_names_explicit_uids_and_few_of_them(make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1), 2: mail(2), 9: mail(9)})
    with opened(server) as session:
        session.bodies([1, 2, 9], BIG)
    assert server.commands[-2] == "UID FETCH 1:2,9 (UID BODY.PEEK[])"


def test_vanished_uid_is_simply_not_there(make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1), 2: mail(2)})
    server.vanished = {2}
    with opened(server) as session:
        assert session.sizes([1, 2]) == {1: len(mail(1))}
        assert session.bodies([1, 2, 99], BIG) == {1: mail(1)}


def test_big_mailbox_is_listed_in_windows(make_imap: MakeImap) -> None:
    server = make_imap({uid: mail(uid) for uid in range(1, 8)})
    with opened(server, window=3) as session:
        assert listed(session) == [{1, 2, 3}, {4, 5, 6}, {7}]
    assert [line for line in server.commands if "SEARCH" in line] == [
        "UID SEARCH 1:3",
        "UID SEARCH 4:6",
        "UID SEARCH 7:*",
    ]


def test_message_limit_shrinks_the_windows(make_imap: MakeImap) -> None:
    """RFC 9738: the server hands out fewer mails than asked for, and says so."""
    server = make_imap({uid: mail(uid) for uid in range(1, 8)})
    server.message_limit = 2
    with opened(server) as session:
        assert listed(session) == [{1, 2}, {3, 4}, {5, 6}, {7}]
        assert session.window == 2


def test_message_limit_refusals_do_not_loop(make_imap: MakeImap) -> None:
    server = make_imap({uid: mail(uid) for uid in range(1, 8)})
    server.misbehave("SEARCH", imap_faults.reply("NO [MESSAGELIMIT 3] too many"), times=100)
    with opened(server) as session, pytest.raises(MailboxTrouble) as refused:
        listed(session)
    assert refused.value.kind is Kind.BUSY
    assert len([line for line in server.commands if "SEARCH" in line]) == 2


def test_unsolicited_fetch_is_no_mail(make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1)})
    server.chatter = [b"* 1 FETCH (UID 1 FLAGS (\\Seen))", b"* 1 FETCH (FLAGS (\\Deleted))", b"* 3 EXISTS"]
    with opened(server) as session:
        assert session.exists == 1
        server.chatter = [b"* 1 FETCH (UID 1 FLAGS (\\Seen))", b"* 3 EXISTS", b"* 2 EXPUNGE"]
        assert session.bodies([1], BIG) == {1: mail(1)}
        assert (session.exists, session.expunged) == (2, 1)


@pytest.mark.parametrize("behind", [False, True])
def test_the_uid_may_stand_before_or_behind_the_body(make_imap: MakeImap, behind: bool) -> None:  # noqa: FBT001
    server = make_imap({4: b""})
    body = mail(4)
    told = b"* 1 FETCH (BODY[] {%d}\r\n%b UID 4)\r\n" if behind else b"* 1 FETCH (UID 4 BODY[] {%d}\r\n%b)\r\n"
    server.misbehave("BODY", faults.answer(told % (len(body), body)))
    with opened(server) as session:
        assert session.bodies([4], BIG) == {4: body}


@pytest.mark.parametrize("nothing", [b'""', b"NIL", b"{0}\r\n"])
def test_an_empty_body_is_never_taken_for_a_mail(make_imap: MakeImap, nothing: bytes) -> None:
    server = make_imap({4: mail(4)})
    server.misbehave("BODY", faults.answer(b"* 1 FETCH (UID 4 BODY[] %b)\r\n" % nothing))
    with opened(server) as session:
        assert not session.bodies([4], BIG).get(4)


def test_bye_in_the_middle_of_a_literal(make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1)})
    server.misbehave("BODY", imap_faults.bye_in_literal(1, mail(1), kept=20))
    with opened(server) as session, pytest.raises(MailboxTrouble) as refused:
        session.bodies([1], BIG)
    assert refused.value.kind is Kind.CLOSED


@pytest.mark.parametrize(
    "flood",
    [imap_faults.huge_literal(1), imap_faults.long_line(), imap_faults.endless_untagged()],
    ids=["hostile_literal", "line_of_10_MB", "endless_untagged"],
)
def test_floods_end_the_connection_and_take_no_memory(make_imap: MakeImap, flood: imap_faults.ImapFault) -> None:
    server = make_imap({1: mail(1)})
    server.misbehave("BODY", flood)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(MailboxTrouble) as refused, opened(server) as session:
        session.bodies([1], 1 << 20)
    assert refused.value.kind is Kind.PROTOCOL
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 150_000  # KiB


def test_slow_drip_ends_at_the_deadline(make_imap: MakeImap) -> None:
    """One octet now and then defeats every time-out of a socket, but not the deadline of a command."""
    server = make_imap({1: mail(1)})
    dripped = b"* 1 FETCH (UID 1 BODY[] {9000000}\r\n" + mail(1, size=9_000_000)  # for five days
    server.misbehave("BODY", imap_faults.drip(dripped, 20))
    started = time.monotonic()
    with pytest.raises(MailboxTrouble) as refused, opened(server, replace(PATIENT, command=1.0)) as session:
        session.bodies([1], BIG)
    assert refused.value.kind is Kind.SILENT
    assert time.monotonic() - started > 0.9


@pytest.mark.parametrize("verb", ["CONNECT", "LOGIN", "SELECT", "SEARCH", "SIZE", "BODY", "NOOP"])
def test_hung_server_ends_at_the_deadline(make_imap: MakeImap, verb: str) -> None:
    server = make_imap({1: mail(1)})
    server.misbehave(verb, imap_faults.silence())
    with pytest.raises(MailboxTrouble) as refused:
        converse(server)
    assert refused.value.kind is Kind.SILENT


def converse(server: ScriptedImap) -> None:
    with opened(server, SHORT) as session:
        listed(session)
        session.sizes([1])
        session.bodies([1], BIG)
        session.refresh()


def test_tls_handshake_that_stalls(make_imap: MakeImap) -> None:
    server = make_imap()  # speaks first and in plain text, then waits for a command that never comes
    server.misbehave("CONNECT", imap_faults.silence())
    with pytest.raises(MailboxTrouble) as refused:
        Session(account(server, security="tls"), "secret", SHORT)
    assert refused.value.kind is Kind.SILENT


def test_idle_hears_of_a_mail_at_once(make_imap: MakeImap, bell: Bell) -> None:
    server = make_imap({1: mail(1)})
    with opened(server) as session:
        timer = threading.Timer(0.2, server.add, (2, mail(2)))
        timer.start()
        assert session.idle(PATIENCE, bell) is False
        assert session.exists == 2
        timer.join()


def test_idle_ends_when_the_bell_rings(make_imap: MakeImap, bell: Bell) -> None:
    server = make_imap()
    with opened(server) as session:
        bell.ring()
        assert session.idle(PATIENCE, bell) is True
        assert session.idle(0.05, bell) is False
    bell.close()
    bell.ring()  # somebody may be late


def test_idle_on_a_dead_line_is_not_quiet(make_imap: MakeImap, bell: Bell) -> None:
    """IMAPClient's idle_check returns nothing, at once and for ever (#565)."""
    server = make_imap()
    server.misbehave("IDLE", faults.idle_then_end(0.1))
    with pytest.raises(MailboxTrouble) as refused, opened(server) as session:
        session.idle(PATIENCE, bell)
    assert refused.value.kind is Kind.CLOSED


def test_idle_silence_ends_after_done(make_imap: MakeImap, bell: Bell) -> None:
    """A half-open line: nothing is heard, and the answer to DONE never comes."""
    server = make_imap()
    server.misbehave("IDLE", imap_faults.idle_silence())
    with pytest.raises(MailboxTrouble) as refused, opened(server, SHORT) as session:
        session.idle(0.1, bell)
    assert refused.value.kind is Kind.SILENT


def test_a_server_that_refuses_idle_is_only_polled(make_imap: MakeImap, bell: Bell) -> None:
    server = make_imap()
    server.misbehave("IDLE", imap_faults.reply("NO not today"))
    with opened(server) as session:
        assert session.can_idle
        session.idle(5, bell)
        assert not session.can_idle


def test_another_thread_can_hang_up(make_imap: MakeImap) -> None:
    server = make_imap()
    server.misbehave("NOOP", imap_faults.silence())
    session = opened(server)
    timer = threading.Timer(0.1, session.hang_up)
    timer.start()
    with pytest.raises(MailboxTrouble), session:
        session.refresh()
    timer.join()
