"""*Relever* in the pages (G21, G23, G24): what is asked of the pollers, and how far they are; over ASGI."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select, update

from intergestan_db import leases
from intergestan_db.tables import InboundMail, Mailbox, MailboxUid, PollRun
from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox
from intergestan_exchange.mail_accounts.mailbox_changes import pause_mailbox
from tests.console.forms import act_of
from tests.services.console.browser import Browser
from tests.services.console.desk import Desk, counted_by

pytestmark = pytest.mark.mainly_on("postgresql")

POLLER = "poller-1"


def add(desk: Desk, *names: str) -> None:
    """Mailboxes that a poller has, which lives."""
    database = desk.site.database
    with database.transaction() as connection:
        for name in names:
            box = NewMailbox(name=name, host="imap.test", port=993, login=f"{name}@arts.test", secret="mail")
            add_mailbox(connection, box, by="marie", at=database.now())
        connection.execute(update(Mailbox).values(owner=POLLER))
        leases.beat(connection, POLLER, "poller", database.now())


def press(browser: Browser, **fields: str) -> tuple[int, str]:
    """*Relever*; the status, and where it leads."""
    answer = browser.submit("/relever", "/relever", {"jeton_acte": act_of(browser.get("/relever").text), **fields})
    return answer.status, answer.headers.get("location", "")


def mail(desk: Desk, name: str, state: str, box: int = 1) -> int:
    """A mail that came into a mailbox."""
    row = {"sha256": name * 64, "size": 9, "state": state, "mailbox_id": box, "archived_at": desk.site.database.now()}
    with desk.site.database.transaction() as connection:
        return connection.execute(insert(InboundMail).values(row).returning(InboundMail.id)).scalar_one()


def listed(desk: Desk, run: int, **values: object) -> None:
    with desk.site.database.transaction() as connection:
        end = {"listed_at": desk.site.database.now(), "found": 0, **values}
        connection.execute(update(PollRun).where(PollRun.id == run).values(end))


def test_the_table_says_how_each_mailbox_is(desk: Desk) -> None:
    """G21, G24: what is read from where, when and by whom; that the mails stay."""
    add(desk, "commandes", "repos")
    with desk.site.database.transaction() as connection:
        connection.execute(update(Mailbox).values(state="connected", last_success_at=desk.site.database.now()))
        pause_mailbox(connection, "repos", "<b>congés</b>", by="odile", at=desk.site.database.now())
    page = desk.browser("carl").get("/relever")
    assert [[row[1].split("\n")[0], *row[2:7]] for row in page.rows()] == [
        [
            "commandes",
            "commandes@arts.test",
            "imap.test:993 · IMAP",
            "relevée",
            page.rows()[0][5],
            "0",
        ],
        [
            "repos",
            "repos@arts.test",
            "imap.test:993 · IMAP",
            "au repos, par odile\u00a0: <b>congés</b>",
            page.rows()[1][5],
            "0",
        ],
    ]
    assert "<b>congés" not in page.text
    assert "Les courriels restent dans la boîte" in page.said
    assert 'name="boite.commandes"' in page.text
    assert 'name="boite.repos"' not in page.text
    assert "Serveur entrant" not in page.said
    assert "Serveur entrant" in desk.browser("adam").get("/relever").said


def test_without_a_poller_nothing_is_asked(desk: Desk) -> None:
    add(desk, "commandes")
    desk.move(minutes=1)
    browser = desk.browser("carl")
    answer = browser.submit("/relever", "/relever", {"jeton_acte": act_of(browser.get("/relever").text)})
    assert (answer.status, "Aucun releveur ne tourne" in answer.said) == (409, True)
    assert desk.site.rows(PollRun) == []


def test_without_a_mailbox_the_page_says_who_enters_one(desk: Desk) -> None:
    assert "Un administrateur l'indique" in desk.browser("carl").get("/relever").said.replace("’", "'")
    assert 'href="/comptes/boites/nouvelle"' in desk.browser("adam").get("/relever").text


def test_what_is_ticked_is_asked_for_once(desk: Desk) -> None:
    """G23; and a double click, a reload and Back-and-again ask nothing more."""
    add(desk, "a", "b", "c")
    browser = desk.browser("carl")
    page = browser.get("/relever")
    form = {"jeton": page.token, "jeton_acte": act_of(page.text), "boite.a": "1", "boite.c": "1"}
    first, second = browser.post("/relever", form), browser.post("/relever", form)
    assert first.status == second.status == 303
    assert first.headers["location"] == second.headers["location"]
    boxes = {box.id: box.name for box in desk.site.rows(Mailbox)}
    assert [boxes[run.mailbox_id] for run in desk.site.rows(PollRun)] == ["a", "c"]
    assert {run.requested_by for run in desk.site.rows(PollRun)} == {"carl"}
    assert 'class="done told"' in browser.get(second.headers["location"]).text, "the second was told so"


def test_one_mailbox_or_all(desk: Desk) -> None:
    add(desk, "a", "b")
    browser = desk.browser("odile")
    assert press(browser, seule="b", **{"boite.a": "1"})[0] == 303
    assert press(browser)[0] == 303
    assert press(browser, seule="none")[0] == 422
    assert [run.mailbox_id for run in desk.site.rows(PollRun)] == [2, 1, 2]


def test_the_page_of_a_run_follows_it_to_its_end(desk: Desk) -> None:
    """What was under way before, what came meanwhile, what a poller noted; and why a mailbox could not be read."""
    add(desk, "a", "b")
    waiting = mail(desk, "1", "archived")
    browser = desk.browser("carl")
    _status, address = press(browser)
    begun = browser.get(address)
    assert ("Relève en cours" in begun.said, 'data-again="1000"' in begun.text) == (True, True)
    first, second = (run.id for run in desk.site.rows(PollRun))
    desk.move(seconds=2)
    came = mail(desk, "2", "archived")
    with desk.site.database.transaction() as connection:
        uid = {"mailbox_id": 1, "uidvalidity": 1, "uid": 8, "poll_run_id": first, "note": "too_big"}
        connection.execute(insert(MailboxUid).values(uid))
    listed(desk, first)
    listed(desk, second, found=None, error="the server said no")
    page = browser.get(address)
    assert re.search(r"<progress max=\"4\" value=\"2\"", page.text)
    assert ("the server said no" in page.said, "lue jusqu'au bout" in page.said.replace("’", "'")) == (True, True)
    with desk.site.database.transaction() as connection:
        connection.execute(update(InboundMail).where(InboundMail.id.in_([waiting, came])).values(state="done"))
    part = browser.get(address, hx_request="true", hx_target="suivi")
    assert ("<html" in part.text, "data-again" in part.text, "Tout est enregistré" in part.said) == (False, False, True)
    assert "1 courriel trop grand pour être relevé" in part.said
    desk.move(hours=3)
    mail(desk, "3", "done")
    assert browser.get(address).text.count('<td class="number">2</td>') == 2, "what came later is of no matter"


def test_two_people_who_ask_at_once_see_what_one_reading_brought(desk: Desk) -> None:
    add(desk, "a")
    people = [desk.browser("carl"), desk.browser("odile")]
    addresses = [press(browser)[1] for browser in people]
    assert len(set(addresses)) == 2
    desk.move(seconds=1)
    found = mail(desk, "1", "done")
    with desk.site.database.transaction() as connection:
        uid = {"mailbox_id": 1, "uidvalidity": 1, "uid": 8, "poll_run_id": 1, "inbound_mail_id": found}
        connection.execute(insert(MailboxUid).values(uid))
    for run in desk.site.rows(PollRun):
        listed(desk, run.id)
    for browser, address in zip(people, addresses, strict=True):
        assert '<td class="number">1</td>' in browser.get(address).text


def test_nobody_follows_a_run_for_ever(desk: Desk) -> None:
    add(desk, "a")
    browser = desk.browser("carl")
    _status, address = press(browser)
    for seconds, again in ((0, 'data-again="1000"'), (90, 'data-again="5000"')):
        desk.move(seconds=seconds)
        assert again in browser.get(address).text
    desk.move(minutes=20)
    page = browser.get(address)
    assert ("data-again" in page.text, "continue" in page.said) == (False, True)


def test_a_run_that_is_none(desk: Desk) -> None:
    add(desk, "a", "b")
    press(desk.browser("carl"))
    for path in ("/relever/2", "/relever/99", "/relever/x", "/relever/99999999999999999999"):
        assert desk.browser("carl").get(path).status == 404, path


def test_many_mails_cost_as_many_statements(desk: Desk) -> None:
    """A page of a run asks as often for a thousand mails as for ten."""
    add(desk, "a")
    browser = desk.browser("carl")
    _status, address = press(browser)
    counts = []
    for number in (10, 1000):
        rows = [
            {"sha256": f"{number}{n}".zfill(64), "size": 1, "state": "done", "mailbox_id": 1}
            | {"archived_at": desk.site.database.now() + timedelta(seconds=1)}
            for n in range(number)
        ]
        with desk.site.database.transaction() as connection:
            connection.execute(insert(InboundMail), rows)
        with counted_by(desk.console) as statements:
            assert browser.get(address).status == 200
        counts.append(len(statements))
    assert counts[0] == counts[1]
    with desk.site.database.read() as connection:
        assert connection.scalar(select(func.count(InboundMail.id))) == 1010
