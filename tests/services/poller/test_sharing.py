"""Pollers that share mailboxes: who joins, leaves, dies or sleeps; each on a real server."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from intergestan_db.leases import POLLER_BEAT_S, POLLER_VALID
from intergestan_db.tables import Worker
from intergestan_exchange.mailboxes.placement import ANY, Candidate, Takes, chosen
from intergestan_exchange.mailboxes.pollers import living, placements
from services.poller.worker import Poller, Seat
from tests.patience import eventually
from tests.servers import Dovecot, FaultProxy, RedisServer, ScriptedImap
from tests.services.poller.site import PollerSite, mail
from tests.services.poller.test_process import Deployment, deployment  # noqa: F401 - a fixture

pytestmark = pytest.mark.mainly_on("postgresql")

MakeImap = Callable[..., ScriptedImap]
BOXES = [f"box-{number}" for number in range(12)]


def owners(site: PollerSite) -> dict[str, str | None]:
    with site.database.read() as connection:
        return {box.name: None if box.is_free else box.owner for box in placements(connection, site.database.now())}


def should(names: Iterable[str]) -> dict[str, str]:
    """Who should have each of `BOXES`, where these pollers live, each under its own name."""
    pollers = [Candidate(name, name, ANY) for name in names]
    found = {box: chosen(box, None, pollers) for box in BOXES}
    return {box: one.worker for box, one in found.items() if one is not None}


def settle(site: PollerSite, names: Iterable[str]) -> dict[str, int]:
    """Until each has what it should and has begun with it; the fences."""
    expected = should(names)
    eventually(lambda: owners(site) == expected)
    time.sleep(POLLER_BEAT_S + 0.5)
    assert owners(site) == expected
    return {name: site.mailbox(name).fence for name in BOXES}


def add_boxes(site: PollerSite, server: ScriptedImap) -> None:
    for name in BOXES:
        site.add_mailbox(name, port=server.port, idle=False)


def test_who_joins_gets_its_share_and_who_leaves_gives_its_own_back(any_site: PollerSite, make_imap: MakeImap) -> None:
    """Nothing else moves: the fence of a mailbox that stays with its poller is not raised."""
    site = any_site
    add_boxes(site, make_imap())
    with ExitStack() as running:
        for name in ("one", "two"):
            running.enter_context(site.poller(worker=name))
        before = settle(site, ["one", "two"])
        with site.poller(worker="three"):
            after = settle(site, ["one", "two", "three"])
            moved = {name for name, owner in should(["one", "two", "three"]).items() if owner == "three"}
            assert {name for name in BOXES if before[name] != after[name]} == moved
            assert moved
        eventually(lambda: owners(site) == should(["one", "two"]))
        assert {name for name in BOXES if site.mailbox(name).fence != before[name]} == moved
    assert set(owners(site).values()) == {None}


def test_a_pin_moves_a_mailbox_and_its_end_moves_it_back(site: PollerSite, make_imap: MakeImap) -> None:
    add_boxes(site, make_imap())
    with site.poller(worker="one"), site.poller(worker="two"):
        eventually(lambda: owners(site) == should(["one", "two"]))
        box, other = next((box, {"one": "two", "two": "one"}[owner]) for box, owner in should(["one", "two"]).items())
        site.change_mailbox(box, pinned_to=other)
        eventually(lambda: owners(site)[box] == other)
        site.change_mailbox(box, pinned_to=None)
        eventually(lambda: owners(site) == should(["one", "two"]))


def test_two_of_one_host_have_names_of_their_own(any_site: PollerSite) -> None:
    """The name of one that ended is free for the next: its mailboxes are the same as before."""

    def names() -> dict[str, str]:
        with site.database.read() as connection:
            return {one.name: one.worker for one in living(connection, site.database.now())}

    def poller(worker: str, name: str, *, only: bool = False) -> Poller:
        return Poller(site.database, Seat(worker, name, Takes(), only), site.tools)

    site = any_site
    first, second, third = poller("a", "host"), poller("b", "host"), poller("c", "host")
    first.beat()
    second.beat()
    assert names() == {"host": "a", "host-2": "b"}
    first._leave()
    third.beat()
    second.beat()
    assert names() == {"host": "c", "host-2": "b"}
    stands_by = poller("d", "host", only=True)
    stands_by.beat()
    assert "Another poller is called host" in (stands_by.problem() or "")
    again = Poller(site.database, Seat("c", "host", Takes(("orders",))), site.tools)
    again.beat()
    with site.database.read() as connection:
        assert [one.takes.names for one in living(connection, site.database.now())] == [("orders",), ()]
    third._leave()
    stands_by.beat()
    assert names() == {"host": "d", "host-2": "b"}
    assert stands_by.problem() is None


@pytest.fixture
def embedded(site: PollerSite, redis_server: RedisServer, tmp_path: Path) -> Deployment:
    """On the embedded base only."""
    return Deployment(site, redis_server, tmp_path)


@pytest.fixture
def grown(postgres_site: PollerSite, redis_server: RedisServer, tmp_path: Path) -> Deployment:
    """On PostgreSQL only."""
    return Deployment(postgres_site, redis_server, tmp_path)


class Processes:
    """Pollers as processes, and a mailbox of each name on Dovecot."""

    def __init__(self, deployed: Deployment, dovecot: Dovecot, names: Iterable[str], port: int = 0) -> None:
        self.site = deployed.site
        self.users = {name: dovecot.new_user() for name in names}
        for name, user in self.users.items():
            secret = deployed.folder / "secrets" / name
            secret.write_text(user.password)
            secret.chmod(0o600)
            self.site.add_mailbox(name, port=port or dovecot.imap, login=user.address, secret=name, poll_seconds=5)

    def reads(self) -> dict[str, datetime | None]:
        return {name: self.site.mailbox(name).last_success_at for name in self.users}


def test_the_mailboxes_of_a_killed_poller_are_read_again_within_ten_seconds(
    deployment: Deployment,  # noqa: F811
    dovecot: Dovecot,
) -> None:
    """SIGKILL; the others keep what they have."""
    site = deployment.site
    boxes = Processes(deployment, dovecot, BOXES)
    with (
        deployment.process("--worker", "one", "--name", "one") as killed,
        deployment.process("--worker", "two", "--name", "two"),
        deployment.process("--worker", "three", "--name", "three"),
    ):
        fences = settle(site, ["one", "two", "three"])
        lost = {name for name, owner in owners(site).items() if owner == "one"}
        eventually(lambda: None not in boxes.reads().values())
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        began = site.database.now()
        death = alive_until(site, "one")
        assert death - began <= POLLER_VALID < timedelta(seconds=10)
        assert beats_until_owned(site, lost, ["two", "three"], death) == dict.fromkeys(lost, 1)
        assert owners(site) == should(["two", "three"])
        eventually(lambda: all((boxes.reads()[name] or began) > began for name in lost))
        assert {name for name in BOXES if site.mailbox(name).fence != fences[name]} == lost != set()


def alive_until(site: PollerSite, worker: str) -> datetime:
    with site.database.read() as connection:
        return connection.execute(select(Worker.alive_until).where(Worker.name == worker)).scalar_one()


def beats_until_owned(site: PollerSite, lost: set[str], heirs: Sequence[str], death: datetime) -> dict[str, int]:
    """For each lost mailbox, how often its heir beat between the death of its owner and the taking, that beat included.

    The first beat after a death takes what is due: that is how long a mailbox waits, however fast the machine is.
    """
    beats: dict[str, set[datetime]] = {name: set() for name in heirs}
    counted: dict[str, int] = {}

    def all_owned() -> bool:
        for name in heirs:
            if (beat := alive_until(site, name) - POLLER_VALID) > death:
                beats[name].add(beat)
        for box, owner in owners(site).items():
            if box in lost - counted.keys() and owner is not None and owner in beats:
                counted[box] = max(1, len(beats[owner]))
        return counted.keys() == lost

    eventually(all_owned, every=0.01)
    return counted


def test_a_poller_asleep_past_its_lease_writes_nothing(
    grown: Deployment, dovecot: Dovecot, make_proxy: Callable[..., FaultProxy]
) -> None:
    """F18: SIGSTOP in the middle of a batch; another collects it all meanwhile; SIGCONT brings what came too late."""
    site, proxy = grown.site, make_proxy(dovecot.host, dovecot.imap)
    boxes = Processes(grown, dovecot, ["commandes"], proxy.port)
    dovecot.drop(boxes.users["commandes"].address, [mail(number, 20_000) for number in range(60)])
    proxy.drip(20_000)
    with grown.process("--worker", "sleeper") as sleeper:
        eventually(lambda: proxy.connections > 0)
        time.sleep(2.5)  # the first 50 mails take fifty seconds
        assert not site.inbound()
        sleeper.send_signal(signal.SIGSTOP)
        with grown.process("--worker", "heir", "--mailbox", "commandes"):
            eventually(lambda: site.mailbox("commandes").owner == "heir")
            proxy.resume()
            eventually(lambda: len(site.uids("commandes")) == 60)
            rows, fence = site.inbound(), site.mailbox("commandes").fence
            sleeper.send_signal(signal.SIGCONT)
            log = grown.folder / "log"
            eventually(lambda: "Another poller has this mailbox now." in log.read_text() or _let_go(site, "sleeper"))
            time.sleep(1)
            assert (site.inbound(), site.mailbox("commandes").fence) == (rows, fence)
    assert sorted(site.mails()) == sorted(mail(number, 20_000) for number in range(60))


def _let_go(site: PollerSite, worker: str) -> bool:
    """Whether it lives again, hence has heard in its first beat that the mailbox is another's."""
    with site.database.read() as connection:
        return any(one.worker == worker for one in living(connection, site.database.now()))


def test_of_two_pollers_of_one_mailbox_one_reads_and_the_other_stands_by(
    embedded: Deployment, dovecot: Dovecot
) -> None:
    """`intergestan-poller@commandes` and `@commandes:2`: the second takes over; who takes any mailbox comes last."""
    site = embedded.site
    boxes = Processes(embedded, dovecot, ["commandes"])
    with (
        embedded.process("--worker", "first", "--mailbox", "commandes") as first,
        embedded.process("--worker", "second", "--mailbox", "commandes:2") as second,
        embedded.process("--worker", "any"),
    ):
        eventually(lambda: len(_live(site)) == 3)
        eventually(lambda: owners(site)["commandes"] in {"first", "second"})
        time.sleep(2.5)  # a beat later it is still the same
        holder = owners(site)["commandes"]
        assert holder in {"first", "second"}
        (first if holder == "first" else second).kill()
        heir = {"first": "second", "second": "first"}[holder]
        eventually(lambda: owners(site)["commandes"] == heir)
        eventually(lambda: boxes.reads()["commandes"])


def _live(site: PollerSite) -> list[str]:
    with site.database.read() as connection:
        return [one.name for one in living(connection, site.database.now())]


def test_a_poller_with_a_wrong_clock_takes_nothing(site: PollerSite) -> None:
    """To it the others look dead, and it to them: they would take the mailbox from each other for ever."""
    site.add_mailbox("orders", port=1)
    wrong: list[str] = ["61 s ahead of Redis"]
    poller = Poller(site.database, Seat("b", "host"), site.tools, lambda: next(iter(wrong), None))
    poller.beat()
    assert site.mailbox("orders").owner is None
    wrong.clear()
    poller.beat()
    assert site.mailbox("orders").owner == "b"
    stop = threading.Event()
    stop.set()
    poller.run(stop)
    assert site.mailbox("orders").owner is None
