"""`doctor` finds what is wrong on real servers, and says the cure."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from intergestan_db.database import Database
from intergestan_db.tables import AccountingFolder, Entry, EntryLine, Notice
from intergestan_msg.seal import SigningKey
from tests.servers import Certificates, Dovecot, MailUser, RedisServer, SmtpServer
from tests.services.cli.conftest import Run, services_alive


@pytest.fixture
def bell(make_redis: Callable[..., RedisServer]) -> RedisServer:
    """A Redis that takes commands from its user only."""
    server = make_redis(unix_socket=True)
    Path(server.url.removeprefix("unix://")).chmod(0o700)
    return server


@pytest.fixture
def served(
    shop: Path,
    run: Run,
    dovecot: Dovecot,
    mail_user: MailUser,
    smtp_server: SmtpServer,
    certificates: Certificates,
    bell: RedisServer,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """A site with all its servers."""
    monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", bell.url)
    account = ("--login", mail_user.address, "--password-stdin", "--ca-file", str(certificates.ca_file))
    relay = ("--host", smtp_server.host, "--port", str(smtp_server.tls_port))
    mailbox = ("--host", dovecot.host, "--port", str(dovecot.imaps))
    for command in (("relay", "set", *relay), ("mailbox", "add", "appros", *mailbox)):
        assert run(*command, *account, cwd=shop, stdin=mail_user.password).code == 0
    return shop


@pytest.fixture
def healthy(served: Path) -> Iterator[Path]:
    """The same, with all its services."""
    with services_alive(served):
        yield served


def findings(run: Run, folder: Path) -> dict[str, Any]:
    ran = run("doctor", "--json", cwd=folder)
    found = {finding["subject"]: finding for finding in ran.json}
    assert ran.code == (0 if all(finding["ok"] for finding in ran.json) else 1)
    assert all(finding["ok"] or finding["cure"] for finding in ran.json)
    return found


def failed(run: Run, folder: Path) -> list[str]:
    return [subject for subject, finding in findings(run, folder).items() if not finding["ok"]]


def test_all_is_well(healthy: Path, run: Run, smtp_server: SmtpServer) -> None:
    found = findings(run, healthy)
    assert [finding for finding in found.values() if not finding["ok"]] == []
    assert found.keys() > {"Base", "Redis", "Relay", "Mailbox appros", "Archive"}
    assert smtp_server.mails == [], "no mail was sent"


def test_plain_lines(healthy: Path, run: Run) -> None:
    (healthy / "site.key").chmod(0o640)
    ran = run("doctor", cwd=healthy)
    assert ran.code == 1
    assert "!!  Key of the site" in ran.out
    assert "chmod 600" in ran.out
    assert "OK  Base" in ran.out


def test_a_wrong_password(healthy: Path, run: Run, certificates: Certificates, smtp_server: SmtpServer) -> None:
    done = run(
        *(
            "relay",
            "set",
            "--host",
            smtp_server.host,
            "--port",
            smtp_server.tls_port,
            "--login",
            "nobody@site.test",
            "--untested",
        ),
        *("--password-stdin", "--ca-file", certificates.ca_file),
        cwd=healthy,
        stdin="wrong",
    )
    assert done.code == 0
    relay = findings(run, healthy)["Relay"]
    assert not relay["ok"]
    assert "nobody@site.test" in relay["text"]


def test_a_wrong_password_of_a_mailbox(healthy: Path, run: Run, certificates: Certificates, dovecot: Dovecot) -> None:
    for protocol, port in (("imap", dovecot.imaps), ("pop3", dovecot.pop3s)):
        done = run(
            *(
                "mailbox",
                "add",
                protocol,
                "--host",
                dovecot.host,
                "--port",
                port,
                "--login",
                "nobody@site.test",
                "--untested",
            ),
            *("--password-stdin", "--ca-file", certificates.ca_file, "--protocol", protocol),
            cwd=healthy,
            stdin="wrong",
        )
        assert done.code == 0
    found = findings(run, healthy)
    for protocol in ("imap", "pop3"):
        assert "refuses the login" in found[f"Mailbox {protocol}"]["text"]


def test_an_unknown_authority(healthy: Path, run: Run, smtp_server: SmtpServer) -> None:
    port = smtp_server.tls_port
    run("relay", "set", "--host", smtp_server.host, "--port", port, "--untested", cwd=healthy)
    relay = findings(run, healthy)["Relay"]
    assert "certificate" in relay["text"]
    assert "--ca-file" in relay["cure"]


def test_an_expired_certificate(healthy: Path, run: Run, make_smtp: Any, certificates: Certificates) -> None:
    server = make_smtp(certificate=certificates.expired)
    ca = certificates.ca_file
    run("relay", "set", "--host", server.host, "--port", server.tls_port, "--ca-file", ca, "--untested", cwd=healthy)
    relay = findings(run, healthy)["Relay"]
    assert not relay["ok"]
    assert "expired" in relay["text"]


def test_servers_that_are_not_there(healthy: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", "redis://127.0.0.1:1/0")
    run("relay", "set", "--host", "127.0.0.1", "--port", "1", "--security", "none", "--untested", cwd=healthy)
    assert {"Redis", "Relay"} <= set(failed(run, healthy))


def test_redis_that_throws_bells_away(healthy: Path, run: Run, bell: RedisServer) -> None:
    with bell.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        try:
            assert "noeviction" in findings(run, healthy)["Redis"]["cure"]
        finally:
            client.config_set("maxmemory-policy", "noeviction")


def test_nothing_set_up_yet(shop: Path, run: Run) -> None:
    found = findings(run, shop)
    assert "relay set" in found["Relay"]["cure"]
    assert "mailbox add" in found["Mailboxes"]["cure"]
    assert "intergestan up" in found["Redis"]["cure"]


def test_another_key(healthy: Path, run: Run) -> None:
    (healthy / "site.key").write_bytes(SigningKey.generate().to_pem())
    (healthy / "base.key").unlink()
    assert {"Key of the site", "Key of the passwords"} <= set(failed(run, healthy))


def test_a_base_that_is_none(shop: Path, run: Run) -> None:
    (shop / "site.db").write_bytes(b"no base at all" * 100)
    assert "whether the disk is full" in findings(run, shop)["Base"]["cure"]


def test_a_base_of_a_later_release(shop: Path, run: Run) -> None:
    with Database(f"sqlite:///{shop}/site.db").transaction() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert findings(run, shop)["Base"]["cure"] == "Install that release here too."


def test_an_archive_that_cannot_be_written(healthy: Path, run: Run) -> None:
    (healthy / "archive").write_text("a file is in the way")
    assert "Archive" in failed(run, healthy)


def test_no_base(run: Run, tmp_path: Path) -> None:
    found = findings(run, tmp_path)
    assert list(found) == ["Configuration", "Base"]
    assert "intergestan init" in found["Base"]["cure"]


def test_a_wrong_configuration(shop: Path, run: Run) -> None:
    file = shop / "intergestan.toml"
    file.write_text(file.read_text() + '[log]\nlevl = "INFO"\n')
    found = findings(run, shop)
    assert list(found) == ["Configuration"]
    assert "levl" in found["Configuration"]["text"]


def test_who_is_told_of_holds(healthy: Path, run: Run, monkeypatch: pytest.MonkeyPatch, mail_user: MailUser) -> None:
    """A notice to a mailbox of ours would be read by a program only."""
    assert "off" in findings(run, healthy)["Notices"]["text"]
    monkeypatch.setenv("INTERGESTAN_NOTICES__TO", mail_user.address)
    assert not findings(run, healthy)["Notices"]["ok"]
    monkeypatch.setenv("INTERGESTAN_NOTICES__TO", "anne@arts.test")
    assert "anne@arts.test" in findings(run, healthy)["Notices"]["text"]
    database = Database(f"sqlite:///{healthy / 'site.db'}")
    row = {"about": "holds", "mime": b"x", "error": "550 nobody", "created_at": database.now()}
    with database.transaction() as connection:
        connection.execute(insert(Notice).values(row))
    database.dispose()
    assert "550 nobody" in findings(run, healthy)["Notices"]["text"]


def told(*words: str | int) -> Callable[[RedisServer], None]:
    def tell(server: RedisServer) -> None:
        with server.client() as client:
            client.execute_command(*words)

    return tell


@pytest.mark.parametrize(
    ("spoil", "words", "cure"),
    [
        (told("REPLICAOF", "127.0.0.1", 1), "read only", "the master"),
        (told("CONFIG", "SET", "maxmemory", 1), "maxmemory", "maxmemory"),
        (told("CONFIG", "SET", "min-replicas-to-write", 1), "NOREPLICAS", "replicas back"),
        (RedisServer.refuse_saving, "MISCONF", "room on its disk"),
        (RedisServer.load_slowly, "loading", "goes on by itself"),
    ],
)
def test_a_redis_that_takes_no_writes(
    healthy: Path,
    run: Run,
    monkeypatch: pytest.MonkeyPatch,
    spoil: Callable[[RedisServer], None],
    words: str,
    cure: str,
) -> None:
    """It answers, its clock agrees, and every bell is lost; `doctor` says what helps, `watch` what it is."""
    with RedisServer() as server:
        monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", server.url)
        assert findings(run, healthy)["Redis"]["ok"]
        spoil(server)
        found = findings(run, healthy)["Redis"]
        watched = {each["name"]: each["what"] for each in run("watch", "--once", "--json", cwd=healthy).json}
    assert (found["ok"], words in found["text"], cure in found["cure"]) == (False, True, True), found
    assert words in watched["RedisRefuses"]


def test_a_redis_that_is_away(healthy: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Issue 13: `status` and `watch` say it, each in its words."""
    with RedisServer() as server:
        monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", server.url)
        assert run("status", "--json", cwd=healthy).json["redis"] is None
        assert "Redis" not in run("status", cwd=healthy).out
    assert "refused" in run("status", "--json", cwd=healthy).json["redis"]
    assert "Redis does not answer, so no service begins anything new" in run("status", cwd=healthy).out
    assert "Redis ne répond pas" in run("--lang", "fr", "status", cwd=healthy).out
    watched = {each["name"]: each for each in run("watch", "--once", "--json", cwd=healthy).json}
    assert watched["RedisAway"]["severity"] == "critical"
    assert "refused" in watched["RedisAway"]["what"]
    assert "RedisRefuses" not in watched


PASSWORDLESS = {
    "en": ("Password of Redis", "it has none: whoever reaches it", "Set requirepass in its configuration"),
    "fr": ("Mot de passe de Redis", "il n'y en a pas", "Définissez requirepass dans sa configuration"),
}


@pytest.mark.parametrize("language", PASSWORDLESS)
def test_a_redis_without_a_password(
    healthy: Path, run: Run, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    """Loopback or not: other accounts of the machine reach it. With a password all is well."""
    subject, text, cure = PASSWORDLESS[language]
    monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", redis_server.url)
    found = {each["subject"]: each for each in run("--lang", language, "doctor", "--json", cwd=healthy).json}
    assert (found[subject]["ok"], text in found[subject]["text"], cure in found[subject]["cure"]) == (False, True, True)
    assert found["Redis"]["ok"]
    (healthy / "secrets").mkdir(mode=0o700, exist_ok=True)
    (healthy / "secrets" / "redis").touch(mode=0o600)
    (healthy / "secrets" / "redis").write_text("s3cret")
    monkeypatch.setenv("INTERGESTAN_SITE__REDIS_PASSWORD", "redis")
    with redis_server.client() as client:
        client.config_set("requirepass", "s3cret")
        try:
            told = run("--lang", language, "doctor", "--json", cwd=healthy)
            found = {each["subject"]: each for each in told.json}
            assert found[subject]["ok"], found[subject]
            assert found["Redis"]["ok"], found["Redis"]
            assert "s3cret" not in told.out
        finally:
            client.config_set("requirepass", "")


@pytest.mark.parametrize("command", ["doctor", "status", "watch --once", "poll", "orders list"])
def test_no_password_is_told_where_servers_are_away(
    served: Path, run: Run, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """Drivers put into an error what they were given; passwords are in none that we show."""
    for name in ("database", "redis"):
        (served / "secrets").mkdir(mode=0o700, exist_ok=True)
        (served / "secrets" / name).touch(mode=0o600)
        (served / "secrets" / name).write_text(f"c4nary-of-{name}")
        monkeypatch.setenv(f"INTERGESTAN_SITE__{name.upper()}_PASSWORD", name)
    monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", "redis://127.0.0.1:1/0")
    for away in (False, True):
        if away:
            monkeypatch.setenv("INTERGESTAN_SITE__DATABASE_URL", "postgresql+psycopg://me@127.0.0.1:1/base")
        else:
            monkeypatch.delenv("INTERGESTAN_SITE__DATABASE_PASSWORD")
        ran = run(*command.split(), cwd=served)
        monkeypatch.setenv("INTERGESTAN_SITE__DATABASE_PASSWORD", "database")
        assert "c4nary" not in ran.out + ran.err
        assert (ran.code != 0) >= away


def test_files_that_others_may_read(healthy: Path, run: Run) -> None:
    """`doctor` changes nothing: it says what is open; opening the database closes that."""
    assert findings(run, healthy)["Private files"]["ok"]
    healthy.chmod(0o755)
    (healthy / "archive").mkdir(mode=0o755, exist_ok=True)
    (healthy / "archive").chmod(0o755)
    ran = run("doctor", cwd=healthy)
    assert ran.code == 1
    for path in (healthy, healthy / "archive"):
        assert f"!!  Private files: Other accounts of this machine may read or change {path}," in ran.out
        assert f"chmod go-rwx {path}" in ran.out


def test_books_that_are_not_in_order(healthy: Path, run: Run) -> None:
    """D61: as `books check` looks at them, whichever company's they are."""
    database = Database(f"sqlite:///{healthy / 'site.db'}")
    with database.transaction() as connection:
        folder = connection.execute(select(AccountingFolder.id)).scalar_one()
        for number in (1, 3):
            days = {"day": date(2026, 1, 1), "piece_day": date(2026, 1, 1), "validated_on": date(2026, 1, 1)}
            told = {"piece": "P", "label": "L", "source": f"typed:{number}", "journal_code": "OD"}
            made = insert(Entry).values(folder_id=folder, number=number, **days, **told).returning(Entry.id)
            entry = connection.execute(made).scalar_one()
            for position, (debit, credit) in enumerate(((1, 0), (0, 1)), start=1):
                line = {"account": "471000", "title": "T", "debit": Decimal(debit), "credit": Decimal(credit)}
                connection.execute(insert(EntryLine).values(entry_id=entry, position=position, **line))
    database.dispose()
    found = findings(run, healthy)["Books"]
    assert (found["ok"], "OD3: a number before it is missing." in found["text"]) == (False, True)
    assert "books check" in found["cure"]
