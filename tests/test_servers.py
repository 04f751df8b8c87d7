"""Each server of the tests starts, answers, misbehaves as told, stops, and leaves nothing."""

import contextlib
import imaplib
import os
import poplib
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
import sqlalchemy
from imapclient import IMAPClient
from redis.backoff import NoBackoff
from redis.retry import Retry

from tests import without_root
from tests.patience import PATIENCE, eventually
from tests.servers import (
    Certificate,
    Certificates,
    Dovecot,
    EmbeddedRedis,
    Fault,
    FaultProxy,
    MailUser,
    Postfix,
    PostgresServer,
    RedisServer,
    ScriptedImap,
    ServerError,
    SmtpServer,
    imap_faults,
)
from tests.servers.process import ServerProcess, Unavailable, find_program

RAW = b"From: a@elsewhere.test\r\nTo: b@site.test\r\nSubject: hello\r\n\r\nline\r\n.dot\r\n"
ONCE = Retry(NoBackoff(), 0)  # redis-py tries again by itself
Make = Callable[..., RedisServer]


@contextlib.contextmanager
def inbox(server: Dovecot, user: MailUser) -> Iterator[IMAPClient]:
    with IMAPClient(server.host, port=server.imap, ssl=False, timeout=PATIENCE) as connection:
        connection.login(user.address, user.password)
        connection.select_folder("INBOX", readonly=True)
        yield connection


def bodies(server: Dovecot, user: MailUser) -> list[bytes]:
    with inbox(server, user) as connection:
        fetched = connection.fetch(connection.search(), ["BODY.PEEK[TEXT]"])
        return [mail[b"BODY[TEXT]"] for mail in fetched.values()]


# Life and death


@pytest.mark.parametrize("kind", [RedisServer, EmbeddedRedis, PostgresServer])
def test_a_stopped_server_leaves_nothing(kind: type[ServerProcess]) -> None:
    server = kind().start()
    directory, process = server.directory, psutil.Process(server.pid)
    family = [process, *process.children(recursive=True)]
    server.stop()
    server.stop()
    assert not directory.exists()
    eventually(lambda: not any(member.is_running() for member in family))


def test_stopped_mail_servers_leave_nothing(certificates: Certificates) -> None:
    with Dovecot(certificates) as dovecot, Postfix(dovecot) as postfix:
        servers = [psutil.Process(server.pid) for server in (dovecot, postfix)]
        family = [process for server in servers for process in (server, *server.children(recursive=True))]
        assert len(family) > 6
        directories = [dovecot.directory, postfix.directory]
    assert not any(directory.exists() for directory in directories)
    eventually(lambda: not any(member.is_running() for member in family))


_SESSION = """
import os, sys, time
from pathlib import Path
from tests.servers import *
servers = [Dovecot(Certificates(Path(sys.argv[1]))), RedisServer(), EmbeddedRedis(), PostgresServer()]
if os.getuid() == 0:
    servers.append(Postfix(servers[0]))
for server in servers:
    server.start()
print(*(server.pid for server in servers), flush=True)
time.sleep(60)
"""


def test_servers_die_with_the_tests(tmp_path: Path) -> None:
    # Not tmp_path: a socket's name, which its path is part of, has at most 108 bytes.
    with tempfile.TemporaryDirectory(prefix="orphans-") as folder:
        Path(folder).chmod(0o755)
        with subprocess.Popen(
            [sys.executable, "-c", _SESSION, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "TMPDIR": folder},
        ) as tests:
            assert tests.stdout is not None
            servers = [psutil.Process(int(pid)) for pid in tests.stdout.readline().split()]
            family = [process for server in servers for process in (server, *server.children(recursive=True))]
            assert len(family) > len(servers) > 3
            tests.kill()
        eventually(lambda: not any(member.is_running() for member in family))


def test_a_missing_server_is_an_error_with_its_cure() -> None:
    with pytest.raises(ServerError, match="apt-get install no-such-package"):
        find_program("no-such-program", "no-such-package")


def test_a_server_that_does_not_start_tells_why() -> None:
    with RedisServer() as first:
        second = RedisServer()
        second.port = first.port
        with pytest.raises(ServerError, match=r"(?s)does not start.*in use"):
            second.start()
    assert second.directory == Path()


# Redis


def test_redis_answers_and_comes_back(any_redis: RedisServer) -> None:
    with any_redis.client() as client:
        client.set("key", 1)
        assert client.get("key") == b"1"
    any_redis.kill()
    with any_redis.client() as client, pytest.raises(redis.ConnectionError):
        client.ping()
    any_redis.restart()
    with any_redis.client() as client:
        assert client.get("key") is None


@pytest.mark.parametrize("kind", [RedisServer, EmbeddedRedis])
@pytest.mark.parametrize("listens", [{"unix_socket": True}, {"unix_socket": False}])
def test_redis_with_aof_survives_a_kill(make_redis: Make, kind: type[RedisServer], listens: dict[str, bool]) -> None:
    server = make_redis(kind, persistence="aof", **listens)
    with server.client() as client:
        client.set("key", 1)
    server.kill()
    server.restart()
    with server.client() as client:
        assert client.get("key") == b"1"
    server.wipe()
    with server.client() as client:
        assert client.dbsize() == 0


def test_a_paused_redis_is_silent(redis_server: RedisServer) -> None:
    redis_server.pause()
    try:
        with (
            redis.Redis(
                host=redis_server.host,
                port=redis_server.port,
                socket_timeout=0.2,
                retry=ONCE,
            ) as client,
            pytest.raises(redis.TimeoutError),
        ):
            client.ping()
    finally:
        redis_server.resume()
    with redis_server.client() as client:
        assert client.ping()


# Databases


def test_a_database_url_is_an_empty_base(database_url: str) -> None:
    engine = sqlalchemy.create_engine(database_url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (x integer)"))
    assert sqlalchemy.inspect(engine).get_table_names() == ["t"]
    engine.dispose()


def test_postgres_copies_a_template_and_cuts_connections(postgres_server: PostgresServer) -> None:
    template = postgres_server.create_database()
    with psycopg.connect(template.replace("+psycopg", "")) as connection:
        connection.execute("CREATE TABLE t AS SELECT 1 AS x")
    url = postgres_server.create_database(template=template.rpartition("/")[2])
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        assert connection.execute("SELECT x FROM t").fetchone() == (1,)
        assert postgres_server.terminate_backends(url) == 1
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    postgres_server.drop_database(url)
    postgres_server.drop_database(template)


@pytest.mark.parametrize("torment", [ServerProcess.restart, ServerProcess.kill])
def test_postgres_comes_back_with_what_was_committed(torment: Callable[[ServerProcess], None]) -> None:
    with PostgresServer() as server:
        url = server.create_database().replace("+psycopg", "")
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE t (x integer)")
        torment(server)
        server.bring_back()
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


# Dovecot


def test_dovecot_has_a_fresh_mailbox(dovecot: Dovecot, mail_user: MailUser) -> None:
    assert bodies(dovecot, mail_user) == []
    dovecot.deliver(mail_user.address, RAW)
    assert bodies(dovecot, mail_user) == [b"line\r\n.dot\r\n"]
    assert dovecot.accepts(mail_user.address, mail_user.password)
    with pytest.raises(smtplib.SMTPRecipientsRefused):
        dovecot.deliver("nobody-here@site.test", RAW)


def test_dovecot_speaks_tls_with_a_certificate_of_our_ca(
    dovecot: Dovecot, mail_user: MailUser, certificates: Certificates
) -> None:
    context = ssl.create_default_context(cafile=str(dovecot.ca_file))
    with IMAPClient(dovecot.host, port=dovecot.imaps, ssl_context=context, timeout=PATIENCE) as imap:
        imap.login(mail_user.address, mail_user.password)
    with IMAPClient("localhost", port=dovecot.imap, ssl=False, timeout=PATIENCE) as imap:
        imap.starttls(certificates.client_context())
        imap.oauth2_login(mail_user.address, dovecot.token(mail_user.address))
    pop = poplib.POP3_SSL(dovecot.host, dovecot.pop3s, context=context, timeout=PATIENCE)
    pop.user(mail_user.address)
    pop.pass_(mail_user.password)
    assert pop.stat() == (0, 0)
    pop.quit()


def test_dovecot_refuses_a_wrong_password_and_an_expired_token_at_once(dovecot: Dovecot, mail_user: MailUser) -> None:
    expired = dovecot.token(mail_user.address, lifetime=-60)
    with IMAPClient(dovecot.host, port=dovecot.imap, ssl=False, timeout=PATIENCE) as imap:
        for login in (
            partial(imap.login, mail_user.address, "wrong"),
            partial(imap.oauth2_login, mail_user.address, expired),
        ):
            eventually(partial(_is_refused_at_once, login), what="its own two seconds for a refusal are off")


def _is_refused_at_once(login: Callable[[], object]) -> bool:
    started = time.monotonic()
    with pytest.raises(imaplib.IMAP4.error):
        login()
    return time.monotonic() < started + 2


@pytest.mark.parametrize("folder", ["new", "cur"])
def test_dropped_mails_have_uids_in_order(dovecot: Dovecot, mail_user: MailUser, folder: str) -> None:
    dovecot.drop(mail_user.address, (b"Subject: %d\r\n\r\n%d" % (n, n) for n in range(1, 2001)), folder)  # type: ignore[arg-type]
    with inbox(dovecot, mail_user) as connection:
        assert connection.search() == list(range(1, 2001))
        fetched = connection.fetch([1, 1000, 2000], ["BODY.PEEK[TEXT]"])
        assert [fetched[uid][b"BODY[TEXT]"] for uid in (1, 1000, 2000)] == [b"1", b"1000", b"2000"]
    dovecot.drop(mail_user.address, [RAW])
    with inbox(dovecot, mail_user) as connection:
        assert connection.search("UID 2001:*") == [2001]


def test_dovecot_renumbers_and_expunges(dovecot: Dovecot, mail_user: MailUser) -> None:
    dovecot.drop(mail_user.address, [RAW, RAW, RAW])
    with inbox(dovecot, mail_user) as connection:
        before = connection.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"]
    dovecot.expunge(mail_user.address, 2)
    with inbox(dovecot, mail_user) as connection:
        assert connection.search() == [1, 3]
    after = dovecot.bump_uidvalidity(mail_user.address)
    with inbox(dovecot, mail_user) as connection:
        assert connection.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"] == after != before
        assert connection.search() == [1, 2]
    assert dovecot.bump_uidvalidity(mail_user.address) > after


# SMTP


def submit(server: SmtpServer | Postfix, port: int, user: MailUser, context: ssl.SSLContext | None = None) -> None:
    with smtplib.SMTP(server.host, port, local_hostname="localhost", timeout=PATIENCE) as smtp:
        if context is not None:
            smtp.starttls(context=context)
        smtp.login(user.address, user.password)
        smtp.sendmail(user.address, [user.address], RAW)


def test_postfix_delivers_to_dovecot(
    postfix: Postfix, dovecot: Dovecot, mail_user: MailUser, certificates: Certificates
) -> None:
    submit(postfix, postfix.smtp, mail_user, certificates.client_context())
    eventually(lambda: bodies(dovecot, mail_user) == [b"line\r\n.dot\r\n"])


def test_postfix_bounces_to_the_sender(postfix: Postfix, dovecot: Dovecot, mail_user: MailUser) -> None:
    with smtplib.SMTP(postfix.host, postfix.smtp, local_hostname="localhost", timeout=PATIENCE) as smtp:
        smtp.sendmail(mail_user.address, ["nobody-here@site.test"], RAW)
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.sendmail(mail_user.address, ["a@not-here.example"], RAW)
    eventually(lambda: any(b"User doesn't exist" in body for body in bodies(dovecot, mail_user)))


def test_smtp_server_delivers_to_dovecot(
    smtp_server: SmtpServer, dovecot: Dovecot, mail_user: MailUser, certificates: Certificates
) -> None:
    submit(smtp_server, smtp_server.port, mail_user)
    submit(smtp_server, smtp_server.port, mail_user, certificates.client_context())
    with smtplib.SMTP_SSL(
        smtp_server.host, smtp_server.tls_port, "localhost", context=certificates.client_context(), timeout=PATIENCE
    ) as smtp:
        smtp.login(mail_user.address, mail_user.password)
        smtp.sendmail(mail_user.address, [mail_user.address], RAW)
    assert bodies(dovecot, mail_user) == [b"line\r\n.dot\r\n"] * 3
    assert [mail.raw for mail in smtp_server.mails] == [RAW] * 3
    assert smtp_server.connections == 3


def test_smtp_server_wants_the_right_password(smtp_server: SmtpServer, mail_user: MailUser) -> None:
    with smtplib.SMTP(smtp_server.host, smtp_server.port, "localhost", timeout=PATIENCE) as smtp:
        smtp.ehlo()
        assert smtp.mail("a@site.test")[0] == 530
        with pytest.raises(smtplib.SMTPAuthenticationError):
            smtp.login(mail_user.address, "wrong")


def connected(server: SmtpServer) -> smtplib.SMTP:
    return smtplib.SMTP(server.host, server.port, "localhost", timeout=PATIENCE)


@pytest.mark.parametrize("at", ["MAIL", "RCPT", "DATA", "DOT"])
@pytest.mark.parametrize("reply", ["451 4.3.0 later", "554 5.7.1 never"])
def test_a_fault_answers_any_verb(make_smtp: Callable[..., SmtpServer], at: str, reply: str) -> None:
    delivered: list[bytes] = []
    server = make_smtp(deliver_to=lambda _to, raw: delivered.append(raw))
    server.inject(Fault(at=at, reply=reply))  # type: ignore[arg-type]
    with connected(server) as smtp:
        with pytest.raises(smtplib.SMTPException):
            smtp.sendmail("a@site.test", ["b@site.test"], RAW)
        smtp.rset()
        assert delivered == []
        smtp.sendmail("a@site.test", ["b@site.test"], RAW)
    assert delivered == [RAW]


@pytest.mark.parametrize(
    ("fault", "times"),
    [
        (Fault(at="CONNECT", drop=True), 0),
        (Fault(at="EHLO", drop=True), 0),
        (Fault(at="DATA", drop=True), 0),
        (Fault(at="BODY", body_bytes=30), 0),
        (Fault(at="DOT", drop=True), 1),
        (Fault(at="DOT", drop=True, copies=0), 0),
    ],
)
def test_a_fault_drops_the_connection(make_smtp: Callable[..., SmtpServer], fault: Fault, times: int) -> None:
    delivered: list[bytes] = []
    server = make_smtp(deliver_to=lambda _to, raw: delivered.append(raw))
    server.inject(fault)
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionResetError)), connected(server) as smtp:
        smtp.sendmail("a@site.test", ["b@site.test"], RAW)
    assert delivered == [RAW] * times


def test_other_faults(make_smtp: Callable[..., SmtpServer]) -> None:
    delivered: list[str] = []
    server = make_smtp(deliver_to=lambda to, _raw: delivered.append(to), size_limit=1000)
    server.inject(
        Fault(at="CONNECT", reply="220 hello"),
        Fault(at="DOT", copies=2, seconds=0.2),
        Fault(at="QUIT", reply="500 no", times=2),
        Fault(at="RCPT", recipient="c@site.test", reply="450 later"),
    )
    started = time.monotonic()
    for _ in range(2):
        with connected(server) as smtp:
            smtp.ehlo()
            assert smtp.esmtp_features["size"] == "1000"
            smtp.sendmail("a@site.test", ["b@site.test", "c@site.test"], RAW)
            assert smtp.quit()[0] == 500
    assert time.monotonic() - started > 0.2
    assert delivered == ["b@site.test"] * 2 + ["b@site.test", "c@site.test"]
    assert server.faults == []
    assert "STARTTLS" not in server.commands


def test_text_before_tls_can_be_injected(make_smtp: Callable[..., SmtpServer], certificates: Certificates) -> None:
    server = make_smtp(certificate=certificates.good)
    server.inject(Fault(at="STARTTLS", reply="220 go\r\n250 injected"))
    with socket.create_connection((server.host, server.port), PATIENCE) as connection:
        connection.recv(1000)
        connection.sendall(b"STARTTLS\r\n")
        assert connection.recv(1000) == b"220 go\r\n250 injected\r\n"


@pytest.mark.parametrize("name", ["expired", "wrong_host", "self_signed"])
def test_bad_certificates_are_refused_by_a_careful_client(
    make_smtp: Callable[..., SmtpServer], certificates: Certificates, name: str
) -> None:
    bad: Certificate = getattr(certificates, name)
    server = make_smtp(certificate=bad)
    context = certificates.client_context()
    with pytest.raises(ssl.SSLCertVerificationError):
        smtplib.SMTP_SSL(server.host, server.tls_port, "localhost", context=context, timeout=PATIENCE)
    with connected(server) as smtp:
        with pytest.raises(ssl.SSLCertVerificationError):
            smtp.starttls(context=context)
        smtp.close()
    assert server.mails == []


# The fault proxy


@pytest.fixture
def proxy(redis_server: RedisServer, make_proxy: Callable[..., FaultProxy]) -> FaultProxy:
    return make_proxy(redis_server.host, redis_server.port, seed=1)


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[redis.Redis]:
    with redis.Redis(host=proxy.host, port=proxy.port, socket_timeout=PATIENCE, retry=ONCE) as client:
        client.set("key", 0)
        yield client


def wait_no_longer_than(seconds: float, client: redis.Redis) -> None:
    """For an answer; its connection stays."""
    for connection in client.connection_pool._available_connections:
        connection.socket_timeout = seconds
        if connection._sock is not None:
            connection._sock.settimeout(seconds)


def test_a_proxy_relays_delays_and_drips(proxy: FaultProxy, client: redis.Redis) -> None:
    started = time.monotonic()
    proxy.delay(0.05, jitter=0.01)
    assert client.get("key") == b"0"
    assert time.monotonic() - started > 0.08
    proxy.resume()
    proxy.drip(100)
    assert client.get("key") == b"0"
    proxy.drip(2)
    wait_no_longer_than(0.3, client)
    with pytest.raises(redis.TimeoutError):
        client.get("key")


def test_a_proxy_loses_replies_or_everything(proxy: FaultProxy, client: redis.Redis, redis_server: RedisServer) -> None:
    proxy.drop_replies()
    wait_no_longer_than(0.3, client)
    with pytest.raises(redis.TimeoutError):
        client.incr("key")
    with redis_server.client() as direct:
        eventually(lambda: direct.get("key") == b"1")
        proxy.black_hole()
        with pytest.raises(redis.TimeoutError):
            client.incr("key")
        proxy.resume()
        assert direct.get("key") == b"1"
    wait_no_longer_than(PATIENCE, client)
    assert client.get("key") == b"1"


def test_a_proxy_stands_still_and_loses_nothing(proxy: FaultProxy, client: redis.Redis) -> None:
    proxy.stand_still()
    sent = threading.Thread(target=client.incr, args=("key",))
    sent.start()
    sent.join(0.3)
    assert sent.is_alive()
    proxy.resume()
    sent.join(PATIENCE)
    assert client.get("key") == b"1"


def test_a_proxy_cuts_before_or_after_a_request(proxy: FaultProxy, client: redis.Redis) -> None:
    proxy.cut_before(b"INCR")
    with pytest.raises(redis.ConnectionError):
        client.incr("key")
    assert client.get("key") == b"0"
    proxy.cut_after(b"INCR")
    with pytest.raises(redis.ConnectionError):
        client.incr("key")
    assert client.get("key") == b"1"
    assert client.incr("key") == 2


def test_a_proxy_cuts_at_a_byte_and_refuses(proxy: FaultProxy, client: redis.Redis) -> None:
    client.set("long", "x" * 100_000)
    proxy.cut_after_bytes(70_000)
    with pytest.raises(redis.ConnectionError):
        client.get("long")
    assert client.get("long") == b"x" * 100_000
    with socket.create_connection((proxy.host, proxy.port), PATIENCE) as connection:
        connection.sendall(b"PING\r\n")
        assert connection.recv(100) == b"+PONG\r\n"
        proxy.cut()
        with pytest.raises(ConnectionResetError):
            connection.recv(100)
    proxy.refuse()
    with pytest.raises(redis.ConnectionError):
        client.get("key")
    proxy.resume()
    assert client.get("key") == b"0"


def test_a_proxy_hides_the_end_of_a_commit(
    postgres_server: PostgresServer, postgres_url: str, make_proxy: Callable[..., FaultProxy]
) -> None:
    proxy = make_proxy(postgres_server.host, postgres_server.port)
    direct = postgres_url.replace("+psycopg", "")
    with contextlib.closing(
        psycopg.connect(direct.replace(f":{postgres_server.port}", f":{proxy.port}"))
    ) as connection:
        connection.execute("CREATE TABLE t (x integer)")
        proxy.cut_after(b"COMMIT")
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
    with psycopg.connect(direct) as connection:
        assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


# The IMAP server that lies


@contextlib.contextmanager
def opened(server: ScriptedImap) -> Iterator[IMAPClient]:
    connection = IMAPClient(server.host, port=server.port, ssl=False, timeout=PATIENCE)
    try:
        connection.login("user@site.test", "pass word")
        yield connection
    finally:
        connection.shutdown()


MakeImap = Callable[..., ScriptedImap]


def test_scripted_imap_is_an_imap_server(make_imap: MakeImap) -> None:
    server = make_imap({1: RAW, 5: b"Subject: five\r\n\r\n5", 9: RAW})
    with opened(server) as imap:
        assert imap.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"] == 1
        assert imap.search() == [1, 5, 9]
        assert imap.search(["UID", "2:7"]) == [5]
        assert imap.search("UID 20:*") == [9]
        assert imap.fetch([1, 9, 11], ["RFC822.SIZE"])[9][b"RFC822.SIZE"] == len(RAW)
        assert imap.fetch([5], ["BODY.PEEK[]", "INTERNALDATE"])[5][b"BODY[]"] == server.mails[5]
        assert imap.fetch([5], ["BODY.PEEK[]<0.7>"])[5][b"BODY[]<0>"] == b"Subject"
        assert imap.fetch([5], ["BODY.PEEK[HEADER]"])[5][b"BODY[HEADER]"] == b"Subject: five\r\n\r\n"
        imap.idle()
        server.add(12, RAW)
        assert imap.idle_check(5) == [(4, b"EXISTS")]
        imap.idle_done()
        assert imap.search() == [1, 5, 9, 12]
        imap.noop()
    assert server.connections == 1


def test_scripted_imap_lies(make_imap: MakeImap) -> None:
    server = make_imap({1: RAW, 2: RAW, 3: RAW}, uidvalidity=0)
    server.late = {2: 1}
    server.vanished = {3}
    server.claimed_sizes = {1: 7}
    with opened(server) as imap:
        assert imap.select_folder("INBOX", readonly=True)[b"UIDVALIDITY"] == 0
        assert imap.search() == [1, 3]
        assert imap.search() == [1, 2, 3]
        server.chatter = [b"* 2 FETCH (UID 2 FLAGS (\\Seen))"]
        assert imap.noop() == (b"done", [(2, b"FETCH", (b"UID", 2, b"FLAGS", (b"\\Seen",)))])
        fetched = imap.fetch([1, 3], ["RFC822.SIZE"])
        assert fetched[1][b"RFC822.SIZE"] == 7
        assert 3 not in fetched
        server.message_limit = 2
        assert imap.search() == [2, 3]


@pytest.mark.parametrize("text", ["NO [INUSE] later", "NO [LIMIT] later", "NO [MESSAGELIMIT 1000] fewer"])
def test_scripted_imap_refuses(make_imap: MakeImap, text: str) -> None:
    server = make_imap({1: RAW})
    server.misbehave("SELECT", imap_faults.reply(text), after=1)
    with opened(server) as imap:
        imap.select_folder("INBOX", readonly=True)
        with pytest.raises(imaplib.IMAP4.error, match=r"\[[A-Z]+LIMIT|INUSE|LIMIT"):
            imap.select_folder("INBOX", readonly=True)
        imap.select_folder("INBOX", readonly=True)


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (imap_faults.bye_in_literal(1, RAW, 20), imaplib.IMAP4.abort),
        (imap_faults.say(b"* BYE\r\n"), imaplib.IMAP4.abort),
        (imap_faults.drop(), (imaplib.IMAP4.abort, OSError)),
        (imap_faults.silence(), TimeoutError),
        (imap_faults.drip(b"* BYE\r\n", 1000), imaplib.IMAP4.abort),
        (imap_faults.long_line(), imaplib.IMAP4.error),
    ],
)
def test_scripted_imap_breaks_down(
    make_imap: MakeImap, fault: imap_faults.ImapFault, expected: type[Exception]
) -> None:
    server = make_imap({1: RAW})
    server.misbehave("BODY", fault)
    with opened(server) as imap:
        imap.select_folder("INBOX", readonly=True)
        imap.fetch([1], ["RFC822.SIZE"])
        if expected is TimeoutError:
            imap.socket().settimeout(0.5)  # the server is silent for ever
        with pytest.raises(expected):
            imap.fetch([1], ["BODY.PEEK[]"])
    with opened(server) as imap:
        imap.select_folder("INBOX", readonly=True)
        assert imap.fetch([1], ["BODY.PEEK[]"])[1][b"BODY[]"] == RAW


@pytest.mark.parametrize("fault", [imap_faults.huge_literal(1), imap_faults.endless_untagged()])
def test_scripted_imap_never_ends(make_imap: MakeImap, fault: imap_faults.ImapFault) -> None:
    server = make_imap({1: RAW})
    server.misbehave("CONNECT", fault)
    with socket.create_connection((server.host, server.port), PATIENCE) as connection:
        received = sum(len(connection.recv(2**20)) for _ in range(1000))
    assert received > 1_000_000


def test_scripted_imap_goes_silent_in_idle(make_imap: MakeImap) -> None:
    server = make_imap({1: RAW})
    server.misbehave("IDLE", imap_faults.idle_silence())
    with opened(server) as imap:
        imap.select_folder("INBOX", readonly=True)
        imap.idle()
        server.add(2, RAW)
        assert imap.idle_check(0.2) == []
        imap.socket().settimeout(0.5)  # the server is silent for ever
        with pytest.raises(TimeoutError):
            imap.idle_done()


def test_scripted_imap_over_tls(make_imap: MakeImap, certificates: Certificates) -> None:
    server = make_imap(certificate=certificates.good, passwords={"user": "right"})
    with IMAPClient(server.host, port=server.port, ssl_context=certificates.client_context(), timeout=PATIENCE) as imap:
        with pytest.raises(imaplib.IMAP4.error):
            imap.login("user", "wrong")
        imap.login("user", "right")


def test_what_only_root_could_install_is_left_out_and_else_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 13: `make test` without root runs all that can run."""
    monkeypatch.setattr(without_root, "may_install", lambda: False)
    with pytest.raises(pytest.skip.Exception, match="apt-get install no-such-package"), without_root.left_out():
        find_program("no-such-program", "no-such-package")
    monkeypatch.setattr(without_root, "may_install", lambda: True)
    with pytest.raises(Unavailable, match="apt-get install no-such-package"), without_root.left_out():
        find_program("no-such-program", "no-such-package")
