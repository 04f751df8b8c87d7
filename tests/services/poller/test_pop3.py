"""G22: POP3 by UIDL, on Dovecot, and on a server that lies (reliability.md §3.1)."""

import poplib
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from intergestan_db.tables import Event, Mailbox, MailboxUidl
from intergestan_exchange.mailboxes import poll_runs
from services.poller.connection import Limits
from services.poller.handles import Uidl
from services.poller.pop3 import Pop3Session, _named
from services.poller.source import Account
from services.poller.troubles import Kind, MailboxTrouble
from tests.patience import PATIENCE, eventually
from tests.servers import Certificates, Dovecot, MailUser, PostgresServer
from tests.servers.scripted_pop3 import ScriptedPop3
from tests.services.poller.site import PollerSite, mail

pytestmark = pytest.mark.mainly_on("postgresql")

PATIENT = Limits(silence=PATIENCE, command=PATIENCE)
SHORT = replace(PATIENT, silence=0.5)
"""Only for a server that says nothing any more."""
BIG = 25 << 20


@pytest.fixture
def servers() -> Iterator[ExitStack]:
    with ExitStack() as stack:
        yield stack


def in_dovecot(dovecot: Dovecot, user: MailUser, security: str = "none") -> Account:
    port = dovecot.pop3s if security == "tls" else dovecot.pop3
    return Account(dovecot.host, port, security, str(dovecot.ca_file), user.address, "INBOX")


def account(server: ScriptedPop3) -> Account:
    return Account(server.host, server.port, "none", None, "me", "INBOX")


def add_dovecot(site: PollerSite, dovecot: Dovecot, user: MailUser, name: str = "box", **values: Any) -> int:
    row: dict[str, Any] = {"port": dovecot.pop3, "login": user.address, "protocol": "pop3"}
    row.update(values)
    return site.add_mailbox(name, user.password, **row)


def add(site: PollerSite, server: ScriptedPop3, **values: Any) -> None:
    site.add_mailbox("box", port=server.port, protocol="pop3", **values)


def uidls(site: PollerSite) -> dict[Uidl, int | None]:
    with site.database.read() as connection:
        rows = connection.execute(select(MailboxUidl.__table__)).all()
    return {Uidl(row.uidl, row.ordinal, row.size): row.inbound_mail_id for row in rows}


def trouble_of(found: Account, password: str = "secret", limits: Limits = PATIENT) -> MailboxTrouble:
    with pytest.raises(MailboxTrouble) as refused, Pop3Session(found, password, limits) as session:
        list(session.bodies(sorted(session.listing()), BIG))
    return refused.value


@pytest.mark.parametrize("security", ["tls", "starttls", "none"])
def test_real_server_over_every_kind_of_connection(dovecot: Dovecot, mail_user: MailUser, security: str) -> None:
    raws = [mail(1), mail(2, size=100_000), mail(3) + b".\r\n..\r\n.two\r\nend\r\n"]
    dovecot.drop(mail_user.address, raws)
    with Pop3Session(in_dovecot(dovecot, mail_user, security), mail_user.password, PATIENT) as session:
        listed = sorted(session.listing(), key=lambda found: found.size)
        assert [found.size for found in listed] == sorted(map(len, raws))
        assert sorted(dict(session.bodies(listed, BIG)).values()) == sorted(raws)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_of_an_unknown_authority_is_refused(dovecot: Dovecot, mail_user: MailUser, security: str) -> None:
    stranger = replace(in_dovecot(dovecot, mail_user, security), ca_file=None)
    assert trouble_of(stranger, mail_user.password, PATIENT).kind is Kind.CERTIFICATE


def test_no_encryption_is_for_this_machine_only() -> None:
    assert trouble_of(Account("pop.example.com", 110, "none", None, "me", "INBOX")).kind is Kind.INSECURE


def test_stls_refuses_plain_text_behind_the_reply(servers: ExitStack) -> None:
    """CVE-2011-0411."""
    server = servers.enter_context(ScriptedPop3())
    server.misbehave("STLS", b"+OK go\r\n+OK injected\r\n")
    trouble = trouble_of(replace(account(server), security="starttls"))
    assert "slipped in" in trouble.words


def test_wrong_password(dovecot: Dovecot, mail_user: MailUser) -> None:
    assert trouble_of(in_dovecot(dovecot, mail_user), "wröng", PATIENT).kind is Kind.PASSWORD


@pytest.mark.parametrize(
    ("command", "answer", "kind"),
    [
        ("AUTH", b"-ERR [IN-USE] another session\r\n", Kind.BUSY),
        ("AUTH", b"-ERR [LOGIN-DELAY] too often\r\n", Kind.BUSY),
        ("AUTH", b"-ERR maildrop already locked\r\n", Kind.BUSY),
        ("AUTH", b"-ERR [AUTH] no\r\n", Kind.PASSWORD),
        ("UIDL", b"-ERR unknown command\r\n", Kind.NO_UIDL),
        ("LIST", b"-ERR no\r\n", Kind.PROTOCOL),
        ("LIST", None, Kind.CLOSED),
        ("LIST", b"+OK\r\n1 ten\r\n.\r\n", Kind.PROTOCOL),
        ("LIST", b"+OK\r\n", Kind.SILENT),
        ("CAPA", b"x" * (3 << 20), Kind.PROTOCOL),
        ("RETR", b"+OK\r\n" + b"x" * (27 << 20), Kind.PROTOCOL),
    ],
)
def test_what_a_server_may_do(servers: ExitStack, command: str, answer: bytes | None, kind: Kind) -> None:
    server = servers.enter_context(ScriptedPop3(mail(1)))
    server.misbehave(command, answer)
    assert trouble_of(account(server), limits=SHORT if kind is Kind.SILENT else PATIENT).kind is kind


def test_a_server_that_drips_is_hung_up_on() -> None:
    """It drips until it is hung up on, and never pauses for as long as a silence may last."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        given_up, hung_up = threading.Event(), threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                while not given_up.wait(0.1):
                    try:
                        connection.sendall(b"+")
                    except OSError:
                        hung_up.set()
                        return

        thread = threading.Thread(target=drip)
        thread.start()
        dripping = Account("127.0.0.1", listener.getsockname()[1], "none", None, "me", "")
        try:
            assert trouble_of(dripping, limits=replace(PATIENT, command=1.0)).kind is Kind.SILENT
            assert hung_up.wait(PATIENCE)
        finally:
            given_up.set()
            thread.join(PATIENCE)


def test_long_lines_are_no_poison(servers: ExitStack) -> None:
    """The library gives up at 2048 octets, and from then on at every mail."""
    long = mail(1) + b"x" * 500_000 + b"\r\n"
    server = servers.enter_context(ScriptedPop3(long))
    with Pop3Session(account(server), "secret", PATIENT) as session:
        assert list(dict(session.bodies(sorted(session.listing()), BIG)).values()) == [long]


def test_a_password_cannot_break_out_of_its_line(servers: ExitStack) -> None:
    server = servers.enter_context(ScriptedPop3(capabilities=("UIDL",)))
    assert trouble_of(account(server), "a\r\nDELE 1").kind is Kind.PROTOCOL
    assert server.count("DELE") == 0


def test_mails_are_collected_once_and_stay(any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    """G22, G24: by timer and by *Relever*; nothing is deleted."""
    site = any_site
    dovecot.drop(mail_user.address, [mail(1), mail(2)])
    add_dovecot(site, dovecot, mail_user)
    with site.poller() as poller:
        eventually(lambda: len(site.inbound()) == 2)
        dovecot.drop(mail_user.address, [mail(3)])
        assert site.relever(poller, "box").found == 1
        assert site.relever(poller, "box").found == 0
        assert site.mailbox("box").state == "connected"
    assert sorted(site.mails()) == [mail(1), mail(2), mail(3)]
    assert sorted(site.rung) == [row.id for row in site.inbound()]
    assert len(uidls(site)) == 3
    left = poplib.POP3(dovecot.host, dovecot.pop3, timeout=PATIENCE)
    left.user(mail_user.address)
    left.pass_(mail_user.password)
    assert left.stat()[0] == 3
    left.quit()


def test_a_relever_over_pop3_tells_its_progress(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    dovecot.drop(mail_user.address, [mail(1), mail(2, size=5000)])
    add_dovecot(site, dovecot, mail_user)
    with site.database.transaction() as connection:
        asked = poll_runs.ask(connection, ["box"], by="test", at=site.database.now())
    with site.poller(mail_bytes=1000):
        eventually(lambda: site.run(asked.runs[0]).listed_at)
    with site.database.read() as connection:
        seen = poll_runs.look(connection, asked)
    assert (len(seen.mails), seen.too_big, seen.runs[0].found) == (1, 1, 2)
    with site.database.read() as connection:
        (event,) = connection.execute(select(Event.detail).where(Event.name == "too_big")).scalars()
    assert event is not None
    assert len(event["mails"]) == 1


def test_the_same_mail_by_imap_and_pop3_has_one_row(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    dovecot.drop(mail_user.address, [mail(1), b"Subject: dots\r\n\r\n.\r\n..two\r\n.one\r\n"])
    add_dovecot(site, dovecot, mail_user)
    site.add_mailbox("other", mail_user.password, port=dovecot.imap, login=mail_user.address)
    with site.poller():
        eventually(lambda: len(uidls(site)) == len(site.uids("other")) == 2)
    assert len(site.inbound()) == 2


def test_equal_uidls_are_told_apart(any_site: PollerSite, servers: ExitStack) -> None:
    """A UIDL may be a hash of the content: two equal mails have equal ones, and a third may come later."""
    site, server = any_site, servers.enter_context(ScriptedPop3(mail(1), mail(1), mail(2)))
    server.uidls = {3: "x" * 200}
    add(site, server)
    with site.poller() as poller:
        eventually(lambda: len(uidls(site)) == 3)
        server.mails.append(mail(1))
        assert site.relever(poller, "box").found == 1
    assert sorted(key.ordinal for key in uidls(site)) == [0, 0, 1, 2]
    assert sorted(site.mails()) == [mail(1), mail(2)]


def test_a_server_that_moved_names_all_mails_anew_and_doubles_nothing(any_site: PollerSite, servers: ExitStack) -> None:
    site, server = any_site, servers.enter_context(ScriptedPop3(mail(1), mail(2)))
    add(site, server)
    with site.poller() as poller:
        eventually(lambda: len(uidls(site)) == 2)
        server.uidls = {1: "new-1", 2: "new-2"}
        assert site.relever(poller, "box").found == 2
    assert len(uidls(site)) == 4
    assert len(site.inbound()) == len(site.rung) == 2


def test_a_mail_that_the_server_refuses_blocks_no_other(site: PollerSite, servers: ExitStack) -> None:
    server = servers.enter_context(ScriptedPop3(mail(1), mail(2), mail(3)))
    server.misbehave("RETR 2", b"-ERR internal\r\n", None)
    add(site, server, poll_seconds=1)
    with site.poller():
        eventually(lambda: len(site.inbound()) == 2)
        assert sorted(site.mails()) == [mail(1), mail(3)]
        eventually(lambda: site.mailbox("box").backlog == 1)
        eventually(lambda: server.count("RETR") >= 4)
    assert len(uidls(site)) == 2


def test_a_cut_in_the_middle_keeps_what_came(site: PollerSite, servers: ExitStack) -> None:
    server = servers.enter_context(ScriptedPop3(*map(mail, range(9))))
    server.misbehave("RETR 5", None)
    add(site, server, poll_seconds=1)
    with site.poller():
        eventually(lambda: len(site.inbound()) == 9)
    assert server.count("RETR") == 10
    assert sorted(site.mails()) == sorted(map(mail, range(9)))


def test_the_maildrop_is_free_between_polls(site: PollerSite, servers: ExitStack) -> None:
    server = servers.enter_context(ScriptedPop3(mail(1)))
    add(site, server)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_success_at)
        eventually(lambda: server.open_sessions == 0)
        assert server.commands[-1] == "QUIT"


def test_a_long_session_is_ended_and_begun_anew(site: PollerSite, servers: ExitStack) -> None:
    server = servers.enter_context(ScriptedPop3(*map(mail, range(6))))
    add(site, server)
    with site.poller(pop3_session_seconds=0.0001, batch_mails=2):
        eventually(lambda: len(site.inbound()) == 6)
    assert server.count("UIDL") >= 3
    assert server.count("QUIT") >= 3


def test_a_locked_maildrop_is_tried_again_later(site: PollerSite, servers: ExitStack) -> None:
    server = servers.enter_context(ScriptedPop3(mail(1)))
    server.misbehave("AUTH", b"-ERR [IN-USE] locked\r\n")
    add(site, server)
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_error)
        assert "come back later" in site.mailbox("box").last_error
        site.relever(poller, "box")
        eventually(site.inbound)


def test_a_server_without_uidl_is_told_clearly(site: PollerSite, servers: ExitStack) -> None:
    server = servers.enter_context(ScriptedPop3(mail(1)))
    server.misbehave("UIDL", *[b"-ERR what?\r\n"] * 9)
    add(site, server)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_error)
        assert site.mailbox("box").state == "protocolError"
        assert "Read this mailbox by IMAP" in site.mailbox("box").last_error
    assert site.inbound() == []


@pytest.mark.parametrize("mails", [400, pytest.param(2000, marks=pytest.mark.campaign)])
def test_a_big_maildrop(any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, mails: int) -> None:
    site = any_site
    dovecot.drop(mail_user.address, (mail(number) for number in range(mails)))
    add_dovecot(site, dovecot, mail_user)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_success_at)
    assert len(site.inbound()) == len(uidls(site)) == mails


def test_the_base_forgets_nothing_when_it_comes_back(
    postgres_site: PollerSite, postgres_server: PostgresServer, servers: ExitStack
) -> None:
    site, server = postgres_site, servers.enter_context(ScriptedPop3(mail(0)))
    add(site, server, poll_seconds=1)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_success_at)
        for number in range(1, 4):
            server.mails.append(mail(number))
            postgres_server.terminate_backends(site.database.url)
            time.sleep(0.3)
        eventually(lambda: len(site.inbound()) == 4)
    assert len(uidls(site)) == 4


def test_a_mailbox_that_turns_from_imap_to_pop3(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    dovecot.drop(mail_user.address, [mail(1)])
    site.add_mailbox("box", mail_user.password, port=dovecot.imap, login=mail_user.address)
    with site.poller() as poller:
        eventually(site.inbound)
        site.change_mailbox("box", protocol="pop3", port=dovecot.pop3)
        site.relever(poller, "box")
        eventually(lambda: len(uidls(site)) == 1)
    assert len(site.inbound()) == 1
    with site.database.read() as connection:
        assert connection.execute(select(Mailbox.state)).scalar_one() == "connected"


def test_an_expired_certificate_is_told(dovecot: Dovecot, certificates: Certificates, mail_user: MailUser) -> None:
    found = replace(in_dovecot(dovecot, mail_user, "tls"), host="localhost")
    with Pop3Session(found, mail_user.password, PATIENT) as session:
        assert session.listing() == set()
    assert trouble_of(replace(found, ca_file=str(certificates.wrong_host.certificate_file))).kind is Kind.CERTIFICATE


class Maildrop:
    """What a server may show of the same mails over time: any order of UIDLs, some left out, some equal."""

    def __init__(self, mails: list[tuple[str, int]]) -> None:
        self.mails = mails

    def names(self, shown: list[bool]) -> set[Uidl]:
        seen = [mail for mail, is_shown in zip(self.mails, shown, strict=True) if is_shown]
        return set(
            _named({n: uidl for n, (uidl, _) in enumerate(seen, 1)}, {n: size for n, (_, size) in enumerate(seen, 1)})
        )


@given(st.data())
def test_no_mail_is_hidden_by_the_names_of_others(data: st.DataObject) -> None:
    """As many names as mails; what a listing leaves out (Gmail) is new, or known, when it is shown again."""
    mails = data.draw(st.lists(st.tuples(st.sampled_from(["a", "b", "c" * 90]), st.integers(1, 3)), max_size=12))
    maildrop = Maildrop(mails)
    shown = data.draw(st.lists(st.booleans(), min_size=len(mails), max_size=len(mails)))
    every = maildrop.names([True] * len(mails))
    assert len(every) == len(mails)
    assert all(len(name.uidl) <= 70 for name in every)
    known = maildrop.names(shown)
    assert len(known) == sum(shown)
    assert len(known | every) >= len(mails)
