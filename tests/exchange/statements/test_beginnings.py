"""Statements that go on from what was counted say what those say that count all anew (ADR 0070)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, delete, func, insert, select, update

from intergestan_db.tables import (
    FormerBody,
    InboundMail,
    InboundTransfer,
    OutboundBody,
    OutboundMail,
    Partner,
    SeriesBeginning,
    WithdrawnNumber,
)
from intergestan_exchange.outbox import outbound
from intergestan_exchange.statements import beginnings, statements
from intergestan_exchange.statements.statements import Counter, Pace
from intergestan_msg.running_sha256 import RunningSha256
from intergestan_msg.statement import Account, Entry, Statement, account_of, fault_of
from tests.examples import share
from tests.site_factories import NOW, SiteToTest
from tests.statements import rolled_back

Sites = tuple[SiteToTest, SiteToTest]
A_DAY = timedelta(days=1)
QUICK = Pace(most=7, fresh_s=0)
ADDRESS = "appros@stauber.test"
TABLES = (InboundMail, InboundTransfer, OutboundMail, OutboundBody, FormerBody, SeriesBeginning, WithdrawnNumber)
"""That a story writes to; each refers at most to earlier ones."""


class Story:
    """What becomes of the mails between us and a partner, in rows, as services and people write them."""

    def __init__(self, connection: Connection, random: Random) -> None:
        self.connection = connection
        self.random = random
        connection.execute(update(Partner).values(order_address=ADDRESS))
        self.partner = connection.execute(select(Partner.id)).scalar_one()
        self.now = NOW
        self.names = 0
        self.theirs = (1, 0)
        self.lost: list[tuple[int, int, Any]] = []
        self.backup: dict[Any, list[Any]] | None = None

    def name(self) -> str:
        self.names += 1
        return f"{self.names:064x}"

    # -- what happens ----------------------------------------------------------------------------------------

    def days_pass(self) -> None:
        self.now += A_DAY * self.random.choice([0, 1, 1, 3])

    def we_send(self) -> None:
        epoch = self._out_epoch()
        own = (OutboundMail.partner_id == self.partner, OutboundMail.epoch == epoch)
        last = self.connection.execute(select(func.max(OutboundMail.seq)).where(*own)).scalar() or 0
        for seq in range(last + 1, last + 1 + self.random.randint(1, 6)):
            self._send(epoch, seq, self.random.choice(["sent", "sent", "answered", "composed"]))

    def _send(self, epoch: int, seq: int, state: str) -> None:
        values = {"partner_id": self.partner, "kind": "orders", "requested_at": self.now, "composed_at": self.now}
        values |= {"epoch": epoch, "seq": seq, "state": state, "recipient": ADDRESS}
        name = self.name()
        values |= {"transfer_id": name[-36:], "transfer_digest": name}
        mail = self.connection.execute(insert(OutboundMail).values(**values).returning(OutboundMail.id)).scalar_one()
        self.connection.execute(insert(OutboundBody).values(outbound_mail_id=mail, mime=b"mail"))

    def they_send(self) -> None:
        """Some mails get lost; some wait as a whole."""
        for _ in range(self.random.randint(1, 6)):
            self.theirs = (self.theirs[0], self.theirs[1] + 1)
            fate = self.random.choice(["comes", "comes", "comes", "is lost", "is held", "is void"])
            if fate == "comes":
                self._book(*self.theirs, self.now)
            elif fate != "is void":
                self.lost.append((*self.theirs, self.now))
            if fate == "is held":
                self._archive(state="held", partner_id=self.partner, epoch=self.theirs[0], seq=self.theirs[1])

    def a_lost_mail_comes(self) -> None:
        if self.lost:
            self._book(*self.lost.pop(self.random.randrange(len(self.lost))))

    def _archive(self, **values: Any) -> int:
        values = {"sha256": self.name(), "size": 9, "archived_at": self.now, "state": "done"} | values
        made = insert(InboundMail).values(**values).returning(InboundMail.id)
        return int(self.connection.execute(made).scalar_one())

    def _book(self, epoch: int, seq: int, composed_at: Any) -> None:
        values = {"partner_id": self.partner, "epoch": epoch, "seq": seq, "kind": "orders", "jti": self.name()[-36:]}
        values |= {"transfer_digest": f"{epoch:032x}{seq:032x}", "composed_at": composed_at, "received_at": self.now}
        self.connection.execute(insert(InboundTransfer).values(inbound_mail_id=self._archive(), **values))

    def a_mail_is_given_up(self) -> None:
        ids = self._mails(OutboundMail.state == "composed")
        if ids:
            outbound.abandon(self.connection, [self.random.choice(ids)], by="marie", at=self.now)

    def an_old_mail_gets_another_number(self) -> None:
        ids = self._mails(OutboundMail.state == "sent", OutboundMail.epoch < self._out_epoch())
        if not ids:
            return
        mail = self.random.choice(ids)
        outbound.resend(self.connection, [mail], by="marie", at=self.now)
        if self.random.random() < 0.5:  # the composer comes
            name, epoch = self.name(), self._out_epoch()
            last = select(func.max(OutboundMail.seq)).where(OutboundMail.epoch == epoch)
            seq = (self.connection.execute(last).scalar() or 0) + 1
            values = {"state": "sent", "epoch": epoch, "seq": seq, "transfer_digest": name, "composed_at": self.now}
            self.connection.execute(update(OutboundMail).where(OutboundMail.id == mail).values(**values))

    def we_are_backed_up(self) -> None:
        self.backup = {table: list(self.connection.execute(select(table.__table__)).mappings()) for table in TABLES}

    def we_are_restored(self) -> None:
        """To the last backup; what was sent and came since is gone, and they count it as it was."""
        if self.backup is None:
            return
        for table in reversed(TABLES):
            self.connection.execute(delete(table))
        for table in TABLES:
            for row in self.backup[table]:
                self.connection.execute(insert(table).values(**row))
        self.connection.execute(update(Partner).values(out_epoch=Partner.out_epoch + 1 + self.names))

    def they_are_restored(self) -> None:
        self.theirs = (self.theirs[0] + 1, 0)

    # -- statements ------------------------------------------------------------------------------------------

    def we_say(self) -> None:
        until = self._until()
        counter = Counter(self.connection, self.partner, QUICK)
        said = counter.our_statement(until)
        assert fault_of(said) is None
        with self._nothing_kept():
            assert said == Counter(self.connection, self.partner).our_statement(until)
        beginnings.keep(self.connection, self.partner, counter.longer())

    def they_say(self) -> None:
        """They have some of what we sent, and sent what we have not."""
        until = self._until()
        sent = self._accounts(InboundTransfer, until, or_else=0.1)
        theirs = Statement(until=until, sent=sent, received=self._accounts(OutboundMail, until, or_else=0.05))
        counter = Counter(self.connection, self.partner, QUICK)
        compared = counter.compare_all(theirs)
        with self._nothing_kept():
            assert compared == Counter(self.connection, self.partner).compare_all(theirs)
        beginnings.keep(self.connection, self.partner, counter.longer())

    def _accounts(self, table: Any, until: int, or_else: float) -> tuple[Account, ...]:
        """What they may list of these; at times they lack a number, or have it otherwise, or one more."""
        columns = (table.epoch, table.seq, table.transfer_digest, table.composed_at)
        rows = self.connection.execute(select(*columns).where(table.seq.is_not(None)).order_by(*columns[:2])).all()
        lacks = self.random.random() < 0.5
        found: dict[int, list[Entry]] = {}
        for row in rows:
            if not (lacks and self.random.random() < or_else):
                digest = "f" * 64 if self.random.random() < or_else / 40 else row.transfer_digest
                found.setdefault(row.epoch, []).append(Entry(row.seq, digest, int(row.composed_at.timestamp())))
        return tuple(account_of(epoch, entries, until) for epoch, entries in found.items())

    @contextmanager
    def _nothing_kept(self) -> Iterator[None]:
        nested = self.connection.begin_nested()
        self.connection.execute(delete(SeriesBeginning))
        yield
        nested.rollback()

    def _until(self) -> int:
        return int((self.now - A_DAY * self.random.choice([0, 0, 0, 1, 5])).timestamp())

    def _out_epoch(self) -> int:
        return int(self.connection.execute(select(Partner.out_epoch)).scalar_one())

    def _mails(self, *where: Any) -> list[int]:
        return list(self.connection.execute(select(OutboundMail.id).where(*where).order_by(OutboundMail.id)).scalars())


HAPPENINGS = (
    *(Story.we_send, Story.they_send, Story.days_pass) * 3,
    *(Story.we_say, Story.they_say) * 4,
    *(Story.a_lost_mail_comes, Story.a_mail_is_given_up, Story.an_old_mail_gets_another_number),
    *(Story.we_are_backed_up, Story.we_are_restored, Story.they_are_restored),
)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes years happens within some mails."""
    for module in (beginnings, statements):
        monkeypatch.setattr(module, "STEP", 2)


@pytest.mark.usefixtures("often")
@settings(max_examples=share(3), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.randoms(use_true_random=False), st.integers(10, 40))
def test_whatever_happens_both_say_the_same(paired_sites: Sites, random: Random, length: int) -> None:
    with rolled_back(paired_sites[0].database) as connection:
        story = Story(connection, random)
        for _ in range(length):
            random.choice(HAPPENINGS)(story)
        story.we_say()
        story.they_say()


@pytest.mark.usefixtures("often")
def test_what_was_counted_is_not_read_again(paired_sites: Sites) -> None:
    """Of a series whose beginning is kept, only what came since is read."""
    with rolled_back(paired_sites[0].database) as connection:
        story = Story(connection, Random(1))
        for _ in range(9):
            story.we_send()
            story.days_pass()
            counter = Counter(connection, story.partner, QUICK)
            counter.our_statement(int(story.now.timestamp()))
            beginnings.keep(connection, story.partner, counter.longer())
        (kept,) = connection.execute(select(SeriesBeginning.__table__)).all()
        last = connection.execute(select(func.max(OutboundMail.seq))).scalar_one()
        assert (kept.direction, kept.listed_by) == ("sent", "us")
        assert last is not None
        assert last - 7 <= kept.up_to <= last
        before = Counter(connection, story.partner).our_statement(int(story.now.timestamp()))
        other = RunningSha256(kept.digest)
        other.update(b"x" * 64)
        shorter = bytearray(other.saved)
        shorter[32:40] = kept.digest[32:40]  # of the same length, with other content
        connection.execute(update(SeriesBeginning).values(digest=bytes(shorter)))
        assert Counter(connection, story.partner).our_statement(int(story.now.timestamp())) != before


@pytest.mark.usefixtures("often")
def test_a_change_that_is_committed_while_one_counts_is_seen_later(paired_sites: Sites) -> None:
    """What is counted before a number was withdrawn, and kept after, counts for nothing."""
    with rolled_back(paired_sites[0].database) as connection:
        story = Story(connection, Random(2))
        for seq in range(1, 9):
            story._send(1, seq, "composed")
        until = int(story.now.timestamp())
        counter = Counter(connection, story.partner, QUICK)
        counter.our_statement(until)
        outbound.abandon(connection, story._mails(OutboundMail.seq == 3), by="marie", at=story.now)
        beginnings.keep(connection, story.partner, counter.longer())
        (account,) = Counter(connection, story.partner).our_statement(until).sent
        assert (account.void, account.count) == (((3, 3),), 7)
