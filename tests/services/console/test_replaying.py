"""*Exploitation ▸ Rejeu*: what it would change is seen first, by the importer's own role; it is done once, and doubles
nothing.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError

from intergestan_db.tables import Event, InboundMail, ReplayMail, ReplayRun, SalesOrder, Worker
from tests.console.forms import act_of
from tests.factories import cfr1, cfr2
from tests.pipeline.two_sites import products_of
from tests.services.console.browser import Answer, Browser
from tests.services.console.deciding_desk import DecidingDesk

pytestmark = pytest.mark.mainly_on("postgresql")

REPLAY = "/exploitation/rejeu"


def send(browser: Browser, page: str, path: str, **fields: str) -> Answer:
    shown = browser.get(page)
    return browser.post(path, {"jeton": shown.token, "jeton_acte": act_of(shown.text), **fields})


def go_on(desk: DecidingDesk) -> int:
    """The importer does what it finds to look at; how often it found some."""
    times = 0
    while desk.seller.importer.look_on(lambda: False):
        times += 1
    return times


@pytest.fixture
def held(deciding: DecidingDesk) -> DecidingDesk:
    """CFR1 and CFR2 came in a mail each, and are held, for nobody knew the products; an importer lives."""
    deciding.send("CFR1")
    deciding.send("CFR2")
    now = deciding.seller.database.now()
    with deciding.seller.database.transaction() as connection:
        alive = {"name": "importer-x", "service": "importer", "started_at": now}
        connection.execute(insert(Worker).values(**alive, alive_until=now + timedelta(seconds=9)))
    return deciding


def states(desk: DecidingDesk) -> list[tuple[str, str | None]]:
    return [(row.state, row.reason) for row in desk.seller.rows(InboundMail)]


def test_what_would_change_is_seen_before_it_is_done(held: DecidingDesk) -> None:
    """Looking changes nothing; then those that were seen are taken in, once, whoever presses; no order is doubled."""
    odile, adam = held.browser("odile"), held.browser("adam")
    held.seller.put_products(*products_of(cfr1()))
    before = states(held)
    asked = send(odile, REPLAY, REPLAY, tous="1")
    here = asked.headers["location"]
    assert (asked.status, here) == (303, f"{REPLAY}/1")
    assert "Les courriels sont lus" in odile.get(here).said
    early = odile.post(f"{here}/rejouer", {"jeton": odile.get("/moi").token, "jeton_acte": "b" * 20})
    assert (early.status, "pas encore terminé" in early.said) == (409, True)
    assert go_on(held) == 1
    page = odile.get(here)
    assert "1 courriel changerait, 2 regardés" in page.said.replace("\u00a0", " "), page.said
    assert "CFR1" in page.said
    assert "CFR2" not in page.said
    assert (states(held), held.seller.rows(SalesOrder)) == (before, [])
    of_adam = adam.get(here)
    done = send(odile, here, f"{here}/rejouer")
    assert (done.status, done.headers["location"]) == (303, here)
    late = adam.post(f"{here}/rejouer", {"jeton": of_adam.token, "jeton_acte": act_of(of_adam.text)})
    assert (late.status, "odile" in late.said) == (409, True)
    assert "data-again" in odile.get(here).text
    held.take_in()
    assert [row.customer_order_number for row in held.seller.rows(SalesOrder)] == ["CFR1"]
    over = odile.get(here)
    assert ("1 sur 1" in over.said, "data-again" in over.text) == (True, False)
    events = [(row.name, row.who) for row in held.seller.rows(Event) if row.name == "replay"]
    assert events == [("replay", "odile")]
    again = send(odile, REPLAY, REPLAY, tous="1")
    go_on(held)
    assert "Rien ne changerait" in odile.get(again.headers["location"]).said


def test_a_mail_that_is_elsewhere_by_then_is_left_out(held: DecidingDesk) -> None:
    held.seller.put_products(*products_of(cfr1(), cfr2()))
    odile = held.browser("odile")
    here = send(odile, REPLAY, REPLAY, tous="1").headers["location"]
    go_on(held)
    first = min(row.id for row in held.seller.rows(InboundMail))
    with held.seller.database.transaction() as connection:
        connection.execute(update(InboundMail).where(InboundMail.id == first).values(state="held", reason="poison"))
    assert send(odile, here, f"{here}/rejouer").status == 303
    assert [row.given for row in held.seller.rows(ReplayMail)] == [False, True]
    assert states(held)[0] == ("held", "poison")
    held.take_in()
    assert [row.customer_order_number for row in held.seller.rows(SalesOrder)] == ["CFR2"]
    assert "déjà ailleurs" in odile.get(here).said


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({}, "tous"),
        ({"boite": "none"}, "boite"),
        ({"correspondant": "nobody"}, "correspondant"),
        ({"du": "32/13/2020"}, "du"),
        ({"au": "x"}, "au"),
    ],
)
def test_what_is_no_choice_is_said_at_its_field(held: DecidingDesk, fields: dict[str, str], field: str) -> None:
    answer = send(held.browser("odile"), REPLAY, REPLAY, **fields)
    assert (answer.status, f'href="#{field}"' in answer.text, f'id="{field}-faute"' in answer.text) == (422, True, True)
    assert all(f'value="{value}"' in answer.text for name, value in fields.items() if name != "boite")
    assert held.seller.rows(ReplayRun) == []


def test_single_mails_days_and_partners(held: DecidingDesk) -> None:
    odile = held.browser("odile")
    sha = held.seller.rows(InboundMail)[0].sha256
    for fields, count in (
        ({"courriels": sha[:9]}, 1),
        ({"correspondant": held.buyer.code}, 2),
        ({"du": "hier", "au": "+1"}, 2),
    ):
        here = send(odile, REPLAY, REPLAY, **fields).headers["location"]
        go_on(held)
        assert f"{count} regardé" in odile.get(here).said.replace("\u00a0", " "), fields
    unknown: Any = send(odile, REPLAY, REPLAY, courriels="abcdef0123")
    assert (unknown.status, "abcdef0123" in unknown.text) == (422, True)
    none = send(odile, REPLAY, REPLAY, au="01/01/2001")
    assert (none.status, "Aucun courriel" in none.said) == (422, True)


def test_nobody_reads_mails(held: DecidingDesk) -> None:
    with held.seller.database.transaction() as connection:
        connection.execute(update(Worker).values(alive_until=held.seller.database.now() - timedelta(days=1)))
    refused = send(held.browser("odile"), REPLAY, REPLAY, tous="1")
    assert (refused.status, "Aucun importateur" in refused.said) == (409, True)
    assert held.seller.rows(ReplayRun) == []


@pytest.mark.parametrize("path", ["/1", "/9223372036854775808", "/-1", "/x"])
def test_a_look_that_is_none(held: DecidingDesk, path: str) -> None:
    odile = held.browser("odile")
    assert odile.get(REPLAY + path).status == 404
    token = odile.get("/moi").token
    assert odile.post(f"{REPLAY}{path}/rejouer", {"jeton": token, "jeton_acte": "a" * 20}).status == 404


def test_two_importers_note_a_look_once(held: DecidingDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second one read the same mails and notes nothing; one that dies has noted nothing either."""
    from intergestan_operations.replaying import looking, plan

    held.seller.put_products(*products_of(cfr1(), cfr2()))
    here = send(held.browser("odile"), REPLAY, REPLAY, tous="1").headers["location"]
    real, nested = plan.foresee_mail, list[bool]()

    def meanwhile(*parts: Any) -> Any:
        if not nested:
            nested.append(True)
            held.seller.importer.look_on(lambda: False)
        return real(*parts)

    monkeypatch.setattr(looking, "foresee_mail", meanwhile)
    go_on(held)
    run = held.seller.row(ReplayRun)
    assert (run.looked, run.total, len(held.seller.rows(ReplayMail))) == (2, 2, 2)
    assert "2 courriels changeraient" in held.browser("odile").get(here).said.replace("\u00a0", " ")


def test_a_mail_that_cannot_be_judged_ends_no_importer(held: DecidingDesk, monkeypatch: pytest.MonkeyPatch) -> None:
    from intergestan_operations.replaying import looking

    def fails(*_parts: Any) -> Any:
        raise ValueError("odd")

    here = send(held.browser("odile"), REPLAY, REPLAY, tous="1").headers["location"]
    monkeypatch.setattr(looking, "foresee_mail", fails)
    go_on(held)
    assert "2 illisibles" in held.browser("odile").get(here).said.replace("\u00a0", " ")


def test_the_role_gives_no_look_of_its_own_making(held: DecidingDesk) -> None:
    """Whoever holds the console's role cannot say that mails were seen to change."""
    if held.seller.database.is_sqlite:
        pytest.skip("SQLite has no roles.")
    send(held.browser("odile"), REPLAY, REPLAY, tous="1")
    for statement in (
        update(ReplayRun).values(ended_at=held.seller.database.now()),
        update(ReplayRun).values(looked=2),
        insert(ReplayMail).values(
            replay_run_id=1, inbound_mail_id=1, was_state="done", then_state="done", documents=[]
        ),
        update(ReplayMail).values(was_state="done"),
    ):
        with pytest.raises(DBAPIError), held.console.database.transaction() as connection:
            connection.execute(statement)
