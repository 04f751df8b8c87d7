"""What a partner's mails say of the numbering, whatever its clock does meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest
from sqlalchemy import Connection, insert, select, update

from intergestan_db.tables import InboundMail, InboundTransfer, Partner
from intergestan_exchange.history.positions import note_position, theirs_is_older
from intergestan_msg.kinds import Kind
from intergestan_msg.manifest import Manifest, Position
from tests.site_factories import NOW, SiteToTest

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


class Told(NamedTuple):
    """What came from the partner: minutes after the first by our clock, how far theirs is ahead, the last number that
    it says it gave; `is_order`: a mail with this number, else a heartbeat.
    """

    minutes: int
    ahead: timedelta
    seq: int
    is_order: bool = False


def order(minutes: int, seq: int, ahead: timedelta = timedelta(0)) -> Told:
    return Told(minutes, ahead, seq, is_order=True)


def beat(minutes: int, seq: int, ahead: timedelta = timedelta(0)) -> Told:
    return Told(minutes, ahead, seq)


@pytest.fixture
def older(paired_sites: tuple[SiteToTest, SiteToTest]) -> Callable[..., list[bool]]:
    """Whether the partner's database looks older than ours, after each of what came."""
    site, _other = paired_sites
    partner_id = site.row(Partner).id

    def come(told: Told) -> bool:
        now = NOW + told.minutes * MINUTE
        with site.database.transaction() as connection:
            if told.is_order:
                _take(connection, partner_id, told.seq, now, now + told.ahead)
            else:
                said = Position(sent=told.seq)
                manifest = Manifest(iss="them", aud="us", jti="x", iat=0, kind=Kind.HEARTBEAT, epoch=1, position=said)
                note_position(connection, partner_id, manifest, now + told.ahead, now)
            return bool(connection.execute(select(theirs_is_older()).where(Partner.id == partner_id)).scalar_one())

    return lambda *told: list(map(come, told))


def _take(connection: Connection, partner_id: int, seq: int, now: datetime, composed_at: datetime) -> None:
    mail = {"sha256": f"{seq:064}", "size": 1, "state": "done", "archived_at": now}
    mail_id = connection.execute(insert(InboundMail).values(**mail).returning(InboundMail.id)).scalar_one()
    transfer = {"partner_id": partner_id, "jti": f"{seq}", "epoch": 1, "seq": seq, "kind": "orders"}
    times = {"composed_at": composed_at, "received_at": now}
    about = {"transfer_digest": "0" * 64, "inbound_mail_id": mail_id}
    connection.execute(insert(InboundTransfer).values(**transfer, **times, **about))


def test_a_partner_that_went_back_is_known_by_its_next_heartbeat(older: Callable[..., list[bool]]) -> None:
    assert older(beat(0, 4), order(5, 5), beat(10, 4)) == [False, False, True]


def test_a_mail_may_overtake_a_heartbeat(older: Callable[..., list[bool]]) -> None:
    """Composed before the mail, it comes after it."""
    assert older(order(5, 5), beat(20, 4, -16 * MINUTE)) == [False, False]


@pytest.mark.parametrize("ahead", [HOUR, 24 * HOUR])
def test_a_clock_that_was_ahead_makes_nobody_older(older: Callable[..., list[bool]], ahead: timedelta) -> None:
    """What it told with a date of our future is no proof against what comes after the clock was set right."""
    assert older(beat(0, 4, ahead), order(5, 5), order(7, 6), beat(10, 6)) == [False] * 4
    assert older(order(12, 7), beat(15, 6)) == [False, True], "and a database that goes back is found as ever"


def test_a_clock_that_is_set_back_makes_nobody_older(older: Callable[..., list[bool]]) -> None:
    """What comes after it is composed before the last heartbeat, as its date says."""
    assert older(beat(0, 4), order(5, 5, -HOUR), beat(10, 5, -HOUR), order(65, 6), beat(70, 6)) == [False] * 5
    assert older(order(72, 7), beat(75, 6)) == [False, True]


def test_a_note_of_an_older_release_from_the_future_gives_way(
    paired_sites: tuple[SiteToTest, SiteToTest], older: Callable[..., list[bool]]
) -> None:
    site, _other = paired_sites
    future = {"told_at": NOW + 24 * HOUR, "told_since": NOW + 24 * HOUR, "told_epoch": 1, "told_seq": 4}
    with site.database.transaction() as connection:
        connection.execute(update(Partner).values(**future))
    assert older(beat(5, 4)) == [False]
    partner = site.row(Partner)
    assert (partner.told_at, partner.told_since) == (NOW + 5 * MINUTE,) * 2
