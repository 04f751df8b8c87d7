"""The stream and what a collector reads: each event once, in an order in which none is missed, on both bases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import Scope
from intergestan_db.tables import Event, PurchaseOrder
from intergestan_erp.people.rights import change_rights
from intergestan_erp.people.tokens import revoke_token
from intergestan_erp.purchasing.purchase_orders import confirm, unconfirm
from intergestan_exchange.listing import news
from intergestan_exchange.listing.news import Place, forget_places, present_place, read_news, read_place
from services.console.api import stream
from services.console.api.problems import Word
from services.console.live import MOST_OF_ONE
from tests.patience import eventually
from tests.services.console.desk import Desk
from tests.services.console.programs import Listener, program, token_of


@pytest.fixture
def listen(desk: Desk) -> Iterator[Any]:
    """Begins streams, and ends them."""
    begun: list[Listener] = []

    def begin(token: str, last: str | None = None) -> Listener:
        begun.append(Listener(desk, token, last))
        return begun[-1]

    yield begin
    for each in begun:
        each.leave()


def turn(desk: Desk, number: str) -> None:
    """A change of an order."""
    with desk.site.database.transaction() as connection:
        unconfirm(connection, [number], by="carl", at=desk.site.database.now())
    with desk.site.database.transaction() as connection:
        confirm(connection, [number], by="carl", at=desk.site.database.now())


def test_a_change_is_told_and_goes_on_after_a_break(desk: Desk, listen: Any) -> None:
    token = token_of(desk, "carl")
    first = listen(token)
    assert first.read("here")["place"]
    turn(desk, "CFR1")
    told = [first.read("change") for _ in range(2)]
    assert [(each["subject"], each["ref"], each["state"]) for each in told] == [
        ("purchase_order", "CFR1", "draft"),
        ("purchase_order", "CFR1", "confirmed"),
    ]
    first.leave()
    turn(desk, "CFR2")
    second = listen(token, told[0]["id"])
    assert second.read("here")["place"] == told[0]["id"]
    again = [second.read("change") for _ in range(3)]
    assert [each["ref"] for each in again] == ["CFR1", "CFR2", "CFR2"]
    assert again[0] == told[1]


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
def test_of_two_transactions_none_is_missed_and_none_comes_twice(desk: Desk, listen: Any) -> None:
    """A takes a number, B is committed, the stream reads, A is committed: both are told once, A before B."""
    database = desk.site.database
    order_id = database_row(database, "CFR1")
    collector, listener = program(desk, "odile"), listen(token_of(desk, "carl"))
    place = listener.read("here")["place"]
    with database.engine.connect() as slow:
        states.record(slow, "purchase_order", [(order_id, None, None)], "slow", by="carl", at=database.now())
        with database.transaction() as quick:
            states.record(quick, "purchase_order", [(order_id, None, None)], "quick", by="carl", at=database.now())
        ids = sorted(row.id for row in desk.site.rows(Event, name="quick"))
        eventually(lambda: desk.console.watcher.is_watching)
        assert collector.get(f"/events/since?place={place}").json == {"items": [], "next": place}
        assert listener.is_silent()
        slow.commit()
    told = [listener.read("change")["event"] for _ in range(2)]
    assert told == ["slow", "quick"]
    collected = collector.get(f"/events/since?place={place}").json
    assert [each["name"] for each in collected["items"]][:2] == ["slow", "quick"]
    assert collector.get(f"/events/since?place={collected['next']}").json["items"] == []
    assert desk.site.rows(Event, name="slow")[0].id < ids[0], "the one that came later has the lower number"


def database_row(database: Database, number: str) -> int:
    with database.read() as connection:
        return connection.execute(select(PurchaseOrder.id).where(PurchaseOrder.number == number)).scalar_one()


def test_a_collector_reads_all_there_is_in_pages(desk: Desk) -> None:
    odile = program(desk, "odile")
    place, found = "0.0", []
    while True:
        page = odile.get(f"/events/since?place={place}&limit=7").json
        if not page["items"]:
            break
        found += page["items"]
        place = page["next"]
    with desk.site.database.read() as connection:
        count = len(connection.execute(select(Event.id)).all())
    assert len(found) == count
    assert len({each["place"] for each in found}) == count
    assert page["next"] == place


def test_a_program_hears_of_what_its_token_is_for(desk: Desk, listen: Any) -> None:
    sales = listen(token_of(desk, "carl", [Scope.SALES_READ]))
    orders = listen(token_of(desk, "carl", [Scope.ORDERS_READ], name="other"))
    assert sales.read("here")
    assert orders.read("here")
    turn(desk, "CFR1")
    assert orders.read("change")["ref"] == "CFR1"
    with desk.site.database.transaction() as connection:
        states.record(connection, "user", [(1, None, None)], "login", by="carl", at=desk.site.database.now())
        states.record(
            connection, "sales_order", [(1, None, "accepted")], "accept", by="carl", at=desk.site.database.now()
        )
    assert sales.read("change")["ref"] == "CCL1", "the first that it hears of"


def test_a_stream_ends_with_its_token(desk: Desk, listen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "SIGN_S", 0.1)
    revoked, without_role = listen(token_of(desk, "carl")), listen(token_of(desk, "odile"))
    assert revoked.read("here")
    assert without_role.read("here")
    database = desk.site.database
    with database.transaction() as connection:
        revoke_token(connection, "carl", "erp", by="marie", at=database.now())
        change_rights(connection, "odile", roles=[], by="marie", at=database.now())
    revoked.ends()
    without_role.ends()
    eventually(lambda: not desk.console.watcher.is_watching)


def test_a_console_that_stops_lets_all_go(desk: Desk, listen: Any) -> None:
    some = [listen(token_of(desk, who)) for who in ("carl", "odile")]
    for each in some:
        assert each.read("here")
    eventually(lambda: desk.console.watcher.is_watching)
    desk.console.end_streams()
    for each in some:
        each.ends()


def test_a_token_has_two_streams(desk: Desk, listen: Any) -> None:
    token = token_of(desk, "carl")
    some = [listen(token) for _ in range(MOST_OF_ONE)]
    for each in some:
        assert each.read("here")
    refused = program(desk, "carl", name="x")
    refused.token = token
    assert refused.get("/stream").problem == (429, Word.TOO_MANY_STREAMS)
    some[0].leave()
    assert listen(token).read("here")


def test_nobody_asks_the_base_while_nobody_listens(desk: Desk, listen: Any) -> None:
    assert not desk.console.watcher.is_watching
    listener = listen(token_of(desk, "carl"))
    assert listener.read("here")
    eventually(lambda: desk.console.watcher.is_watching)
    listener.leave()
    eventually(lambda: not desk.console.watcher.is_watching)


@pytest.mark.parametrize("place", ["9000000000000000000.1", "9223372036854775806.0", "9999999999999999999.1"])
def test_a_place_of_another_history_is_told(desk: Desk, place: str) -> None:
    odile = program(desk, "odile")
    answer = odile.get("/stream", **{"last-event-id": place})
    assert answer.problem == (410, Word.PLACE_GONE)
    begin = answer.json["detail"].rpartition(" ")[2].rstrip(".")
    assert read_place(begin) is not None
    assert odile.get(f"/events/since?place={place}").problem == (410, Word.PLACE_GONE)
    assert odile.get(f"/events/since?place={begin}").status == 200


@pytest.mark.parametrize("place", ["x", "1", "1.", "-1.2", "1.2.3", "é.1", ""])
def test_what_is_no_place(desk: Desk, place: str) -> None:
    assert program(desk, "odile").get("/stream", **{"last-event-id": place}).problem == (422, Word.WRONG_FIELDS)


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
def test_events_of_a_dump_that_was_restored_elsewhere_are_told_first(desk: Desk) -> None:
    """Their transactions are yet to come here: they would be told when these have passed."""
    database = desk.site.database
    with database.transaction() as connection:
        far = (
            connection.execute(text("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")).scalar_one()
            + 10**6
        )
        row = {"at": database.now(), "who": "carl", "subject": "user", "subject_id": 1, "name": "far"}
        connection.execute(insert(Event).values(**row, xid=far))
    with database.transaction() as connection:
        assert news.count_stray(connection) == 1
        assert forget_places(connection) == 1
        assert news.count_stray(connection) == 0
    with database.read() as connection:
        told = {each.name for each in read_news(connection, Place(0, 0))}
        assert "far" in told
        assert read_news(connection, present_place(connection)) == []


@pytest.mark.parametrize("make_database", ["postgresql"], indirect=True)
def test_the_console_cannot_say_in_which_transaction_it_writes(desk: Desk) -> None:
    row = {"at": desk.site.database.now(), "who": "carl", "subject": "user", "subject_id": 1, "name": "x", "xid": 1}
    with pytest.raises(Exception, match="permission denied"), desk.console.database.transaction() as connection:
        connection.execute(insert(Event).values(**row))


def test_of_roles_that_may_read_nothing_none_listens(desk: Desk) -> None:
    token = program(desk, "nadia")
    with desk.site.database.transaction() as connection:
        change_rights(connection, "nadia", roles=[], by="marie", at=desk.site.database.now())
    assert token.get("/stream").problem == (403, Word.NOT_ALLOWED)
