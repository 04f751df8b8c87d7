"""G24: a purge removes from the mailbox only what is archived, imported and answered; on Dovecot, and on liars."""

import itertools
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.enums import PurgeVerdict as Verdict
from intergestan_db.tables import (
    Event,
    InboundMail,
    InboundTransfer,
    MailboxUid,
    MailboxUidl,
    OutboundMail,
    Partner,
    Party,
    PurgeRun,
)
from intergestan_exchange.heartbeats.heartbeat_tidy import ask_to_remove
from intergestan_exchange.mailboxes import purging
from intergestan_exchange.mailboxes.purging import Result, Run
from services.poller.connection import Limits
from services.poller.pop3 import Pop3Session
from services.poller.rows import LeaseLost
from services.poller.source import Account
from services.poller.troubles import MailboxTrouble
from services.poller.worker import Poller
from tests.patience import eventually
from tests.servers import Dovecot, MailUser, ScriptedImap
from tests.servers.scripted_pop3 import ScriptedPop3
from tests.services.poller.site import PollerSite, mail
from tests.site_factories import make_site

pytestmark = pytest.mark.mainly_on("postgresql")


@pytest.fixture(autouse=True)
def of_a_site(request: pytest.FixtureRequest) -> None:
    """Ages are counted in days of the site's time zone."""
    for name in {"site", "any_site", "postgres_site"} & {*request.fixturenames}:
        make_site(request.getfixturevalue(name).database)


PROTOCOLS = ("imap", "pop3")
NO_AGE = timedelta(0)


def add(site: PollerSite, dovecot: Dovecot, user: MailUser, protocol: str, name: str = "box", **values: Any) -> int:
    port = dovecot.imap if protocol == "imap" else dovecot.pop3
    return site.add_mailbox(name, user.password, port=port, login=user.address, protocol=protocol, **values)


def answered(site: PollerSite, *mail_ids: int, reply: str = "sent") -> None:
    """These inbound mails were orders of a partner, booked and answered."""
    with site.database.transaction() as connection:
        now = site.database.now()
        partner = connection.execute(select(Partner.id)).scalar()
        if partner is None:
            party = connection.execute(insert(Party).values(code="C", name="C").returning(Party.id)).scalar_one()
            values = {"party_id": party, "site_code": "c", "name": "C", "answer_address": "c@c.test", "created_at": now}
            partner = connection.execute(insert(Partner).values(values).returning(Partner.id)).scalar_one()
        for mail_id in mail_ids:
            jti = f"transfer-{mail_id}"
            connection.execute(
                update(InboundMail)
                .where(InboundMail.id == mail_id)
                .values(state="done", partner_id=partner, transfer_id=jti)
            )
            transfer = {"partner_id": partner, "jti": jti, "epoch": 1, "seq": mail_id, "kind": "orders"}
            transfer |= {"transfer_digest": "d", "composed_at": now, "received_at": now, "inbound_mail_id": mail_id}
            made = connection.execute(insert(InboundTransfer).values(transfer).returning(InboundTransfer.id))
            answer = {"transfer_id": f"answer-{mail_id}", "kind": "answers", "state": reply, "partner_id": partner}
            answer |= {"in_reply_to_id": made.scalar_one(), "requested_at": now}
            connection.execute(insert(OutboundMail).values(answer))


def ask(site: PollerSite, *, dry_run: bool = False, older_than: timedelta = NO_AGE) -> int:
    with site.database.transaction() as connection:
        asked = purging.ask(connection, [], older_than, dry_run=dry_run, by="marie", at=site.database.now())
    return asked.runs[0]


def result(site: PollerSite, run: int) -> Result:
    with site.database.read() as connection:
        return purging.results(connection, [run])[0]


def purge(site: PollerSite, poller: Poller, **values: Any) -> Result:
    run = ask(site, **values)
    poller.poll(run)
    eventually(lambda: result(site, run).run.is_over)
    return result(site, run)


def counted(found: Result) -> dict[str, int]:
    verdicts = [each.verdict for each in found.mails]
    return {verdict: verdicts.count(verdict) for verdict in verdicts}


def left(dovecot: Dovecot, user: MailUser) -> int:
    maildir = dovecot.maildir(user.address)
    return sum(1 for folder in ("cur", "new") for _ in (maildir / folder).iterdir())


def names(site: PollerSite) -> int:
    with site.database.read() as connection:
        return sum(len(connection.execute(select(table.__table__)).all()) for table in (MailboxUid, MailboxUidl))


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_only_what_is_answered_and_old_enough_goes(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, protocol: str
) -> None:
    """G24: first a dry run, which changes nothing, then the purge; a mail that comes meanwhile is collected."""
    site = any_site
    dovecot.drop(mail_user.address, [mail(number) for number in range(1, 9)])
    add(site, dovecot, mail_user, protocol)
    with site.poller() as poller:
        ids = [row.id for row in eventually(lambda: len(site.inbound()) == 8 and site.inbound())]
        one, two, young, unanswered, held, alien, refused, damaged = ids
        answered(site, one, two, young, damaged)
        answered(site, unanswered, reply="unknown")
        states = {held: "held", alien: "alien", refused: "done"}
        with site.database.transaction() as connection:
            for mail_id, state in states.items():
                connection.execute(update(InboundMail).where(InboundMail.id == mail_id).values(state=state))
            old = site.database.now() - timedelta(days=40)
            others = InboundMail.id != young
            connection.execute(update(InboundMail).where(others).values(archived_at=old))
        site.archive.path(site.inbound()[7].sha256).write_bytes(b"rotten")
        expected = dict.fromkeys(["young", "unanswered", "held", "alien", "refused", "altered"], 1)
        dry = purge(site, poller, dry_run=True, older_than=timedelta(days=30))
        assert (dry.run.error, counted(dry)) == (None, expected | {"remove": 2})
        assert (left(dovecot, mail_user), names(site)) == (8, 8)
        done = purge(site, poller, older_than=timedelta(days=30))
        assert (done.run.error, counted(done)) == (None, expected | {"removed": 2})
        assert (done.run.total, done.run.done) == (3, 3)
        assert (left(dovecot, mail_user), names(site)) == (6, 6)
        assert {each.inbound_mail_id for each in done.of(Verdict.REMOVED)} == {one, two}
        dovecot.deliver(mail_user.address, mail(9))
        poller.poll(site.ask("box"))
        eventually(lambda: len(site.inbound()) == 9)
    with site.database.read() as connection:
        query = select(Event.subject_id, Event.who, Event.detail).where(Event.name == "purge").order_by(Event.id)
        events = connection.execute(query).all()
    assert [(row.subject_id, row.who, row.detail["asked by"]) for row in events] == [
        (one, "poller", "marie"),
        (two, "poller", "marie"),
    ]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_mail_that_is_another_under_the_same_name_stays(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser, protocol: str
) -> None:
    """reliability.md §3: the identity of a mail is its content; what differs is collected as a new mail."""
    dovecot.drop(mail_user.address, [mail(1), mail(2)])
    add(site, dovecot, mail_user, protocol)
    with site.poller() as poller:
        eventually(lambda: len(site.inbound()) == 2)
    answered(site, *(row.id for row in site.inbound()))
    with site.database.transaction() as connection:  # the base has the names of the two the wrong way round
        table = MailboxUid if protocol == "imap" else MailboxUidl
        first, second = connection.scalars(select(table.inbound_mail_id).order_by(table.inbound_mail_id))
        swapped = {first: second, second: first}
        rows = connection.execute(select(table.__table__)).mappings().all()
        for row in rows:
            same = [getattr(table, name) == row[name] for name in row if name in {"uid", "uidl"}]
            connection.execute(update(table).where(*same).values(inbound_mail_id=swapped[row["inbound_mail_id"]]))
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_success_at)
        assert counted(purge(site, poller, dry_run=True)) == {"differs": 2}
        assert counted(purge(site, poller)) == {"differs": 2}
        poller.poll(site.ask("box"))
        eventually(lambda: names(site) == 2)
        assert counted(purge(site, poller)) == {"removed": 2}
    assert left(dovecot, mail_user) == 0


def test_another_uidvalidity_between_dry_run_and_purge(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    """reliability.md §3.1: a rebuilt mailbox is collected anew before anything is removed by its new names."""
    dovecot.drop(mail_user.address, [mail(1), mail(2)])
    add(site, dovecot, mail_user, "imap")
    with site.poller() as poller:
        eventually(lambda: len(site.inbound()) == 2)
        answered(site, site.inbound()[1].id)
        assert counted(purge(site, poller, dry_run=True)) == {"archived": 1, "remove": 1}
    new = dovecot.bump_uidvalidity(mail_user.address)
    with site.poller() as poller:
        eventually(lambda: any(validity == new for validity, _ in site.uids("box")))
        done = purge(site, poller)
    assert counted(done) == {"archived": 1, "removed": 1}
    assert done.of(Verdict.REMOVED)[0].handle.startswith(f"{new}/")
    assert left(dovecot, mail_user) == 1


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("crash", ["3 after", "4 before", "4 after", "poller.purge_removed"])
def test_a_purge_that_was_killed_is_taken_up(
    site: PollerSite,
    dovecot: Dovecot,
    mail_user: MailUser,
    monkeypatch: pytest.MonkeyPatch,
    protocol: str,
    crash: str,
) -> None:
    """G24: a crash on either side of the removal loses no mail and leaves nothing to repair.

    Around the commit that forgets the mails' names, which is the mailbox's fourth, and behind the removal.
    """
    dovecot.drop(mail_user.address, [mail(1), mail(2), mail(3)])
    add(site, dovecot, mail_user, protocol)
    with site.poller():
        eventually(lambda: len(site.inbound()) == 3)
    answered(site, *(row.id for row in site.inbound()[:2]))
    run = ask(site)

    broken = [crash]

    def die(at: str) -> None:
        if at in broken:
            broken.clear()
            raise LeaseLost(at)  # the watch ends at once, with all that it knew; the next beat begins another one

    commits = {moment: itertools.count(1) for moment in ("before", "after")}

    def around(moment: str) -> None:
        if threading.current_thread().name.startswith("mailbox-"):
            die(f"{next(commits[moment])} {moment}")

    monkeypatch.setattr("services.poller.purge.crashpoint", die)
    monkeypatch.setattr(site.database, "at_commit", around)
    with site.poller() as poller:
        eventually(lambda: not broken)
        assert not result(site, run).run.is_over
        eventually(lambda: _after_a_beat(poller, site, run).is_over)
        eventually(lambda: names(site) == 1)
    assert counted(result(site, run)) == {"removed": 2, "archived": 1}
    assert left(dovecot, mail_user) == 1
    assert len(site.inbound()) == 3


def _after_a_beat(poller: Poller, site: PollerSite, run: int) -> Run:
    poller.beat()
    return result(site, run).run


@pytest.fixture
def purge_scripted(site: PollerSite) -> Callable[[ScriptedImap], Result]:
    def run(server: ScriptedImap) -> Result:
        site.add_mailbox("box", port=server.port, idle=False)
        with site.poller() as poller:
            eventually(lambda: len(site.inbound()) == len(server.mails))
            answered(site, site.uids("box")[1, 1].inbound_mail_id)
            return purge(site, poller)

    return run


def test_without_uidplus_a_plain_expunge_will_do(purge_scripted: Callable[[ScriptedImap], Result]) -> None:
    with ScriptedImap({1: mail(1), 2: mail(2)}) as server:
        assert counted(purge_scripted(server)) == {"removed": 1, "archived": 1}
        assert list(server.mails) == [2]


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_others_deleted_mails_are_never_taken_along(
    purge_scripted: Callable[[ScriptedImap], Result], when: str
) -> None:
    """G24: EXPUNGE would remove what somebody else marked; their undo must stay possible."""
    with ScriptedImap({1: mail(1), 2: mail(2)}) as server:
        if when == "before":
            server.deleted = {2}
        else:
            server.marks_meanwhile = [2]
        found = purge_scripted(server)
        assert "UIDPLUS" in (found.run.error or "")
        assert list(server.mails) == [1, 2]
        assert server.deleted == {2}
        assert "EXPUNGE" not in server.commands


def test_a_folder_that_may_only_be_read(site: PollerSite) -> None:
    with ScriptedImap({1: mail(1)}) as server:
        server.read_only = True
        site.add_mailbox("box", port=server.port, idle=False)
        with site.poller() as poller:
            eventually(site.inbound)
            answered(site, 1)
            found = purge(site, poller)
            assert "right to delete" in (found.run.error or "")
            assert site.relever(poller, "box").error is None


def test_pop3_removes_what_the_server_lets_go(site: PollerSite) -> None:
    with ScriptedPop3(mail(1), mail(2)) as server:
        site.add_mailbox("box", port=server.port, protocol="pop3", poll_seconds=1)
        with site.poller() as poller:
            eventually(lambda: len(site.inbound()) == 2)
            answered(site, 1, 2)
            server.misbehave("DELE 2", b"-ERR no\r\n")
            assert counted(purge(site, poller)) == {"removed": 1, "stayed": 1}
            eventually(lambda: names(site) == 2)  # it only said so: both are there, and known by their content
    assert len(site.inbound()) == 2


def test_pop3_whose_quit_fails() -> None:
    """RFC 1939 §6: only what QUIT answers counts."""
    with ScriptedPop3(mail(1)) as server:
        account = Account(server.host, server.port, "none", None, "me", "INBOX")
        session = Pop3Session(account, "secret", Limits())
        (listed,) = session.listing()
        server.misbehave("QUIT", b"-ERR some deleted messages not removed\r\n")
        with pytest.raises(MailboxTrouble, match="not removed"):
            session.remove([listed])


def test_what_a_person_is_told_when_the_mailbox_cannot_be_reached(site: PollerSite) -> None:
    with ScriptedImap({1: mail(1)}, passwords={"x": "y"}) as server:
        site.add_mailbox("box", port=server.port)
        run = ask(site)
        with site.poller():
            eventually(lambda: result(site, run).run.is_over)
    assert "login" in (result(site, run).run.error or "")


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_heartbeats_go_by_themselves_and_nothing_else(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, protocol: str
) -> None:
    """ADR 0018: they are ours, carry no order and would bury the mails of people; G24 for all others."""
    site = any_site
    dovecot.drop(mail_user.address, [mail(number) for number in range(1, 5)])
    add(site, dovecot, mail_user, protocol)
    with site.poller() as poller:
        order, beat, young, held = [row.id for row in eventually(lambda: len(site.inbound()) == 4 and site.inbound())]
        answered(site, order)
        old = site.database.now() - timedelta(hours=2)
        with site.database.transaction() as connection:
            for mail_id in (beat, young, held):
                values = {"state": "held" if mail_id == held else "done", "is_heartbeat": True}
                connection.execute(update(InboundMail).where(InboundMail.id == mail_id).values(**values))
            others = InboundMail.id != young
            connection.execute(update(InboundMail).where(others).values(archived_at=old))
            assert ask_to_remove(connection, site.database.now()) == 1
            assert ask_to_remove(connection, site.database.now()) == 0
            run = connection.execute(select(PurgeRun.id)).scalar_one()
        poller.poll(run)
        eventually(lambda: result(site, run).run.is_over)
        done = result(site, run)
        assert (done.run.error, counted(done)) == (None, {"removed": 1, "young": 1, "held": 1})
        assert left(dovecot, mail_user) == 3
        assert counted(purge(site, poller)) == {"removed": 2, "held": 1}
