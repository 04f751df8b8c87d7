"""`python -m services.poller` as a process of its own, with a real Redis and a real Dovecot; also killed."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import select

from intergestan_db.tables import Worker
from intergestan_runtime.broker import make_broker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.steps import IMPORT, poll_step
from tests import warm
from tests.consent import Consent
from tests.patience import PATIENCE, eventually
from tests.servers import Dovecot, MailUser, RedisServer
from tests.servers.process import free_port
from tests.servers.tokens import TokenServer
from tests.services.poller.site import PollerSite, mail
from tests.site_factories import make_site, write_secret, write_site_folder
from tests.tester_disk import ROOMY

pytestmark = pytest.mark.mainly_on("postgresql")

CRASHPOINTS = ("poller.fetched", "poller.archived", "commit:4:after")


class Deployment:
    """The configuration of a site whose poller is a process."""

    def __init__(self, site: PollerSite, redis: RedisServer, folder: Path) -> None:
        self.site, self.redis, self.folder = site, redis, folder
        made = make_site(site.database)
        self.code = made.code
        at = {"data_dir": str(folder), "database_url": site.database.url, "redis_url": redis.url}
        write_site_folder(folder, made.key, {"site": {**at, **ROOMY}})

    def add_mailbox(self, dovecot: Dovecot, user: MailUser, protocol: str = "imap") -> None:
        name, port = "commandes", dovecot.imap if protocol == "imap" else dovecot.pop3
        write_secret(self.folder / "secrets" / name, f"{user.password}\n".encode())
        self.site.add_mailbox(name, port=port, login=user.address, secret=name, protocol=protocol)

    @contextmanager
    def process(self, *arguments: str, crash: str = "") -> Iterator[subprocess.Popen[bytes]]:
        command: Sequence[str] = [sys.executable, "-m", "services.poller", "--config", "intergestan.toml", *arguments]
        environment = os.environ | {"INTERGESTAN_CRASH": crash}
        with (self.folder / "log").open("ab") as log:
            child = warm.Popen[bytes](command, cwd=self.folder, env=environment, stderr=log)
        try:
            yield child
        finally:
            child.kill()
            child.wait()


@pytest.fixture
def deployment(any_site: PollerSite, redis_server: RedisServer, tmp_path: Path) -> Deployment:
    return Deployment(any_site, redis_server, tmp_path)


def status(port: int, path: str) -> int:
    try:
        with urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as answer:
            return int(answer.status)
    except HTTPError as error:
        error.close()
        return error.code
    except OSError:
        return 0


def alive_until(site: PollerSite) -> datetime:
    with site.database.read() as connection:
        return connection.execute(select(Worker.alive_until)).scalar_one()


def test_process_collects_answers_its_bell_and_stops(
    deployment: Deployment, dovecot: Dovecot, mail_user: MailUser
) -> None:
    """G23: *Relever* rings the poller that owns the mailbox; it rings the importer."""
    site, port = deployment.site, free_port()
    deployment.add_mailbox(dovecot, mail_user)
    with deployment.process("--health-port", str(port), "--mailbox", "commandes") as child:
        eventually(lambda: site.mailbox("commandes").last_success_at)
        eventually(lambda: status(port, "/ready") == 200)
        broker = make_broker(deployment.redis.url, deployment.code, metrics=Metrics(CollectorRegistry()))
        dovecot.deliver(mail_user.address, mail(1))

        def listed_before_a_beat() -> bool:
            """The beats do the same, every two seconds: what is listed between two of them, the bell has done."""
            before = alive_until(site)
            run = site.ask("commandes")
            assert poll_step(site.mailbox("commandes").owner).ring(broker, run)
            eventually(lambda: site.run(run).listed_at)
            return alive_until(site) == before

        eventually(listed_before_a_beat)
        eventually(site.inbound)
        assert eventually(lambda: broker.queue_lengths([IMPORT.queue])[IMPORT.queue]) == 1
        child.send_signal(signal.SIGTERM)
        assert child.wait(PATIENCE) == 0
    broker.close()
    assert site.mailbox("commandes").owner is None
    (collected,) = site.mails()
    assert collected.endswith(mail(1))


@pytest.mark.parametrize("crash", CRASHPOINTS)
def test_kill_9_in_the_middle_loses_and_doubles_nothing(
    deployment: Deployment, dovecot: Dovecot, mail_user: MailUser, crash: str
) -> None:
    """F1: after the fetch, between the archive's fsync and the row, and wherever its fourth commit is."""
    site = deployment.site
    dovecot.drop(mail_user.address, [mail(number) for number in range(120)])
    deployment.add_mailbox(dovecot, mail_user)
    with deployment.process("--worker", "first", crash=crash) as child:
        assert child.wait(PATIENCE) == -signal.SIGKILL
    with deployment.process("--worker", "first"):  # the same name: it need not wait for the lease
        eventually(lambda: len(site.uids("commandes")) == 120)
    assert sorted(site.mails()) == sorted(mail(number) for number in range(120))


@pytest.mark.parametrize("crash", CRASHPOINTS)
def test_kill_9_in_the_middle_of_a_pop3_session(
    deployment: Deployment, dovecot: Dovecot, mail_user: MailUser, crash: str
) -> None:
    """F1 for G22; the maildrop that the dead process had locked is free again."""
    site = deployment.site
    dovecot.drop(mail_user.address, [mail(number) for number in range(120)])
    deployment.add_mailbox(dovecot, mail_user, "pop3")
    with deployment.process("--worker", "first", crash=crash) as child:
        assert child.wait(PATIENCE) == -signal.SIGKILL
    with deployment.process("--worker", "first"):
        eventually(lambda: site.mailbox("commandes").last_success_at)
    assert sorted(site.mails()) == sorted(mail(number) for number in range(120))


def test_a_process_logs_in_by_token_and_counts_it(
    deployment: Deployment, dovecot: Dovecot, mail_user: MailUser
) -> None:
    """The token is unsealed by the site's own key; its end and each refresh are metrics (operations.md §1.2)."""
    site, port = deployment.site, free_port()
    dovecot.drop(mail_user.address, [mail(1)])
    with TokenServer(dovecot.token, mail_user.address) as server:
        consent = Consent(site.database, server, deployment.folder)
        values = {"port": dovecot.imap, "login": mail_user.address, "oauth_grant_id": consent.id}
        site.add_mailbox("commandes", **values)  # type: ignore[arg-type]
        with deployment.process("--health-port", str(port)):
            eventually(site.inbound)
            with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=PATIENCE) as answer:
                metrics = answer.read().decode()
    assert re.search(r'intergestan_oauth_refreshes_total\{outcome="refreshed",site="[^"]+"\} 1\.0', metrics)
    (line,) = [line for line in metrics.splitlines() if line.startswith("intergestan_oauth_token_expiry_timestamp")]
    assert 'mailbox="commandes"' in line
    assert float(line.split()[-1]) > time.time() + 3000


@pytest.mark.parametrize(
    ("total", "moments"), [(300, (1, 100)), pytest.param(1500, (1, 300, 700), marks=pytest.mark.campaign)]
)
def test_kill_9_while_mails_come(
    deployment: Deployment, dovecot: Dovecot, mail_user: MailUser, total: int, moments: Sequence[int]
) -> None:
    """F1, blind: the process is killed at any moment of a large collection, several times."""
    site = deployment.site
    dovecot.drop(mail_user.address, [mail(number) for number in range(total)])
    deployment.add_mailbox(dovecot, mail_user)

    def collected(least: int) -> bool:
        return len(site.uids("commandes")) >= least

    for least in moments:
        with deployment.process("--worker", "first") as child:
            eventually(partial(collected, least))
            child.kill()
    with deployment.process("--worker", "first"):
        eventually(lambda: len(site.uids("commandes")) == total)
    assert sorted(site.mails()) == sorted(mail(number) for number in range(total))


def test_wrong_settings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "intergestan.toml").write_text("[poller]\nbatch_mail = 1\n")
    command = [sys.executable, "-m", "services.poller", "--config", "intergestan.toml"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ended.returncode == 78
    assert "Did you mean batch_mails?" in ended.stderr
