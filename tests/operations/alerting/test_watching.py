"""People are told what is wrong: by a webhook, by a mail through the relay, each thing once."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import update

from intergestan_db import leases
from intergestan_db.database import Database
from intergestan_db.enums import SERVICES, NoticeAbout
from intergestan_db.tables import Notice, PartnerKey, Relay
from intergestan_exchange.health.certificates import CertificateNotes
from intergestan_exchange.heartbeats.heartbeats import USUAL, write_request
from intergestan_exchange.statements import pauses
from intergestan_operations.alerting.watching import Watcher, Ways, read_machine, ways_of
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import make_broker
from intergestan_runtime.metrics import Metrics
from intergestan_runtime.settings import AlarmSettings, SiteSettings
from intergestan_runtime.webhook import WebhookFailed, post
from services.sender.notify import NoticeSender
from services.sender.settings import SenderSettings
from services.sender.worker import Connections
from tests.clock import Clock
from tests.databases import as_service
from tests.servers import RedisServer, SmtpServer
from tests.servers.webhook import WebhookServer
from tests.services.sender.outbox import UNHURRIED, Outbox

pytestmark = pytest.mark.mainly_on("postgresql")

ANNE = "anne@home.test"


class Site:
    """A site that is well, but for the key of its partner, and a watcher of it."""

    def __init__(self, base: Database, server: RedisServer, folder: Path, relay_port: int) -> None:
        self.base = base
        self.outbox = Outbox(base, relay_port)
        self.redis = server
        self.archive = FolderArchive(folder / "archive", min_free_bytes=0, min_free_share=0)
        self.set_key(days=5)
        self.live()

    def live(self) -> None:
        """All services give a sign of life."""
        with self.base.transaction() as connection:
            for service in SERVICES:
                leases.beat(connection, service, service, self.base.now())

    def set_key(self, days: float) -> None:
        with self.base.transaction() as connection:
            connection.execute(update(PartnerKey).values(valid_until=self.base.now() + timedelta(days=days)))

    def watcher(self, hook: WebhookServer | None = None, to: str | None = None) -> Watcher:
        broker = make_broker(self.redis.url, "test")
        ways = Ways(to, None if hook is None else lambda: hook.url)
        own = as_service(self.base, "dispatcher")
        return Watcher(own, broker, self.archive, ways, "en", 4, USUAL.late)


@pytest.fixture
def hook() -> Iterator[WebhookServer]:
    with WebhookServer() as server:
        yield server


@pytest.fixture
def site(base: Database, redis_server: RedisServer, tmp_path: Path) -> Site:
    return Site(base, redis_server, tmp_path, 25)


def test_a_webhook_hears_of_beginning_and_end(site: Site, hook: WebhookServer, clock: Clock) -> None:
    """Issue 4: no flood: when it begins, once a day, when it ends."""
    watcher = site.watcher(hook)
    assert [alarm.name for alarm in watcher.look_and_tell()] == ["KeyExpiring"]
    watcher.look_and_tell()
    (begun,) = hook.posted
    assert [each["name"] for each in begun["begun"]] == ["KeyExpiring"]
    assert begun["begun"][0]["about"] == site.outbox.partner.site_code
    assert "signing key of" in begun["text"]
    assert (begun["standing"], begun["ended"]) == (1, [])
    clock.move(hours=24)
    site.live()
    watcher.look_and_tell()
    assert [each["name"] for each in hook.posted[1]["reminded"]] == ["KeyExpiring"]
    site.set_key(days=400)
    watcher.look_and_tell()
    watcher.look_and_tell()
    assert len(hook.posted) == 3
    assert hook.posted[2]["ended"] == [begun["begun"][0]["what"]]
    assert "all is well" in hook.posted[2]["text"]


def test_what_could_not_be_posted_is_posted_later(site: Site, hook: WebhookServer) -> None:
    watcher = site.watcher(hook)
    hook.status = 503
    watcher.look_and_tell()
    assert hook.posted == []
    hook.status = 200
    watcher.look_and_tell()
    assert len(hook.posted) == 1


@pytest.mark.race
def test_two_watchers_tell_once(site: Site, hook: WebhookServer) -> None:
    watchers = [site.watcher(hook, ANNE) for _ in range(4)]
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(Watcher.look_and_tell, watchers))
    for watcher in watchers:
        watcher.look_and_tell()
    assert len(hook.posted) == 1
    assert len(site.outbox.rows(Notice)) == 1


def test_a_mail_goes_through_the_relay(
    base: Database, redis_server: RedisServer, tmp_path: Path, make_smtp: Callable[..., SmtpServer]
) -> None:
    """Issue 4: over real SMTP, by the sender, as the notices about holds."""
    relay_server = make_smtp()
    site = Site(base, redis_server, tmp_path, relay_server.port)
    site.watcher(to=ANNE).look_and_tell()
    (notice,) = site.outbox.rows(Notice)
    connections = Connections(UNHURRIED, lambda _relay: None)
    readers = {NoticeAbout.HOLDS: None, NoticeAbout.ALARMS: ANNE}
    sender = NoticeSender(base, Metrics(CollectorRegistry()), "sender-1", SenderSettings(), connections, readers)
    sender.send(notice.id)
    connections.close()
    (mail,) = relay_server.mails
    assert mail.recipients == (ANNE,)
    message = email.message_from_bytes(mail.raw, policy=email.policy.default)
    assert str(message["Subject"]) == "Mulhouse: 1 new, 1 in all"
    text = message.get_content()
    assert "make a new one" in text
    assert "docs/runbooks/IntergestanKeyExpiring.md" in text


def test_what_only_the_base_can_tell_is_told(site: Site, hook: WebhookServer, clock: Clock) -> None:
    """Issue 4: heartbeats that do not come back, a certificate that ends, booking that rests: without Prometheus."""
    site.set_key(days=400)
    with site.base.transaction() as connection:
        for minutes in (6, 10, 20, 40):
            write_request(connection, site.outbox.partner.id, clock.now - timedelta(minutes=minutes))
        pauses.pause(connection, at=clock.now)
        connection.execute(update(Relay).values(security="tls"))
    (relay,) = site.outbox.rows(Relay)
    ends = (clock.now + timedelta(days=3)).timestamp()
    CertificateNotes(site.base, Relay, "sender").note(relay.id, relay.host, ends)
    watcher = site.watcher(hook)
    watcher.look_and_tell()
    clock.move(minutes=30)
    site.live()
    watcher.look_and_tell()
    begun = [each["name"] for posted in hook.posted for each in posted["begun"]]
    assert begun == ["ErrorBudgetBurn", "CertificateExpiring", "BookingPaused"]


def test_nobody_writes_to_himself(site: Site, hook: WebhookServer) -> None:
    """An address of the site is refused and told in the log; the webhook hears it all the same."""
    site.watcher(hook, "o@mulhouse.test").look_and_tell()
    assert site.outbox.rows(Notice) == []
    assert len(hook.posted) == 1


def test_a_redis_that_is_away_and_an_archive_that_fails(site: Site, redis_server: RedisServer, tmp_path: Path) -> None:
    redis_server.kill()
    (tmp_path / "file").write_text("no folder")
    machine = read_machine(FolderArchive(tmp_path / "file"), make_broker(redis_server.url, "test"))
    assert (machine.redis_memory, machine.clock_skew) == (None, None)
    assert machine.archive_error is not None
    redis_server.bring_back()
    machine = read_machine(site.archive, make_broker(redis_server.url, "test"))
    assert machine.redis_memory is not None
    assert 0 < machine.redis_memory < 1
    assert machine.archive_error is None


def test_a_webhook_leads_nowhere_else(hook: WebhookServer) -> None:
    """A redirect is not followed, and the URL, which may be a secret, is in no message."""
    with WebhookServer(status=307, location=hook.url) as other:
        with pytest.raises(WebhookFailed, match="307") as refused:
            post(other.url, {})
        assert other.url not in str(refused.value)
        url = other.url
    with pytest.raises(WebhookFailed):
        post(url, {})
    with pytest.raises(ValueError, match="http"):
        post("file:///etc/passwd", {})
    assert hook.posted == []


def test_the_url_may_be_a_secret(tmp_path: Path) -> None:
    secret = tmp_path / "secrets" / "chat"
    secret.parent.mkdir(mode=0o700)
    secret.touch(mode=0o600)
    secret.write_text("https://chat.test/secret\n")
    site = SiteSettings(data_dir=tmp_path)
    url = ways_of(AlarmSettings(webhook_secret="chat"), site).webhook
    assert url is not None
    assert url() == "https://chat.test/secret"
    assert ways_of(AlarmSettings(), site) == Ways(None, None)
