"""Every trap of IMAP that loses or doubles mails (reliability.md §3.1, F13, F14), on a poller at work.

What Dovecot can do is done with Dovecot, the rest with a server that lies.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from imapclient import IMAPClient

from services.poller.worker import Poller
from tests.patience import eventually
from tests.servers import Dovecot, MailUser, ScriptedImap, imap_faults
from tests.services.poller import faults
from tests.services.poller.site import PollerSite, mail

pytestmark = pytest.mark.mainly_on("postgresql")

MakeImap = Callable[..., ScriptedImap]


def add_dovecot(site: PollerSite, dovecot: Dovecot, user: MailUser, name: str = "box") -> int:
    return site.add_mailbox(name, user.password, port=dovecot.imap, login=user.address)


@contextmanager
def polling(site: PollerSite, server: ScriptedImap, **settings: Any) -> Iterator[Poller]:
    """A poller on a mailbox `box` of a lying server, after its first listing."""
    site.add_mailbox("box", port=server.port, idle=False)
    with site.poller(**settings) as poller:
        eventually(lambda: site.mailbox("box").last_success_at)
        yield poller


def archived(site: PollerSite) -> list[bytes]:
    return sorted(site.mails())


def mails(*numbers: int) -> list[bytes]:
    return sorted(mail(number) for number in numbers)


def test_watermark_misses_mails_that_come_late_below_the_highest_uid(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap({uid: mail(uid) for uid in (1, 2, 3)})
    server.late = {2: 1}
    with polling(site, server) as poller:
        assert archived(site) == mails(1, 3)
        site.relever(poller, "box")
        assert archived(site) == mails(1, 2, 3)


def test_star_returns_the_last_mail_though_it_is_known(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1)})
    with polling(site, server) as poller:
        assert site.relever(poller, "box").found == 0
        assert [line for line in server.commands if "FETCH" in line and "BODY" in line] == [
            "UID FETCH 1 (UID BODY.PEEK[])"
        ]


def test_uidnext_gap_is_no_proof_of_missing_mail(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap({3: mail(3), 420_000: mail(4), 4_000_000_000: mail(5)})
    with polling(site, server) as poller:
        server.mails[4_200_000_000] = mail(6)
        site.relever(poller, "box")
        assert archived(site) == mails(3, 4, 5, 6)


def test_uidvalidity_change_fetches_all_again_and_doubles_nothing(
    any_site: PollerSite, dovecot: Dovecot, mail_user: MailUser
) -> None:
    """F13: the mailbox is rebuilt, and its UIDs now mean other mails (paperless-ngx #10080)."""
    site = any_site
    dovecot.drop(mail_user.address, [mail(1), mail(2)])
    dovecot.expunge(mail_user.address, 1)
    add_dovecot(site, dovecot, mail_user)
    with site.poller():
        eventually(lambda: len(site.inbound()) == 1)
    dovecot.drop(mail_user.address, [mail(3)])
    dovecot.bump_uidvalidity(mail_user.address)
    with site.poller(worker="poller-2"):
        eventually(lambda: len(site.inbound()) == 2)
        eventually(lambda: len(site.uids("box")) == 3)
    assert archived(site) == mails(2, 3)
    assert len(site.rung) == 2


def test_uidvalidity_change_under_an_open_connection(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1)})
    with polling(site, server, full_listing_seconds=0.01) as poller:
        server.uidvalidity, server.mails = 2, {1: mail(2), 2: mail(1)}
        site.relever(poller, "box")
        assert archived(site) == mails(1, 2)
        assert set(site.uids("box")) == {(1, 1), (2, 1), (2, 2)}
        assert server.connections == 1


def test_uidvalidity_zero_means_nothing_in_the_next_session(site: PollerSite, make_imap: MakeImap) -> None:
    """iCloud; a UID known under no validity would hide another mail."""
    server = make_imap({1: mail(1)}, uidvalidity=0)
    with polling(site, server) as poller:
        server.misbehave("SELECT", imap_faults.drop())
        server.mails = {1: mail(2)}
        site.relever(poller, "box")
        eventually(lambda: archived(site) == mails(1, 2))
        rows = {row.id: row.sha256 for row in site.inbound()}
        assert len(site.uids("box")) == 1
        assert site.archive.get(rows[site.uids("box")[0, 1].inbound_mail_id]) == mail(2)


def test_a_mail_that_changed_its_uid_is_the_same_mail(any_site: PollerSite, make_imap: MakeImap) -> None:
    """Exchange renews the UID within a session: the content is the identity, the UID a handle."""
    site = any_site
    server = make_imap({1: mail(1)})
    with polling(site, server) as poller:
        server.mails = {2: mail(1)}
        server.chatter = [b"* 1 EXPUNGE", b"* 1 EXISTS"]
        site.relever(poller, "box")
        eventually(lambda: set(site.uids("box")) == {(1, 1), (1, 2)})
    assert archived(site) == mails(1)
    assert site.rung == [site.inbound()[0].id]


def test_the_same_mail_twice_in_a_batch(any_site: PollerSite, make_imap: MakeImap) -> None:
    with polling(any_site, make_imap({1: mail(1), 2: mail(1), 3: mail(2)})):
        assert archived(any_site) == mails(1, 2)
        assert len(any_site.uids("box")) == 3
        assert len(any_site.rung) == 2


def test_nothing_changes_on_the_server(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    r"""D8: no \\Seen, no \\Recent taken away, nothing moved or deleted."""
    dovecot.drop(mail_user.address, [mail(1)])
    add_dovecot(site, dovecot, mail_user)
    with site.poller():
        eventually(site.inbound)
    with IMAPClient(dovecot.host, port=dovecot.imap, ssl=False) as other:
        other.login(mail_user.address, mail_user.password)
        other.select_folder("INBOX")
        assert other.get_flags([1]) == {1: (rb"\Recent",)}


def test_a_mail_that_somebody_reads_and_flags_is_collected_all_the_same(
    site: PollerSite, dovecot: Dovecot, mail_user: MailUser
) -> None:
    dovecot.drop(mail_user.address, [mail(1)], folder="cur")
    with IMAPClient(dovecot.host, port=dovecot.imap, ssl=False) as other:
        other.login(mail_user.address, mail_user.password)
        other.select_folder("INBOX")
        other.add_flags([1], [rb"\Seen", rb"\Answered"])
    add_dovecot(site, dovecot, mail_user)
    with site.poller():
        eventually(site.inbound)


def test_expunge_between_search_and_fetch(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1), 2: mail(2)})
    server.vanished = {2}
    with polling(site, server) as poller:
        assert set(site.uids("box")) == {(1, 1)}
        server.vanished = set()  # it was the server that erred
        site.relever(poller, "box")
        assert archived(site) == mails(1, 2)


def test_expunge_by_another_client(site: PollerSite, dovecot: Dovecot, mail_user: MailUser) -> None:
    dovecot.drop(mail_user.address, [mail(1), mail(2)])
    add_dovecot(site, dovecot, mail_user)
    with site.poller() as poller:
        eventually(lambda: len(site.inbound()) == 2)
        dovecot.expunge(mail_user.address, 1)
        dovecot.drop(mail_user.address, [mail(3)])
        site.relever(poller, "box")
        eventually(lambda: archived(site) == mails(1, 2, 3))


def test_lying_size_too_small(site: PollerSite, make_imap: MakeImap) -> None:
    """It is fetched alone then, and hides no other."""
    big = mail(2, size=3 << 20)
    server = make_imap({1: mail(1), 2: big, 3: mail(3)})
    server.claimed_sizes = {2: 10}
    with polling(site, server):
        eventually(lambda: len(site.inbound()) == 3)
    assert archived(site) == sorted([mail(1), big, mail(3)])


def test_poison_mail_blocks_no_other(site: PollerSite, make_imap: MakeImap) -> None:
    """A mail that ends the connection is tried again alone, after the others, and never marked as done."""
    server = make_imap({1: mail(1), 2: mail(2), 3: mail(3)})
    poison = imap_faults.bye_in_literal(2, mail(2), kept=20)
    server.misbehave("BODY", poison)  # for all three together
    server.misbehave("BODY", poison, after=1)  # for the second, alone
    with polling(site, server):
        assert archived(site) == mails(1, 3)
        assert set(site.uids("box")) == {(1, 1), (1, 3)}
        assert site.mailbox("box").backlog == 1


def test_zero_length_body_is_not_done(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1)})
    server.misbehave("BODY", faults.answer(b"* 1 FETCH (UID 1 BODY[] {0}\r\n)\r\n"))
    with polling(site, server) as poller:
        assert site.uids("box") == {}
        assert site.mailbox("box").backlog == 1
        site.relever(poller, "box")
        assert archived(site) == mails(1)
        assert site.mailbox("box").backlog == 0


def test_mail_that_is_too_big_is_noted_and_not_fetched(any_site: PollerSite, make_imap: MakeImap) -> None:
    site = any_site
    server = make_imap({1: mail(1, size=5000), 2: mail(2)})
    with polling(site, server, mail_bytes=4000) as poller:
        assert archived(site) == mails(2)
        noted = site.uids("box")[1, 1]
        assert (noted.note, noted.inbound_mail_id) == ("too_big", None)
        assert site.relever(poller, "box").found == 0
        assert not [line for line in server.commands if line.startswith("UID FETCH 1 (UID BODY")]


def test_message_limit_cuts_searches_and_fetches(site: PollerSite, make_imap: MakeImap) -> None:
    """RFC 9738."""
    server = make_imap({uid: mail(uid) for uid in range(1, 12)})
    server.message_limit = 3
    with polling(site, server) as poller:
        site.relever(poller, "box")
        assert archived(site) == mails(*range(1, 12))


@pytest.mark.parametrize("code", ["INUSE", "LIMIT"])
def test_a_server_that_says_later_is_asked_later(site: PollerSite, make_imap: MakeImap, code: str) -> None:
    server = make_imap({1: mail(1)})
    server.misbehave("SELECT", imap_faults.reply(f"NO [{code}] not now"))
    site.add_mailbox("box", port=server.port)
    with site.poller() as poller:
        eventually(lambda: site.mailbox("box").last_error)
        assert code in site.mailbox("box").last_error
        assert site.relever(poller, "box").found == 1  # who asks is not made to wait
        assert site.mailbox("box").last_error is None


def test_mailbox_emptied_and_restored(site: PollerSite, make_imap: MakeImap) -> None:
    server = make_imap({1: mail(1), 2: mail(2)})
    with polling(site, server, full_listing_seconds=0.01) as poller:
        server.mails = {}
        site.relever(poller, "box")
        server.uidvalidity, server.mails = 9, {1: mail(2), 2: mail(1), 3: mail(3)}
        site.relever(poller, "box")
        assert archived(site) == mails(1, 2, 3)


def test_two_mailboxes_swapped(site: PollerSite, make_imap: MakeImap) -> None:
    servers = [make_imap({1: mail(number)}, uidvalidity=number) for number in (5, 6)]
    for number, server in enumerate(servers):
        site.add_mailbox(f"box{number}", port=server.port, idle=False)
    with site.poller(full_listing_seconds=0.01) as poller:
        eventually(lambda: archived(site) == mails(5, 6))
        for server, number in zip(servers, (6, 5), strict=True):
            server.uidvalidity, server.mails = number, {1: mail(number), 2: mail(10 + number)}
        for name in ("box0", "box1"):
            site.relever(poller, name)
    assert archived(site) == mails(5, 6, 15, 16)
    assert len(site.uids("box0")) == len(site.uids("box1")) == 3
