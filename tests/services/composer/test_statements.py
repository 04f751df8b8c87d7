"""What a statement of ours asks for is noted in few statements of SQL, however many numbers a partner made up."""

from __future__ import annotations

from sqlalchemy import func, select

from intergestan_db.tables import MissingNumber, Partner
from intergestan_msg.number_ranges import Ranges
from intergestan_msg.statement import Account, Statement
from services.composer.statements import MOST_ASKED, note_asked_for
from tests.pipeline.conftest import Pair
from tests.statements import noted, rolled_back


def asking(epoch: int, missing: Ranges) -> Statement:
    return Statement(until=0, received=(Account(epoch=epoch, missing=missing, count=0, digest="0" * 64),))


def test_a_hundred_thousand_invented_numbers_are_forgotten_at_once(sqlite_sites: Pair) -> None:
    """Each was a statement of its own, in one transaction: nobody else could write for a quarter of a minute."""
    site = sqlite_sites.seller
    numbers = select(func.count()).select_from(MissingNumber)
    with rolled_back(site.database) as connection:
        partner = connection.execute(select(Partner.id)).scalar_one()
        began = site.database.now()
        note_asked_for(connection, partner, asking(77, ((1, 2**53 - 2),)), site.database.now())
        assert connection.scalar(numbers) == MOST_ASKED
        sqlite_sites.clock.move(hours=1)
        few = asking(77, ((4, 5), (9, 9), (2**53, 2**53)))
        with noted(connection) as said:
            note_asked_for(connection, partner, few, site.database.now())
        assert len(said) == 3
        rows = connection.execute(select(MissingNumber.seq, MissingNumber.asked_at).order_by(MissingNumber.seq))
        assert [tuple(row) for row in rows] == [(4, began), (5, began), (9, began), (2**53, site.database.now())]
        with noted(connection) as said:
            note_asked_for(connection, partner, few, site.database.now())
        assert len(said) == 1
        note_asked_for(connection, partner, asking(78, ((9, 9),)), site.database.now())
        rows = connection.execute(select(MissingNumber.epoch, MissingNumber.seq))
        assert [tuple(row) for row in rows] == [(78, 9)]
