"""Mails whose archived copy is not whole before they are taken in: the mailbox is the third copy (`design.md` §16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from intergestan_db.enums import HoldReason, Refetch
from intergestan_db.tables import InboundMail, MailboxUid, MailboxUidl
from intergestan_exchange.findings.finding import Finding, read_findings, write_findings
from intergestan_runtime.broker import BellBroker, make_broker
from services.dispatcher.damaged_mails import DamagedMails
from tests.databases import as_service
from tests.patience import eventually
from tests.servers import Dovecot, MailUser, RedisServer
from tests.services.poller.site import PollerSite, mail

pytestmark = pytest.mark.mainly_on("postgresql")


def flipped(file: Path) -> None:
    raw = file.read_bytes()
    file.write_bytes(raw[:40] + bytes([raw[40] ^ 1]) + raw[41:])


HARMS: dict[str, Callable[[Path], object]] = {
    "altered": flipped,
    "cut": lambda file: file.write_bytes(file.read_bytes()[:30]),
    "emptied": lambda file: file.write_bytes(b""),
    "gone": Path.unlink,
}


@pytest.fixture
def broker(session_redis: RedisServer) -> Iterator[BellBroker]:
    broker = make_broker(session_redis.url, "DAMAGED")
    yield broker
    broker.client.close()


def harm(site: PollerSite, how: str) -> Any:
    """The first mail is damaged, and held as the importer holds it; its row."""
    row = site.inbound()[0]
    file = site.archive.path(row.sha256)
    file.chmod(0o600)
    HARMS[how](file)
    found = write_findings([Finding(HoldReason.ARCHIVE, {"place": str(file)})])
    with site.database.transaction() as connection:
        held = {"state": "held", "reason": "archive", "detail": found}
        connection.execute(update(InboundMail).where(InboundMail.id == row.id).values(**held))
    return row


def notes(site: PollerSite) -> list[str | None]:
    with site.database.read() as connection:
        return [note for table in (MailboxUid, MailboxUidl) for note in connection.scalars(select(table.note))]


def variant(site: PollerSite) -> str | None:
    return read_findings(site.inbound()[0].detail)[0].variant


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
@pytest.mark.parametrize("how", HARMS)
def test_the_mailbox_gives_it_once_more(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, broker: BellBroker, how: str, protocol: str
) -> None:
    """Without a new row and without a person; the other mail is not fetched again."""
    site = any_site
    dovecot.drop(mail_user.address, [mail(1), mail(2)])
    port = dovecot.imap if protocol == "imap" else dovecot.pop3
    account = {"port": port, "login": mail_user.address, "protocol": protocol, "idle": False}
    site.add_mailbox("box", mail_user.password, **account)
    mender = DamagedMails(as_service(site.database, "dispatcher"), broker, site.archive)
    with site.poller() as poller:
        eventually(lambda: len(site.inbound()) == 2)
        row = harm(site, how)
        assert mender.mend() == 0
        site.relever(poller, "box")
        eventually(lambda: site.archive.path(row.sha256).exists() and site.archive.is_intact(row.sha256))
        site.relever(poller, "box")  # it is whole, though the dispatcher has not looked yet
    assert mender.mend() == 1
    one, two = site.inbound()
    assert (one.id, one.state, one.reason, one.strikes) == (row.id, "archived", None, 0)
    assert sorted(site.mails()) == [mail(1), mail(2)]
    assert notes(site) == [None, None]
    assert site.metric("mails_collected_total") == 3
    assert two.state == "archived"
    assert mender.mend() == 0


def test_a_mail_that_the_mailbox_has_no_more(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, broker: BellBroker
) -> None:
    """The hold says so; the file from a backup lets it go on."""
    site = any_site
    dovecot.drop(mail_user.address, [mail(1)])
    site.add_mailbox("box", mail_user.password, port=dovecot.imap, login=mail_user.address, idle=False)
    mender = DamagedMails(as_service(site.database, "dispatcher"), broker, site.archive)
    with site.poller() as poller:
        eventually(lambda: len(site.inbound()) == 1)
        row = harm(site, "gone")
        for folder in ("new", "cur"):
            for file in (dovecot.maildir(mail_user.address) / folder).glob("*"):
                file.unlink()
        site.relever(poller, "box")
        eventually(lambda: notes(site) == [Refetch.GONE])
        site.relever(poller, "box")
    assert (mender.mend(), variant(site)) == (0, Refetch.GONE)
    assert mender.mend() == 0
    site.archive.put_many([mail(1)])
    assert mender.mend() == 1
    assert site.inbound()[0].state == "archived"
    assert site.inbound()[0].id == row.id


def test_a_poller_that_dies_before_it_has_fetched_it(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    """The note says that it is wanted, so that the next one fetches it."""
    dovecot.drop(mail_user.address, [mail(1)])
    site.add_mailbox("box", mail_user.password, port=dovecot.imap, login=mail_user.address, idle=False)
    with site.poller():
        eventually(lambda: len(site.inbound()) == 1)
    row = harm(site, "altered")
    with site.database.transaction() as connection:
        connection.execute(update(MailboxUid).values(note=Refetch.AGAIN))
    with site.poller(worker="poller-2"):
        eventually(lambda: site.archive.is_intact(row.sha256))
        eventually(lambda: notes(site) == [None])


def test_a_mail_that_no_mailbox_knows_is_not_called_gone(site: PollerSite, broker: BellBroker) -> None:
    """Nobody was asked: it may come with a folder that is read anew."""
    site.archive.put_many([mail(1)])
    with site.database.transaction() as connection:
        row = {"sha256": site.archive.put_many([mail(1)])[0], "size": 9, "archived_at": site.database.now()}
        connection.execute(InboundMail.__table__.insert().values(**row, state="archived"))
        connection.execute(delete(MailboxUid))
    harm(site, "gone")
    assert (DamagedMails(site.database, broker, site.archive).mend(), variant(site)) == (0, None)
