"""The clock is set back: what it wrote in its future counts as past, so that nobody waits as long as the step."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from intergestan_db import leases
from intergestan_db.enums import Security
from intergestan_db.tables import Event, InboundMail, Notice
from intergestan_exchange.health.clock import read_clock
from intergestan_exchange.health.status import read_status
from intergestan_exchange.health.vitals import read_vitals
from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox
from intergestan_exchange.mailboxes.poll_runs import is_alive
from intergestan_exchange.mailboxes.pollers import next_death, placements
from intergestan_runtime.clock_watch import ClockWatch
from services.dispatcher.clock import ClockKeeper
from tests.clock import Clock
from tests.services.dispatcher.test_due import Site

STEPS = [timedelta(minutes=1), timedelta(hours=1), timedelta(hours=24), timedelta(days=4000)]


def set_back(clock: Clock, step: timedelta, *, seconds: float) -> None:
    """The step, and so many seconds after it."""
    clock.now -= step
    clock.move(seconds=seconds)


@pytest.mark.mainly_on("postgresql")
@pytest.mark.parametrize("step", STEPS)
def test_a_bell_of_the_future_is_rung_again(site: Site, clock: Clock, step: timedelta) -> None:
    """`design.md` §16: rung for, lost, and the clock set back before anybody rang again."""
    site.put_inbound()
    site.outbox.put(state="requested", next_attempt_at=None)
    assert site.dispatcher.ring_due() == 2
    set_back(clock, step, seconds=21)
    assert site.dispatcher.ring_due() == 2
    assert site.dispatcher.ring_due() == 0


def test_a_second_of_the_future_is_two_machines(sqlite_site: Site, clock: Clock) -> None:
    """Their clocks may differ by two seconds: that is no reason to ring twice."""
    sqlite_site.put_inbound(rung_at=clock.now + timedelta(seconds=2))
    assert sqlite_site.dispatcher.ring_due() == 0


@pytest.mark.mainly_on("postgresql")
@pytest.mark.parametrize("step", STEPS)
def test_a_lease_of_the_future_holds_nothing(site: Site, clock: Clock, step: timedelta) -> None:
    """Of each table: who held it died with the clock that was fast."""
    base, mail = site.base, site.put_inbound()
    site.outbox.put(state="sending", **leases.lease("sender-dead", clock.now, 1))
    with base.transaction() as connection:
        assert leases.claim_mail(connection, mail, "importer-dead", clock.now) is not None
        due = clock.now - step - timedelta(minutes=2)
        notice = {"created_at": due, "next_attempt_at": due, "mime": b"", "about": "holds"}
        held = leases.lease("sender-dead", clock.now, 1)
        connection.execute(insert(Notice).values(**notice, **held))
    assert site.dispatcher.ring_due() == 0
    set_back(clock, step + leases.MAIL_LEASE, seconds=1)
    assert site.dispatcher.ring_due() == 3
    with base.transaction() as connection:
        assert leases.claim_mail(connection, mail, "importer-new", clock.now) is not None
        assert leases.claim_mail(connection, mail, "importer-other", clock.now) is None


def test_a_lease_that_was_taken_just_now_holds(sqlite_site: Site, clock: Clock) -> None:
    """Also on a machine whose clock is some seconds behind."""
    mail = sqlite_site.put_inbound()
    with sqlite_site.base.transaction() as connection:
        assert leases.claim_mail(connection, mail, "importer-1", clock.now) is not None
        assert leases.claim_mail(connection, mail, "importer-2", clock.now - timedelta(seconds=59)) is None


@pytest.mark.mainly_on("postgresql")
@pytest.mark.parametrize("step", STEPS)
def test_a_sign_of_life_of_the_future_is_none(site: Site, clock: Clock, step: timedelta) -> None:
    """Nobody reads the mailbox of a poller that was killed; and `status` and `watch` must say so."""
    base = site.base
    with base.transaction() as connection:
        box = NewMailbox(name="inbox", host="127.0.0.1", port=143, security=Security.NONE, login="a@b.test", secret="m")
        add_mailbox(connection, box, by="test", at=clock.now)
        leases.beat(connection, "poller-dead", "poller", clock.now, leases.POLLER_VALID)
        assert leases.claim_mailboxes(connection, [1], "poller-dead", clock.now)
    set_back(clock, step, seconds=12)
    with base.transaction() as connection:
        assert not is_alive(connection, "poller", clock.now)
        assert next_death(connection, clock.now, "poller") is None
        (placed,) = placements(connection, clock.now)
        assert placed.is_free
        status = read_status(connection, clock.now, 4)
        assert (status.mailboxes[0].owner, status.workers) == (None, ())
        vitals = read_vitals(connection, clock.now, 4)
        assert (vitals.services, vitals.mailboxes["inbox"].owned) == (frozenset(), False)
        leases.beat(connection, "poller-new", "poller", clock.now, leases.POLLER_VALID)
        assert leases.claim_mailboxes(connection, [1], "poller-new", clock.now)


class Watched:
    """A dispatcher's keeper on a machine whose clock is the base's; the other clock only goes forward."""

    def __init__(self, site: Site, clock: Clock) -> None:
        self.site, self.clock, self.steady = site, clock, 0.0
        watch = ClockWatch(lambda: float(clock.now.timestamp()), lambda: self.steady)
        self.keeper = ClockKeeper(site.base, watch)

    def pass_by(self, seconds: float, step: timedelta = timedelta(0)) -> int:
        self.clock.move(seconds=seconds)
        self.clock.now += step
        self.steady += seconds
        return self.keeper.look()

    def told(self) -> list[int]:
        query = select(Event.detail).where(Event.name == "clock_set_back").order_by(Event.id)
        with self.site.base.read() as connection:
            return [row["seconds"] for row in connection.scalars(query)]


def test_the_dispatcher_says_that_it_was_set_back(sqlite_site: Site, clock: Clock) -> None:
    """Once, with by how much; `status` and `watch` tell it for an hour."""
    watched = Watched(sqlite_site, clock)
    assert watched.pass_by(5) == 0
    assert watched.pass_by(5, timedelta(hours=-2)) == 7200
    assert watched.pass_by(5) == 0
    assert watched.pass_by(5, timedelta(hours=2)) == 0, "set forward: nothing lies in the future"
    assert watched.told() == [7200]
    clock.now -= timedelta(hours=2)
    with sqlite_site.base.read() as connection:
        found = read_clock(connection, clock.now)
        assert (found.seconds, found.is_well) == (7200, False)
        assert read_clock(connection, clock.now + timedelta(hours=2)).is_well


def test_a_dispatcher_that_was_not_there_says_it_too(sqlite_site: Site, clock: Clock) -> None:
    """The machine started with a wrong clock, and the right one came while nobody ran: the newest entries show it."""
    sqlite_site.put_inbound()
    with sqlite_site.base.transaction() as connection:
        connection.execute(
            insert(Event).values(at=clock.now, who="x", subject="inbound_mail", subject_id=1, name="archive")
        )
    clock.now -= timedelta(minutes=50)
    watched = Watched(sqlite_site, clock)
    assert watched.pass_by(5) == pytest.approx(3000, abs=10)
    assert watched.pass_by(5) == 0
    with sqlite_site.base.read() as connection:
        assert read_status(connection, clock.now, 4).clock.set_back_at is not None


def test_the_mail_itself_keeps_its_times(sqlite_site: Site, clock: Clock) -> None:
    """Only what says who works on what counts as past: history is not written anew."""
    mail = sqlite_site.put_inbound()
    archived = clock.now
    set_back(clock, timedelta(hours=2), seconds=30)
    sqlite_site.dispatcher.ring_due()
    with sqlite_site.base.read() as connection:
        assert connection.scalar(select(InboundMail.archived_at).where(InboundMail.id == mail)) == archived
