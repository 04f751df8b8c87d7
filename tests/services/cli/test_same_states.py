"""`doctor`, `status` and `watch` say the same of a site: what one of them calls wrong is wrong for all three."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from intergestan_db import leases
from intergestan_db.enums import SERVICES
from intergestan_db.tables import InboundMail, Mailbox, OutboundMail, Partner, PurchaseOrder, Relay
from intergestan_exchange.health.clock import note_set_back
from tests.servers import Certificates, Dovecot, MailUser, RedisServer, SmtpServer
from tests.services.cli import exchange
from tests.services.cli.conftest import Run, data, services_alive


@dataclass(frozen=True)
class World:
    """A site that is well, and what a breakage may lay hands on."""

    folder: Path
    run: Run
    set_variable: Callable[[str, str], None]


@dataclass(frozen=True)
class Case:
    """A breakage, and what each of the three must say.

    :ivar doctor: the checks that fail; `status`: words of a line; `watch`: the alarms.
    :ivar alive: the services that live.
    """

    breakage: Callable[[World], object]
    doctor: set[str]
    status: str
    watch: set[str]
    alive: Collection[str] = SERVICES


def _nothing(_world: World) -> None: ...


def _hangs(world: World) -> None:
    with exchange.base(world.folder) as base, base.transaction() as connection:
        leases.beat(connection, "sender-1", "sender", base.now() - timedelta(minutes=1))


def _database_gone(world: World) -> None:
    world.set_variable("INTERGESTAN_SITE__DATABASE_URL", "postgresql+psycopg://me@127.0.0.1:1/base")


def _relay_refuses(world: World) -> None:
    with exchange.base(world.folder) as base, base.transaction() as connection:
        long_ago = base.now() - timedelta(hours=1)
        connection.execute(
            update(Relay).values(port=1, last_error="connection refused", paused_until=base.now() + timedelta(hours=1))
        )
        mail = {"transfer_id": "t", "kind": "answers", "state": "composed", "partner_id": 1}
        times = {"requested_at": long_ago, "composed_at": long_ago, "next_attempt_at": long_ago, "attempts": 3}
        connection.execute(insert(OutboundMail).values(**mail, **times, resends=0))


def _login_wrong(world: World) -> None:
    with exchange.base(world.folder) as base, base.transaction() as connection:
        connection.execute(
            update(Mailbox).values(
                login="nobody@site.test",
                state="loginError",
                last_error="login refused",
                last_success_at=base.now() - timedelta(hours=1),
            )
        )


def _partner_silent(world: World) -> None:
    code = exchange.rows(world.folder, Partner)[0].site_code
    assert world.run("orders", "import", "--dates", "any", data("orders.csv"), cwd=world.folder).code == 0
    sent = world.run("send", "--supplier", code, "--to", "appros@stauber.test", "--remove", "CFR2", cwd=world.folder)
    assert sent.code == 0, sent.err
    exchange.compose(world.folder, 1)
    with exchange.base(world.folder) as base, base.transaction() as connection:
        then = base.now() - timedelta(hours=5)
        connection.execute(update(OutboundMail).values(state="sent", sent_at=then, next_attempt_at=None))
        connection.execute(update(PurchaseOrder).values(state="waiting", updated_at=then))


def _clock_back(world: World) -> None:
    with exchange.base(world.folder) as base, base.transaction() as connection:
        note_set_back(connection, 7200, base.now(), by="dispatcher")


def _archive_missing(world: World) -> None:
    shutil.rmtree(world.folder / "archive", ignore_errors=True)


def _archive_unwritable(world: World) -> None:
    _archive_missing(world)
    (world.folder / "archive").touch(mode=0o600)


def _partners_clock(world: World) -> None:
    with exchange.base(world.folder) as base, base.transaction() as connection:
        measured = {"clock_ahead_least": 7199, "clock_ahead_most": 7205, "clock_noted_at": base.now()}
        connection.execute(update(Partner).values(measured))


ALL_DOWN = {"MailboxUnowned appros", *(f"ServiceDown {service}" for service in SERVICES)}

CASES = {
    "well": Case(_nothing, set(), "Services that run: composer 1", set()),
    "stopped": Case(_nothing, {"Services"}, "Not running: composer, sender", ALL_DOWN, ()),
    "one stopped": Case(
        _nothing,
        {"Services"},
        "Not running: importer",
        {"ServiceDown importer"},
        ("composer", "sender", "poller", "dispatcher"),
    ),
    "hangs": Case(
        _hangs,
        {"Services"},
        "Not running: sender",
        {"ServiceDown sender"},
        ("composer", "poller", "importer", "dispatcher"),
    ),
    "Redis away": Case(
        lambda world: world.set_variable("INTERGESTAN_SITE__REDIS_URL", "redis://127.0.0.1:1/0"),
        {"Redis"},
        "Redis does not answer, so no service begins anything new",
        {"RedisAway"},
    ),
    "relay refuses": Case(_relay_refuses, {"Relay"}, "connection refused", {"OrderStuck send"}),
    "login wrong": Case(_login_wrong, {"Mailbox appros"}, "login refused", {"MailboxNotPolled appros"}),
    "disk full": Case(
        lambda world: world.set_variable("INTERGESTAN_SITE__ARCHIVE_MIN_FREE_SHARE", "0.999"),
        {"Archive"},
        "The disk is nearly full",
        {"DiskFilling"},
    ),
    "archive missing": Case(
        _archive_missing, {"Archive"}, "it is empty, and the base knows 1 mails", {"ArchiveFailing"}
    ),
    "archive unwritable": Case(_archive_unwritable, {"Archive"}, "cannot be written", {"ArchiveFailing"}),
    "clock set back": Case(_clock_back, {"Clock"}, "The clock of this machine was set back by 2 h", {"ClockSetBack"}),
    "partner's clock": Case(
        _partners_clock, {"Clock"}, "The clock of STAUBER is ahead of ours by 2 h.", {"PartnerClock 80295478500028"}
    ),
    "partner silent": Case(_partner_silent, {"Answers"}, "Without an answer for too long", {"OrderUnanswered"}),
}


@pytest.fixture
def world(
    paired_shop: Path,
    run: Run,
    dovecot: Dovecot,
    mail_user: MailUser,
    smtp_server: SmtpServer,
    certificates: Certificates,
    make_redis: Callable[..., RedisServer],
    monkeypatch: pytest.MonkeyPatch,
) -> World:
    """A paired site with all its servers, whose mailbox was just read, and with one mail in its archive."""
    bell = make_redis(unix_socket=True)
    Path(bell.url.removeprefix("unix://")).chmod(0o700)
    monkeypatch.setenv("INTERGESTAN_SITE__REDIS_URL", bell.url)
    account = ("--login", mail_user.address, "--password-stdin", "--ca-file", str(certificates.ca_file))
    relay = ("--host", smtp_server.host, "--port", str(smtp_server.tls_port))
    mailbox = ("--host", dovecot.host, "--port", str(dovecot.imaps))
    for command in (("relay", "set", *relay), ("mailbox", "add", "appros", *mailbox)):
        assert run(*command, *account, cwd=paired_shop, stdin=mail_user.password).code == 0
    with exchange.base(paired_shop) as base:
        sha256 = exchange.archive(paired_shop, b"From: a@b.test\r\n\r\nhello\r\n")
        with base.transaction() as connection:
            connection.execute(
                insert(InboundMail).values(sha256=sha256, size=20, state="alien", archived_at=base.now(), strikes=0)
            )
            read_just_now = {"last_success_at": base.now() + timedelta(seconds=1), "owner": "poller-1"}
            connection.execute(update(Mailbox).values(**read_just_now))
    return World(paired_shop, run, monkeypatch.setenv)


@pytest.mark.parametrize("name", CASES)
def test_the_three_agree(world: World, run: Run, name: str) -> None:
    """Issue 13, item 7. `watch` has its patience behind it: how long each trouble must last is not looked at here."""
    case = CASES[name]
    case.breakage(world)
    with services_alive(world.folder, case.alive):
        found = run("doctor", "--json", cwd=world.folder)
        shown = run("status", cwd=world.folder)
        looked = run("watch", "--once", "--json", cwd=world.folder)
    failed = {each["subject"] for each in found.json if not each["ok"]}
    alarms = {f"{each['name']} {each['about']}".strip() for each in looked.json}
    assert (failed, alarms) == (case.doctor, case.watch), found.out + looked.out
    assert case.status in " ".join(shown.out.split()), shown.out
    assert (found.code, looked.code) == ((1, 1) if case.doctor else (0, 0))


def test_the_three_agree_that_the_database_is_away(world: World, run: Run) -> None:
    """Nothing else can be judged then: `doctor` says it as a check, the others end with the same cause."""
    _database_gone(world)
    found = run("doctor", "--json", cwd=world.folder)
    assert [each["subject"] for each in found.json if not each["ok"]] == ["Base"]
    for command in (("status",), ("watch", "--once")):
        ran = run(*command, cwd=world.folder)
        assert (ran.code, "The base does not answer" in ran.err) == (75, True), ran.err
