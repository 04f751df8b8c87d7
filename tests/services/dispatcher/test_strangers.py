"""The bytes of mails that nobody vouches for: dropped with age and beyond their room; fetched again when wanted."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import insert, select, update

from intergestan_db.enums import HoldReason
from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, Partner
from intergestan_exchange.findings.finding import Finding, read_findings, write_findings
from intergestan_exchange.keys.keys import release_held
from intergestan_runtime.archive_folder import FolderArchive
from intergestan_runtime.broker import make_broker
from intergestan_runtime.metrics import Metrics
from services.dispatcher import strangers
from services.dispatcher.damaged_mails import DamagedMails
from services.dispatcher.settings import DispatcherSettings
from services.dispatcher.strangers import Strangers
from services.poller.handles import UidNotes
from tests.exchange.outbox.test_outbound import Sites
from tests.servers import RedisServer
from tests.site_factories import SiteToTest, make_database, paired_sites

__all__ = ["make_database", "paired_sites"]

KID = "k" * 43
DAY = timedelta(days=1)
KEPT = (b"young", b"ours", b"to be taken in")


class Post:
    """A site to which strangers write."""

    def __init__(self, site: SiteToTest, folder: Path, redis_url: str, **settings: int) -> None:
        self.site, self.database = site, site.database
        self.metrics = Metrics(CollectorRegistry())
        self.archive = FolderArchive(folder)
        self.strangers = Strangers(self.database, self.archive, self.metrics, DispatcherSettings(**settings))
        self.damaged = DamagedMails(self.database, make_broker(redis_url, "S", metrics=self.metrics), self.archive)

    def put(self, content: bytes, days: float, **values: object) -> int:
        """A mail that came so many days ago; its row id."""
        (name,) = self.archive.put_many([content])
        at = self.database.now() - days * DAY
        row = {"sha256": name, "size": len(content), "archived_at": at, "unproven": True} | values
        with self.database.transaction() as connection:
            return int(connection.execute(insert(InboundMail).values(**row).returning(InboundMail.id)).scalar_one())

    def wait(self, content: bytes, days: float) -> int:
        """One whose signer nobody knows yet."""
        detail = write_findings([Finding(HoldReason.UNKNOWN_SIGNER, {"kid": KID})])
        return self.put(content, days, state="held", reason=HoldReason.UNKNOWN_SIGNER, detail=detail, kid=KID)

    def row(self, mail_id: int) -> tuple[str, str | None, int]:
        with self.database.read() as connection:
            query = select(InboundMail.state, InboundMail.reason, InboundMail.size).where(InboundMail.id == mail_id)
            return tuple(connection.execute(query).one())  # type: ignore[return-value]

    def enter_partner(self) -> int:
        """The partner whose key it is; what is to be rung for."""
        with self.database.transaction() as connection:
            partner_id = connection.execute(select(Partner.id)).scalar_one()
            return len(release_held(connection, partner_id, KID, by="anne", at=self.database.now()))


@pytest.fixture
def post(paired_sites: Sites, tmp_path: Path, session_redis: RedisServer) -> Post:
    return Post(paired_sites[0], tmp_path / "archive", session_redis.url, stranger_megabytes=26)


def test_old_bytes_go_and_what_is_ours_stays(post: Post) -> None:
    """`design.md` §8: that they came stays known."""
    left = [post.put(b"spam", 8, state="alien"), post.put(b"refused", 8, state="done")]
    held = [post.wait(b"old", 31), post.wait(b"young", 29)]
    ours = post.put(b"ours", 400, state="done", unproven=False)
    to_come = post.put(b"to be taken in", 400, state="archived")
    assert post.strangers.tidy() == 3
    assert [post.row(each) for each in left] == [("alien", None, 0), ("done", None, 0)]
    assert [post.row(each) for each in held] == [("alien", "unknown_signer", 0), ("held", "unknown_signer", 5)]
    assert [post.row(each) for each in (ours, to_come)] == [("done", None, 4), ("archived", None, 14)]
    assert sorted(post.archive.names()) == sorted(sha256(each).hexdigest() for each in KEPT)
    assert post.strangers.tidy() == 0


@pytest.mark.parametrize(("put", "days"), [("spam", 7), ("wait", 30)])
def test_a_mail_has_all_of_its_days(post: Post, monkeypatch: pytest.MonkeyPatch, put: str, days: int) -> None:
    """To the second, and some at a time: what lies there is more than is read at once."""
    monkeypatch.setattr(strangers, "AT_ONCE", 2)
    contents = [bytes([n]) for n in range(5)]
    mails = [post.wait(each, days) if put == "wait" else post.put(each, days, state="alien") for each in contents]
    assert post.strangers.tidy() == 0
    later = post.database.now() + timedelta(seconds=1)
    post.database.now = lambda: later
    young = post.put(b"young", days, state="alien" if put == "spam" else "held")
    assert post.strangers.tidy() == 5
    assert [post.row(each)[2] for each in (*mails, young)] == [0] * 5 + [5]
    assert list(post.archive.names()) == [sha256(b"young").hexdigest()]


def test_beyond_the_room_the_oldest_go(post: Post) -> None:
    """Whatever strangers send, it does not fill the archive, which would end the collection of partners' mail."""
    first, *others = [post.wait(bytes([n]) * 10_000_000, 10 - n) for n in range(4)]
    assert post.strangers.tidy() == 2
    assert [post.row(each)[2] for each in (first, *others)] == [0, 0, 10_000_000, 10_000_000]
    assert post.metrics.registry.get_sample_value("intergestan_strangers_bytes") == 20_000_000
    dropped = post.metrics.registry.get_sample_value("intergestan_strangers_dropped_total", {"why": "room"})
    assert dropped == 2


def test_who_is_entered_later_has_the_mail_fetched_again(post: Post) -> None:
    mail_id = post.wait(b"an order", 31)
    with post.database.transaction() as connection:
        box = {"name": "box", "host": "h", "port": 993, "security": "tls"}
        mailbox = connection.execute(insert(Mailbox).values(**box).returning(Mailbox.id)).scalar_one()
        name = {"mailbox_id": mailbox, "uidvalidity": 7, "uid": 12, "inbound_mail_id": mail_id}
        connection.execute(insert(MailboxUid).values(**name))
    post.strangers.tidy()
    assert post.enter_partner() == 0, "it cannot be read yet"
    assert post.row(mail_id) == ("held", "unknown_signer", 0)
    with post.database.read() as connection:
        assert UidNotes(7).damaged(connection, mailbox) == {12: (mail_id, None)}
        detail = connection.execute(select(InboundMail.detail).where(InboundMail.id == mail_id)).scalar_one()
    assert read_findings(str(detail))[0].variant == "expired"
    assert post.strangers.tidy() == post.damaged.mend() == 0
    post.archive.put_many([b"an order"])
    assert post.damaged.mend() == 1
    assert post.row(mail_id) == ("archived", None, 8)


def test_one_that_the_mailbox_has_no_more_waits_for_nobody(post: Post) -> None:
    mail_id = post.wait(b"an order", 31)
    post.strangers.tidy()
    post.enter_partner()
    assert post.damaged.mend() == 0
    assert post.row(mail_id) == ("alien", None, 0)
    assert post.enter_partner() == 0


def test_a_mail_that_a_person_refused_is_not_fetched_again(post: Post) -> None:
    mail_id = post.wait(b"no order", 31)
    with post.database.transaction() as connection:
        connection.execute(update(InboundMail).values(state="done", reason=None, detail=None))
    assert post.strangers.tidy() == 1
    post.enter_partner()
    assert post.row(mail_id) == ("done", None, 0)
