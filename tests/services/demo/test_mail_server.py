"""The demo's mail server as the demo uses it: a child process, SMTP in, IMAP out."""

import json
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from imapclient import IMAPClient
from imapclient.exceptions import LoginError

from intergestan_msg.mail.delivery_report import read_report
from services.demo.guests import invite
from services.demo.mail_server import main
from tests import warm
from tests.patience import PATIENCE, eventually

BUYER, SUPPLIER = "buyer@alpha.test", "supplier@beta.test"
PASSWORD = "colon: and \\: back\\"


def command(folder: Path) -> list[str]:
    accounts = [{"address": address, "password": PASSWORD} for address in (BUYER, SUPPLIER)]
    (folder / "accounts.json").write_text(json.dumps(accounts))
    arguments = ["--dir", str(folder / "mail"), "--accounts", str(folder / "accounts.json")]
    return [sys.executable, "-m", "services.demo.mail_server", *arguments]


class Server:
    def __init__(self, folder: Path) -> None:
        self.process = warm.Popen[bytes](
            command(folder), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        assert self.process.stdout is not None
        self.ports: dict[str, int] = json.loads(self.process.stdout.readline())
        self.complaints = b""
        self.new = folder / "mail" / SUPPLIER / "new"

    def smtp(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.ports["smtp"], timeout=PATIENCE)

    def send(self, *mails: bytes) -> None:
        with self.smtp() as relay:
            relay.login(BUYER, PASSWORD)
            for mail in mails:
                assert relay.sendmail(BUYER, [SUPPLIER], mail) == {}

    def imap(self) -> IMAPClient:
        client = IMAPClient("127.0.0.1", self.ports["imap"], ssl=False, timeout=PATIENCE)
        client.login(SUPPLIER, PASSWORD)
        return client

    def end(self, how: signal.Signals) -> tuple[int, bytes]:
        """Its exit code, and what it complained about."""
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        if not self.process.stderr.closed:
            self.complaints = self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            pipe.close()
        return code, self.complaints


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    with ExitStack() as servers:

        def start_server() -> Server:
            server = Server(tmp_path)
            servers.callback(server.end, signal.SIGKILL)
            return server

        yield start_server


def mail(number: int, size: int = 300) -> bytes:
    """Folded header, leading dots, a tab, no trace of where it passes."""
    line = b".%05d\t" % number + b"x" * 60 + b"\r\n"
    head = b"From: %s\r\nSubject: mail\r\n %d\r\n\r\n" % (BUYER.encode(), number)
    return head + line * (size // len(line))


def test_guests_come_by_tls_with_the_certificate_that_is_shown(tmp_path: Path) -> None:
    """What `demo --serve` prints, to answer `intergestan setup` with."""
    guests = invite(tmp_path)
    buyer, supplier = guests.passwords
    (tmp_path / "guests.json").write_text(
        json.dumps([{"address": address, "password": word} for address, word in guests.passwords.items()])
    )
    arguments = ["--dir", str(tmp_path / "mail"), "--accounts", str(tmp_path / "guests.json")]
    tls = ["--certificate", str(guests.certificate), "--key", str(guests.key)]
    process = warm.Popen[bytes](
        [sys.executable, "-m", "services.demo.mail_server", *arguments, *tls],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with process:
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        trusting = ssl.create_default_context(cafile=str(guests.ca_file))
        trusting.verify_flags |= ssl.VERIFY_X509_STRICT  # as Python does from 3.13 on
        with smtplib.SMTP_SSL("localhost", ports["smtps"], timeout=PATIENCE, context=trusting) as relay:
            relay.login(buyer, guests.passwords[buyer])
            relay.sendmail(buyer, [supplier], mail(1))
        with IMAPClient("localhost", ports["imaps"], ssl_context=trusting, timeout=PATIENCE) as client:
            client.login(supplier, guests.passwords[supplier])
            client.select_folder("INBOX")
            assert client.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == mail(1)
        with pytest.raises(ssl.SSLCertVerificationError):
            IMAPClient("localhost", ports["imaps"], timeout=PATIENCE)
        process.terminate()


def test_in_by_smtp_out_by_idle(start: Callable[[], Server]) -> None:
    """The 250 wakes the IDLE of the recipient, within 0.2 s as soon as the machine has time for both."""
    server = start()
    with server.imap() as client:
        client.select_folder("INBOX")
        numbers = count(1)

        def is_woken_at_once() -> bool:
            number = next(numbers)
            client.idle()
            server.send(mail(number))
            accepted = time.monotonic()
            assert (number, b"EXISTS") in client.idle_check(timeout=PATIENCE)
            delay = time.monotonic() - accepted
            client.idle_done()
            return delay < 0.2

        eventually(is_woken_at_once)
        assert client.fetch(client.search("ALL"), ["BODY.PEEK[]"])[1][b"BODY[]"] == mail(1)


def test_everybody_who_waits_is_woken(start: Callable[[], Server]) -> None:
    server = start()
    with server.imap() as one, server.imap() as other:
        for client in (one, other):
            client.select_folder("INBOX")
            client.idle()
        server.send(mail(1))
        for client in (one, other):
            assert (1, b"EXISTS") in client.idle_check(timeout=PATIENCE)
            client.idle_done()


def test_what_arrived_before_idle_is_told_at_once(start: Callable[[], Server]) -> None:
    """Even when another session has seen it first. A lost wake-up takes five seconds each time, all before it a moment
    as soon as the machine has time for it.

    Without IMAPClient, whose `idle_check` does not see what came in one piece with the answer to IDLE.
    """
    server = start()
    numbers = count(1)

    def is_told_at_once() -> bool:
        number = next(numbers)
        address = ("127.0.0.1", server.ports["imap"])
        with (
            server.imap() as other,
            socket.create_connection(address, timeout=PATIENCE) as one,
            one.makefile("rb") as heard,
        ):

            def hear(words: bytes) -> None:
                assert any(words in line for line in heard)

            password = PASSWORD.replace("\\", "\\\\")
            one.sendall(f'a LOGIN "{SUPPLIER}" "{password}"\r\n'.encode())
            hear(b"a OK")
            one.sendall(b"b SELECT INBOX\r\n")
            hear(b"b OK")
            server.send(mail(number))
            assert other.select_folder("INBOX")[b"EXISTS"] == number
            asked = time.monotonic()
            one.sendall(b"c IDLE\r\n")
            hear(b"* %d EXISTS" % number)
            told = time.monotonic()
            one.sendall(b"DONE\r\n")
            hear(b"c OK")
        return told - asked < 4.0

    eventually(is_told_at_once)


def test_fifty_mails_in_one_fetch(start: Callable[[], Server]) -> None:
    """Byte for byte, and the UIDs in the order of arrival."""
    server = start()
    mails = [mail(number, 20_000) for number in range(50)]
    server.send(*mails)
    with server.imap() as client:
        client.select_folder("INBOX")
        fetched = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "RFC822.SIZE"])
        assert [fetched[uid][b"BODY[]"] for uid in sorted(fetched)] == mails
        assert [fetched[uid][b"RFC822.SIZE"] for uid in sorted(fetched)] == [len(raw) for raw in mails]


def test_what_was_accepted_survives_a_kill(start: Callable[[], Server]) -> None:
    server = start()
    server.send(mail(1))
    assert [file.read_bytes() for file in server.new.iterdir()] == [mail(1)]
    with server.imap() as client:
        before = client.select_folder("INBOX")[b"UIDVALIDITY"]
    (server.new.parent / "dovecot-uidlist.lock").touch()  # as a kill in the wrong moment leaves it
    server.end(signal.SIGKILL)
    again = start()
    again.send(mail(2))
    with again.imap() as client:
        assert client.select_folder("INBOX")[b"UIDVALIDITY"] == before
        fetched = client.fetch(client.search("ALL"), ["BODY.PEEK[]"])
        assert {uid: fetched[uid][b"BODY[]"] for uid in fetched} == {1: mail(1), 2: mail(2)}


def test_deleting(start: Callable[[], Server]) -> None:
    server = start()
    server.send(mail(1), mail(2))
    with server.imap() as client, server.imap() as other:
        client.select_folder("INBOX")
        client.delete_messages([1])
        client.expunge([1])
        assert client.search("ALL") == [2]
        assert other.select_folder("INBOX")[b"EXISTS"] == 1


def test_what_is_for_another_domain_comes_back(start: Callable[[], Server]) -> None:
    """Taken as a relay takes it; the sender gets a report (RFC 3464) with the mail's own header block."""
    server = start()
    with server.smtp() as relay:
        relay.login(SUPPLIER, PASSWORD)
        relay.sendmail(SUPPLIER, [SUPPLIER, "nobody@gamma.test"], b"Subject: x\r\nX-Mark: 7\r\n\r\nText.\r\n")
    mails = sorted((file.read_bytes() for file in server.new.iterdir()), key=len)
    assert len(mails) == 2, "the other recipient has the mail"
    report = read_report(mails[1])
    assert report is not None
    (fate,) = report.fates
    assert (fate.action, fate.status, fate.recipient) == ("failed", "5.1.2", "nobody@gamma.test")
    assert b"X-Mark: 7" in mails[1]
    assert b"Text." not in mails[1]


def test_refusals(start: Callable[[], Server]) -> None:
    server = start()
    with server.smtp() as relay:
        relay.ehlo()
        assert relay.mail(BUYER)[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError) as wrong:
            relay.login(BUYER, "wrong")
        assert wrong.value.smtp_code == 535
        with pytest.raises(smtplib.SMTPAuthenticationError):
            relay.login("nobody@alpha.test", PASSWORD)
        relay.login(BUYER.upper(), PASSWORD)
        assert relay.mail(BUYER)[0] == 250
        assert relay.rcpt("nobody@alpha.test")[0] == 550
        assert relay.rcpt(SUPPLIER.upper())[0] == 250
    assert list(server.new.iterdir()) == []
    for login, password in ((SUPPLIER, "wrong"), ("nobody@alpha.test", PASSWORD)):
        client = IMAPClient("127.0.0.1", server.ports["imap"], ssl=False, timeout=PATIENCE)
        with pytest.raises(LoginError):
            client.login(login, password)
        client.shutdown()


def test_stops_cleanly_and_without_a_word(start: Callable[[], Server]) -> None:
    server = start()
    server.send(mail(1))
    with server.imap() as client:
        client.select_folder("INBOX")
        client.idle()
        assert server.end(signal.SIGTERM) == (0, b"")  # while somebody still waits for mails
        client.shutdown()


def test_ends_when_stdin_closes(start: Callable[[], Server]) -> None:
    server = start()
    assert server.process.stdin is not None
    server.process.stdin.close()
    assert server.process.wait(PATIENCE) == 0


def test_ends_with_its_parent(tmp_path: Path) -> None:
    """Also when the parent is killed and stdin is not its pipe."""
    script = (
        "import subprocess, sys, time;"
        "server = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE);"
        "server.stdout.readline();"
        "print(server.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script, *command(tmp_path)], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    server = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    eventually(lambda: not is_running(server))


def is_running(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


@pytest.mark.parametrize("arguments", [[], ["--dir", os.curdir], ["--help"]])
def test_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == (0 if "--help" in arguments else 2)
    shown: Any = capsys.readouterr()
    assert "--accounts" in shown.out + shown.err
