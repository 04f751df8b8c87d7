"""Who is in charge is told once of each thing that waits, by a mail that names the cure."""

from __future__ import annotations

import email
import email.policy
from datetime import timedelta

import pytest
from sqlalchemy import Connection, insert, update

from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_db.problem import Problem
from intergestan_db.tables import InboundMail, Notice, ToldHold
from intergestan_exchange.holds import hold_acts, notices, review
from intergestan_exchange.holds.holds import list_holds
from intergestan_exchange.holds.notice_text import MOST, News, write_notice
from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox
from tests.desk import Desk
from tests.factories import a_line, an_order

EVERY = timedelta(minutes=15)
ANNE = "anne@stauber.test"


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def hold_an_order(desk: Desk, number: str) -> None:
    desk.book(an_order(number, (a_line(1),)))


def tell(desk: Desk, later: timedelta = timedelta(0), language: str = "fr") -> int | None:
    """What a dispatcher does at one look."""
    now = desk.base.now() + later
    with desk.base.read() as connection:
        standing = notices.compare(connection)
        if not standing.is_time(now, EVERY):
            return None
        drafted = notices.draft(connection, standing, ANNE, language, EVERY, now)
    assert drafted is not None
    with desk.base.transaction() as connection:
        return notices.write(connection, drafted, now)


def read(desk: Desk, notice_id: int | None) -> tuple[str, str]:
    (row,) = desk.rows(Notice, id=notice_id)
    message = email.message_from_bytes(row.mime, policy=email.policy.default)
    return str(message["Subject"]), message.get_content()


def test_each_thing_is_told_once_in_one_mail_for_all_that_is_new(desk: Desk) -> None:
    assert tell(desk) is None, "nothing waits"
    hold_an_order(desk, "A1")
    hold_an_order(desk, "A2")
    subject, text = read(desk, tell(desk))
    assert "2" in subject
    for part in ("order-1", "order-2", "commande A1", "Mulhouse", "CAS0001"):
        assert part in text
    assert tell(desk, EVERY) is None, "nothing is new"
    hold_an_order(desk, "A3")
    assert tell(desk, EVERY - timedelta(seconds=1)) is None, "not so soon"
    subject, text = read(desk, tell(desk, EVERY, "en"))
    assert ("A3" in text, "A1" in text, "What" in text or "do not know" in text) == (True, False, True)
    assert "1 new, 3 in all" in subject


def test_what_came_back_is_news_again(desk: Desk) -> None:
    hold_an_order(desk, "A1")
    tell(desk)
    with desk.base.transaction() as connection:
        (hold,) = list_holds(connection)
        hold_acts.refuse(connection, [hold.ref], None, by="anne", at=desk.base.now())
    with desk.base.transaction() as connection:
        standing = notices.compare(connection)
        assert (standing.new, standing.total) == (frozenset(), 0)
        assert standing.gone == {("order", hold.id)}
        notices.forget(connection, standing.gone)
    assert desk.rows(ToldHold) == []


def test_orders_in_review_are_told_as_well(desk: Desk) -> None:
    """A parked line would else wait unseen."""
    desk.set_policy(unknown_product="park_line")
    hold_an_order(desk, "A1")
    _, text = read(desk, tell(desk))
    assert ("CCL1" in text, "A1" in text) == (True, True)
    with desk.base.transaction() as connection:
        review.refuse(connection, "CCL1", None, by="anne", at=desk.base.now())
        assert notices.compare(connection).gone == {("sales", 1)}


def test_of_two_dispatchers_one_writes(desk: Desk) -> None:
    hold_an_order(desk, "A1")
    now = desk.base.now()
    with desk.base.read() as connection:
        drafts = [notices.draft(connection, notices.compare(connection), ANNE, "fr", EVERY, now) for _ in range(2)]
    written = []
    for each in drafts:
        assert each is not None
        with desk.base.transaction() as connection:
            written.append(notices.write(connection, each, now))
    assert [notice_id is not None for notice_id in written] == [True, False]
    assert len(desk.rows(Notice)) == 1


def test_a_crash_before_the_commit_loses_nothing(desk: Desk) -> None:
    hold_an_order(desk, "A1")
    now = desk.base.now()
    with desk.base.read() as connection:
        drafted = notices.draft(connection, notices.compare(connection), ANNE, "fr", EVERY, now)
    assert drafted is not None
    with desk.base.engine.connect() as connection:
        notices.write(connection, drafted, now)
        connection.rollback()
    assert (desk.rows(Notice), desk.rows(ToldHold)) == ([], [])
    assert tell(desk) is not None


def a_mailbox(connection: Connection, login: str) -> None:
    box = NewMailbox(name="box", host="127.0.0.1", port=1, security=Security.NONE, login=login, secret="x")
    add_mailbox(connection, box, by="test", at=Database("sqlite://").now())


@pytest.mark.parametrize("to", ["o@stauber.test", "O@Stauber.test", "o+holds@stauber.test", "box@stauber.test"])
def test_we_do_not_write_to_ourselves(desk: Desk, to: str) -> None:
    """A notice in our own mailbox would be read by a program only."""
    with desk.base.transaction() as connection:
        a_mailbox(connection, "box@stauber.test")
        with pytest.raises(Problem, match="mailbox of this site"):
            notices.check_reader(connection, to)
        notices.check_reader(connection, ANNE)


def test_old_notices_go_and_one_that_waits_stays(desk: Desk) -> None:
    hold_an_order(desk, "A1")
    first = tell(desk)
    with desk.base.transaction() as connection:
        connection.execute(update(Notice).values(next_attempt_at=None))
    hold_an_order(desk, "A2")
    second = tell(desk, timedelta(days=20))
    hold_an_order(desk, "A3")
    third = tell(desk, timedelta(days=51))
    assert first is not None
    assert [row.id for row in desk.rows(Notice)] == [second, third], "the second was not sent yet"


def test_a_notice_that_was_given_up_is_known(desk: Desk) -> None:
    hold_an_order(desk, "A1")
    tell(desk)
    with desk.base.transaction() as connection:
        assert notices.last_given_up(connection) is None
        connection.execute(update(Notice).values(next_attempt_at=None, error="550 nobody"))
        assert notices.last_given_up(connection) == "550 nobody"
        connection.execute(update(Notice).values(sent_at=desk.base.now()))
        assert notices.last_given_up(connection) is None


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_flood_is_counted_and_nothing_hidden_passes(language: str) -> None:
    news = [News(f"in-{n}", "\u202eevil", "told\x1b[31m\nBcc: x", "do") for n in range(MOST + 5)]
    _, text = write_notice("Dépôt", news, 99, 15, language)
    assert ("99" in text, f"in-{MOST}" in text, "5" in text) == (True, False, True)
    assert not any(character in text for character in "\u202e\x1b")
    assert "\nBcc" not in text


def test_mails_that_were_not_understood_are_told(desk: Desk) -> None:
    with desk.base.transaction() as connection:
        row = {"sha256": "f" * 64, "size": 1, "state": "held", "archived_at": desk.base.now()}
        detail = '[{"reason":"poison","values":{"strikes":"3"}}]'
        connection.execute(insert(InboundMail).values(**row, reason="poison", detail=detail))
    _, text = read(desk, tell(desk))
    assert "in-1" in text
