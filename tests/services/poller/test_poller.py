"""The poller at work: leases, *Relever*, IDLE, what people are told, and how it stops."""

import time
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from intergestan_db.tables import Event, Worker
from intergestan_exchange.health.certificates import read_certificates
from intergestan_runtime.archive import ArchiveError
from services.poller.handles import UidNotes
from services.poller.rows import Archived, LeaseLost
from tests.patience import eventually
from tests.servers import Certificates, Dovecot, FaultProxy, MailUser, PostgresServer, ScriptedImap, imap_faults
from tests.services.poller.site import PollerSite, mail

pytestmark = pytest.mark.mainly_on("postgresql")

MakeImap = Callable[..., ScriptedImap]


def add_dovecot(site: PollerSite, dovecot: Dovecot, user: MailUser, name: str = "box", **values: object) -> int:
    return site.add_mailbox(name, user.password, **({"port": dovecot.imap, "login": user.address} | values))


def test_a_relever_collects_and_says_what_was_found(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser
) -> None:
    """G23: *Relever* goes on with the mails of its own listing."""
    site = any_site
    dovecot.drop(mail_user.address, [mail(1)])
    add_dovecot(site, dovecot, mail_user, idle=False)  # else the server's word may be faster
    with site.poller() as poller:
        eventually(site.inbound)
        dovecot.drop(mail_user.address, [mail(2), mail(3)])
        run = site.relever(poller, "box")
        assert site.relever(poller, "box").found == 0
    assert run.found == 2
    assert {uid for (_, uid), row in site.uids("box").items() if row.poll_run_id == run.id} == {2, 3}
    with site.database.read() as connection:
        names = connection.scalars(select(Event.name).where(Event.subject == "inbound_mail")).all()
    assert names == ["archive"] * 3
    assert {row.state for row in site.inbound()} == {"archived"}
    assert all(row.rung_at == row.archived_at for row in site.inbound())
    assert sorted(site.rung) == [row.id for row in site.inbound()]


def test_an_open_relever_is_found_without_a_bell(site: PollerSite, make_imap: MakeImap) -> None:
    """Redis is only a bell: the run stands in the base, and each beat looks for it."""
    site.add_mailbox("box", port=make_imap().port, idle=False)
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_success_at)
        run = site.ask("box")
        poller.beat()
        eventually(lambda: site.run(run).listed_at)


def test_idle_brings_a_mail_at_once(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    add_dovecot(site, dovecot, mail_user)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_success_at)
        dovecot.deliver(mail_user.address, mail(1))
        eventually(site.inbound, seconds=5)  # of 60 until the next poll
        assert site.metric("mailbox_idle_wakeups_total", mailbox="box") == 1


class _TellsWhileFetching(ScriptedImap):
    """A second mail arrives while the first is fetched; the server says so in its answer, and never again."""

    def next_fault(self, verb: str) -> imap_faults.ImapFault | None:
        if verb == "BODY" and 2 not in self.mails:
            self.mails[2] = mail(2)
            self.chatter.append(b"* 2 EXISTS")
        return super().next_fault(verb)


def test_what_is_told_while_we_fetch_is_collected_at_once(site: PollerSite) -> None:
    with _TellsWhileFetching({1: mail(1)}) as server:
        site.add_mailbox("box", port=server.port)
        with site.poller():
            eventually(lambda: len(site.inbound()) == 2, seconds=5)  # of 60 until the next poll


def test_polls_beside_idle(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap()
    site.add_mailbox("box", port=server.port, poll_seconds=1)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_success_at)
        server.mails[1] = mail(1)  # without a word to those who IDLE
        server.mails[2] = mail(2)
        eventually(lambda: len(site.inbound()) == 2)
        assert server.connections == 1


@pytest.mark.parametrize("mails", [1000, pytest.param(5000, marks=pytest.mark.campaign)])
def test_big_mailbox_in_windows(any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, mails: int) -> None:
    """Listed by 600: each is there once."""
    site = any_site
    dovecot.drop(mail_user.address, (mail(number) for number in range(mails)))
    add_dovecot(site, dovecot, mail_user)
    with site.poller(window=600):
        eventually(lambda: site.mailbox("box").last_success_at)
    assert len(site.inbound()) == len(site.uids("box")) == len(set(site.rung)) == mails
    assert sorted(site.mails()) == sorted(mail(number) for number in range(mails))
    assert site.metric("mails_collected_total") == mails
    assert site.metric("mailbox_backlog_messages", mailbox="box") == 0


def test_a_mail_that_comes_by_two_mailboxes_has_one_row(any_site: PollerSite, dovecot: Dovecot) -> None:
    site = any_site
    for number in range(4):
        user = dovecot.new_user()
        dovecot.drop(user.address, [mail(n) for n in range(120)])
        add_dovecot(site, dovecot, user, name=f"box{number}")
    with site.poller():
        eventually(lambda: all(len(site.uids(f"box{n}")) == 120 for n in range(4)))
    assert len(site.inbound()) == 120
    assert sorted(site.rung) == [row.id for row in site.inbound()]


def test_named_mailboxes_only(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap()
    for name in ("a", "b", "c"):
        site.add_mailbox(name, port=server.port, idle=False)
    with site.poller("a", "b", worker="one"), site.poller("c", worker="two"):
        eventually(lambda: all(site.mailbox(name).last_success_at for name in "abc"))
        assert [site.mailbox(name).owner for name in "abc"] == ["one", "one", "two"]
        assert server.connections == 3


def test_a_mailbox_that_is_switched_off_is_let_go(site: PollerSite, make_imap: MakeImap) -> None:
    site.add_mailbox("box", port=make_imap().port)
    with site.poller() as poller:
        eventually(lambda: poller.problem() is None and site.mailbox("box").last_success_at)
        site.change_mailbox("box", active=False)
        poller.beat()
        assert site.metric("mailbox_lease_held", mailbox="box") == 0


def test_a_clean_stop_is_quick_and_frees_the_mailbox(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser
) -> None:
    add_dovecot(any_site, dovecot, mail_user, poll_seconds=3600)
    with any_site.poller(idle_seconds=1740):  # longer than anybody waits for its end
        eventually(lambda: any_site.mailbox("box").last_success_at)
        assert any_site.mailbox("box").owner == "poller-1"
        time.sleep(0.2)  # it IDLEs by now
    assert any_site.mailbox("box").owner is None
    with any_site.database.read() as connection:
        assert connection.execute(select(Worker.name)).all() == []


def test_a_clean_stop_does_not_wait_for_a_server_that_hangs(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap()
    server.misbehave("SEARCH", imap_faults.silence())
    server.mails[1] = mail(1)
    site.add_mailbox("box", port=server.port)
    with site.poller(silence_seconds=3600, command_seconds=3600):  # longer than anybody waits for its end
        eventually(lambda: any("SEARCH" in line for line in server.commands))


def test_a_dead_owner_is_replaced_and_can_write_nothing(any_site: PollerSite, make_imap: MakeImap) -> None:
    """A process that sleeps past its lease (SIGSTOP) finds the fence raised."""
    site = any_site
    server = make_imap({1: mail(1)})
    site.add_mailbox("box", port=server.port, idle=False)
    with site.poller(worker="sleeper") as sleeper:
        eventually(lambda: site.mailbox("box").last_success_at)
        stale = site.rows_of("box", "sleeper")
        with site.database.transaction() as connection:  # as if it had not beaten for nine seconds
            past = site.database.now() - timedelta(seconds=1)
            connection.execute(update(Worker).where(Worker.name == "sleeper").values(alive_until=past))
        with site.poller(worker="heir"):
            eventually(lambda: site.mailbox("box").owner == "heir")
            eventually(lambda: server.connections == 2)
            for write in (
                lambda: stale.keep(UidNotes(1), [Archived(9, "0" * 64, 1)], None),
                lambda: stale.note_too_big(UidNotes(1), [9], None),
                lambda: stale.finish([], 0),
                lambda: stale.say("connectError", "no", end_runs=True),
            ):
                with pytest.raises(LeaseLost):
                    write()
            sleeper.beat()
            assert site.mailbox("box").owner == "heir"
            assert (1, 9) not in site.uids("box")


def test_a_wrong_password_is_told_and_blocks_no_other(site: PollerSite, dovecot: Dovecot) -> None:
    good, bad = dovecot.new_user(), dovecot.new_user()
    add_dovecot(site, dovecot, good, "good")
    site.add_mailbox("bad", "wrong", port=dovecot.imap, login=bad.address)
    with site.poller() as poller:
        eventually(lambda: site.mailbox("bad").last_error and site.mailbox("good").last_success_at)
        row = site.mailbox("bad")
        assert row.state == "authenticationError"
        assert "Enter the right password" in row.last_error
        assert "wrong" not in row.last_error
        assert "login of mailbox bad" in site.relever(poller, "bad").error
        site.passwords["bad"] = bad.password
        run = site.ask("bad")
        poller.poll(run)
        eventually(lambda: site.mailbox("bad").state == "connected")
        assert site.mailbox("bad").last_error is None
        assert poller.problem() is None


def test_an_expired_certificate_is_told(site: PollerSite, make_imap: MakeImap, certificates: Certificates) -> None:
    server = make_imap(certificate=certificates.expired)
    site.add_mailbox("box", port=server.port, security="tls", ca_file=str(certificates.ca_file))
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_error)
        assert site.mailbox("box").state == "certificateError"
        assert "expired" in site.mailbox("box").last_error
        assert "box" in (poller.problem() or "")


def test_a_lost_connection_is_made_again(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser, make_proxy: Callable[..., FaultProxy]
) -> None:
    """F6: within seconds, and nobody is told of the first failure."""
    proxy = make_proxy(dovecot.host, dovecot.imap)
    add_dovecot(site, dovecot, mail_user, port=proxy.port)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_success_at)
        proxy.cut()
        dovecot.deliver(mail_user.address, mail(1))
        eventually(site.inbound)
        assert site.mailbox("box").last_error is None
        assert site.metric("mailbox_reconnects_total", reason="closed") >= 1


def test_cut_in_the_middle_of_a_batch(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser, make_proxy: Callable[..., FaultProxy]
) -> None:
    proxy = make_proxy(dovecot.host, dovecot.imap)
    dovecot.drop(mail_user.address, [mail(number, size=20_000) for number in range(60)])
    proxy.cut_after_bytes(300_000)
    add_dovecot(any_site, dovecot, mail_user, port=proxy.port)
    with any_site.poller():
        eventually(lambda: len(any_site.inbound()) == 60)
    assert sorted(any_site.mails()) == sorted(mail(number, size=20_000) for number in range(60))
    assert len(any_site.rung) == 60


def test_changed_settings_take_effect(site: PollerSite, make_imap: MakeImap) -> None:
    one, two = make_imap(), make_imap({1: mail(1)}, uidvalidity=2)
    site.add_mailbox("box", port=one.port)
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_success_at)
        site.change_mailbox("box", port=two.port)
        site.relever(poller, "box")
        eventually(site.inbound)


def test_no_space_records_nothing_and_goes_on_when_there_is_some(site: PollerSite, make_imap: MakeImap) -> None:
    """F9: mails stay on the server; *Relever* says why."""
    site.archive._min_free_share = 1.0
    site.add_mailbox("box", port=make_imap({1: mail(1)}).port)
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").state == "diskFull")
        assert "Free some space" in site.mailbox("box").last_error
        assert (site.inbound(), site.uids("box")) == ([], {})
        assert site.relever(poller, "box").error
        assert site.metric("archive_free_bytes") > 0
        site.archive._min_free_share = 0.0
        site.relever(poller, "box")
        assert len(site.inbound()) == 1


def test_a_disk_that_fails_ends_the_process(site: PollerSite, make_imap: MakeImap) -> None:
    """F9: after a failed fsync nobody knows what is on the disk; it is never repeated."""
    site.add_mailbox("box", port=make_imap({1: mail(1)}).port)
    site.archive.root.write_bytes(b"a file where the folder should be")
    with pytest.raises(ArchiveError), site.poller() as poller:
        eventually(lambda: poller._error)
    assert (site.inbound(), site.uids("box")) == ([], {})


def test_the_base_comes_back(postgres_site: PollerSite, postgres_server: PostgresServer, make_imap: MakeImap) -> None:
    """F7: sessions of the base end at any moment; nothing is lost or doubled."""
    site, server = postgres_site, make_imap({1: mail(1)})
    site.add_mailbox("box", port=server.port, idle=False, poll_seconds=1)
    with site.poller():
        eventually(lambda: site.mailbox("box").last_success_at)
        for uid in range(2, 6):
            server.mails[uid] = mail(uid)
            postgres_server.terminate_backends(site.database.url)
            time.sleep(0.3)
        eventually(lambda: len(site.inbound()) == 5)
    assert len(site.uids("box")) == 5


def test_the_base_knows_when_the_certificate_of_the_server_ends(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser
) -> None:
    """Issue 4: for alarms without Prometheus; noted once, not with each poll."""
    site = any_site
    add_dovecot(site, dovecot, mail_user, port=dovecot.imaps, security="tls", ca_file=str(dovecot.ca_file))
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_success_at)
        site.relever(poller, "box")
    with site.database.read() as connection:
        (event,) = connection.execute(select(Event.__table__).where(Event.subject == "mailbox")).all()
        found = read_certificates(connection)
    assert event.name == "certificate"
    assert found["box"].timestamp() == event.detail["ends"] > site.database.now().timestamp()
    site.change_mailbox("box", active=False)
    with site.database.read() as connection:
        assert read_certificates(connection) == {}
