"""A big backlog: by several connections at once, in order, and no more in a day than the provider allows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.poller import traffic
from services.poller.traffic import affordable
from tests.patience import eventually
from tests.servers import Dovecot, FaultProxy, ScriptedImap, imap_faults
from tests.services.poller.site import PollerSite, mail

pytestmark = pytest.mark.mainly_on("postgresql")

MakeImap = Callable[..., ScriptedImap]
MakeProxy = Callable[..., FaultProxy]
TOTAL, BATCH = 120, 5


def subjects(site: PollerSite) -> list[int]:
    """The numbers of the mails, in the order of their rows."""
    return [int(raw.split(b"Subject: mail ")[1].split(b"\r\n")[0]) for raw in site.mails()]


def test_several_connections_fetch_at_once_and_keep_the_order_of_the_mailbox(
    any_site: PollerSite, make_imap: MakeImap
) -> None:
    """24 batches of a mailbox far away: four are on their way at the same time."""
    server = make_imap({number: mail(number) for number in range(1, TOTAL + 1)})
    server.body_seconds, server.together = 0.1, 4
    any_site.add_mailbox("box", port=server.port, connections=4, idle=False)
    with any_site.poller(batch_mails=BATCH):
        eventually(lambda: len(any_site.inbound()) == TOTAL)
    assert server.most_at_once == 4
    assert [(number - 1) // BATCH for number in subjects(any_site)] == [number // BATCH for number in range(TOTAL)]
    assert any_site.rung == [row.id for row in any_site.inbound()]
    assert any_site.metric("mailbox_backlog_messages", mailbox="box") == 0


def test_a_server_that_takes_no_more_connections_is_no_trouble(site: PollerSite, make_imap: MakeImap) -> None:
    """The mailbox is collected by those that there are; others are tried again only after a while."""
    server = make_imap({number: mail(number) for number in range(1, TOTAL + 1)})
    server.misbehave("LOGIN", imap_faults.reply("NO [LIMIT] too many connections"), times=9, after=2)
    site.add_mailbox("box", port=server.port, connections=4, idle=False)
    with site.poller(batch_mails=BATCH):
        eventually(lambda: len(site.inbound()) == TOTAL)
        eventually(lambda: site.mailbox("box").last_success_at)
    assert [(number - 1) // BATCH for number in subjects(site)] == [number // BATCH for number in range(TOTAL)]
    assert site.mailbox("box").last_error is None
    assert site.metric("mailbox_reconnects_total", reason="busy") == 1
    assert server.connections == 3


def test_a_connection_that_breaks_hands_its_batch_to_another(
    site: PollerSite, dovecot: Dovecot, make_proxy: MakeProxy
) -> None:
    user, proxy = dovecot.new_user(), make_proxy(dovecot.host, dovecot.imap)
    dovecot.drop(user.address, [mail(number, 4000) for number in range(TOTAL)])
    proxy.cut_after_bytes(60_000)
    site.add_mailbox("box", user.password, port=proxy.port, login=user.address, connections=4)
    with site.poller(batch_mails=BATCH):
        eventually(lambda: len(site.uids("box")) == TOTAL)
    assert sorted(subjects(site)) == list(range(TOTAL))


def test_no_more_is_fetched_in_a_day_than_the_provider_allows(any_site: PollerSite, make_imap: MakeImap) -> None:
    """All folders of an account count together; as the hours pass, the rest follows."""
    site, server = any_site, make_imap({number: mail(number, 2000) for number in range(1, 41)})
    same = {"port": server.port, "login": "account", "idle": False, "poll_seconds": 1, "bytes_per_day": 45_000}
    site.add_mailbox("box", **same)  # type: ignore[arg-type]
    with site.poller(batch_mails=BATCH):
        eventually(lambda: site.mailbox("box").state == "overQuota")
        first = len(site.inbound())
        assert sum(row.size for row in site.inbound()) <= 45_000
        assert 10 < first < 40
        assert "24 hours" in site.mailbox("box").last_error
    with site.database.transaction() as connection:
        used = traffic.spent(connection, site.mailbox("box").id, site.database.now())
        assert used == sum(row.size for row in site.inbound())
        later = site.database.now() + timedelta(hours=26)
        assert traffic.spent(connection, site.mailbox("box").id, later) == 0
    other = site.add_mailbox("folder", **same)  # type: ignore[arg-type]
    with site.database.transaction() as connection:
        assert traffic.spent(connection, other, site.database.now()) == used
        traffic.note(connection, site.mailbox("box").id, 7, later)
        assert traffic.spent(connection, other, later) == 7
        assert traffic.spent(connection, other, site.database.now()) == 0  # a day old is forgotten, ahead no clock


SIZES = st.lists(st.lists(st.integers(1, 50), min_size=1, max_size=4), max_size=8)


@given(SIZES, st.integers(-10, 300), st.booleans())
def test_what_is_affordable(sizes: list[list[int]], left: int, is_fresh: bool) -> None:  # noqa: FBT001 - Hypothesis gives it
    handles = iter(range(1000))
    batches = [[next(handles) for _ in batch] for batch in sizes]
    octets = {
        handle: size
        for batch, some in zip(batches, sizes, strict=True)
        for handle, size in zip(batch, some, strict=True)
    }
    found = affordable(batches, octets, left, is_fresh=is_fresh)
    assert found == batches[: len(found)]
    total = sum(octets[handle] for batch in found for handle in batch)
    assert total <= left or not found or (is_fresh and len(found) == 1)
    if len(found) < len(batches) and not (is_fresh and not found):
        assert total + sum(octets[handle] for handle in batches[len(found)]) > left
    assert affordable(batches, octets, None, is_fresh=is_fresh) == batches


@pytest.mark.parametrize("minutes", [0, 59, 61, 60 * 23])
def test_a_day_is_never_counted_short(site: PollerSite, minutes: int) -> None:
    """What was fetched less than 24 hours ago counts, whatever the minute."""
    at = datetime(2026, 1, 1, 10, 30, tzinfo=UTC)
    box = site.add_mailbox("box", port=1)
    with site.database.transaction() as connection:
        traffic.note(connection, box, 5, at)
        assert traffic.spent(connection, box, at + timedelta(minutes=minutes)) == 5
