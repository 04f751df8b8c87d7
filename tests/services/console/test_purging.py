"""*Exploitation ▸ Purge*: seen before it is done, done once, and only what was seen; by a real poller, on Dovecot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from intergestan_db.enums import PurgeVerdict
from intergestan_db.tables import InboundMail, Mailbox, PurgeMail, PurgeRun, Worker
from services.poller.worker import Poller
from tests.console.forms import act_of
from tests.patience import eventually
from tests.servers import Dovecot, MailUser
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk
from tests.services.poller.site import PollerSite, mail
from tests.services.poller.test_purge import add, answered, left

pytestmark = pytest.mark.mainly_on("postgresql")

PURGE = "/exploitation/purge"


def send(browser: Browser, page: str, path: str, **fields: str) -> Answer:
    shown = browser.get(page)
    return browser.post(path, {"jeton": shown.token, "jeton_acte": act_of(shown.text), **fields})


@contextmanager
def polled(desk: Desk, dovecot: Dovecot, user: MailUser, folder: Path) -> Iterator[tuple[PollerSite, Poller]]:
    """Four mails of a mailbox: two are old, taken in and answered, one of a stranger, one waits for a person."""
    site = PollerSite(desk.site.database, folder)
    dovecot.drop(user.address, [mail(number) for number in range(1, 5)])
    add(site, dovecot, user, "imap")
    with site.poller() as poller:
        ids = [row.id for row in eventually(lambda: len(site.inbound()) == 4 and site.inbound())]
        answered(site, *ids[:2])
        with site.database.transaction() as connection:
            connection.execute(update(InboundMail).values(archived_at=site.database.now() - timedelta(days=100)))
            for mail_id, state in zip(ids[2:], ("alien", "held"), strict=True):
                connection.execute(update(InboundMail).where(InboundMail.id == mail_id).values(state=state))
        yield site, poller


def wait(desk: Desk, poller: Poller, run: int) -> None:
    poller.poll(run)
    eventually(lambda: desk.site.row(PurgeRun, id=run).ended_at)


def test_what_was_seen_is_removed_once_its_number_is_typed(
    desk: Desk, dovecot: Dovecot, mail_user: MailUser, tmp_path: Path
) -> None:
    """G24: looked at first, which removes nothing; then what was seen. A second person is told who was quicker."""
    with polled(desk, dovecot, mail_user, tmp_path) as (_site, poller):
        odile, adam = desk.browser("odile"), desk.browser("adam")
        asked = send(odile, PURGE, PURGE, jours="90")
        here = asked.headers["location"]
        assert (asked.status, here) == (303, f"{PURGE}/1")
        wait(desk, poller, 1)
        page = odile.get(here)
        assert "2 courriels" in page.said
        assert {"d'un inconnu" in page.said.replace("’", "'"), "attend une personne" in page.said} == {True}, page.said
        assert left(dovecot, mail_user) == 4
        for typed, said in (("", "nécessaire"), ("3", "partent : 2"), ("deux", "nombre")):
            wrong = send(odile, here, f"{here}/retirer", nombre=typed)
            assert (wrong.status, said in wrong.said, f'value="{typed}"' in wrong.text) == (422, True, True), typed
        of_adam = adam.get(here)
        done = send(odile, here, f"{here}/retirer", nombre="2")
        assert (done.status, done.headers["location"]) == (303, f"{PURGE}/2")
        late = {"jeton": of_adam.token, "jeton_acte": act_of(of_adam.text), "nombre": "2"}
        refused = adam.post(f"{here}/retirer", late)
        assert (refused.status, "odile" in refused.said) == (409, True), refused.said
        wait(desk, poller, 2)
        assert left(dovecot, mail_user) == 2
    assert [(row.dry_run, row.requested_by) for row in desk.site.rows(PurgeRun)] == [(True, "odile"), (False, "odile")]
    runs = {row.archived_before for row in desk.site.rows(PurgeRun)}
    assert len(runs) == 1, "it is carried out of what was archived before the very same moment"
    over = odile.get(f"{PURGE}/2")
    assert ("2 courriels" in over.said, "data-again" in over.text) == (True, False)
    assert "retirer" not in over.text


def with_a_run(desk: Desk, *, count: int = 1, **values: Any) -> None:
    """A purge that is over, without a mail server."""
    now = desk.site.database.now()
    with desk.site.database.transaction() as connection:
        connection.execute(
            insert(Worker).values(name="p", service="poller", started_at=now, alive_until=now + timedelta(seconds=9))
        )
        connection.execute(
            insert(Mailbox).values(name="box", host="x.test", port=993, security="tls", login="a", secret="s")
        )
        run = {"mailbox_id": 1, "requested_at": now, "requested_by": "marie", "archived_before": now, "dry_run": True}
        connection.execute(insert(PurgeRun).values(**{**run, "ended_at": now, "total": count, **values}))
        for n in range(count):
            item = {"purge_run_id": 1, "handle": str(n), "verdict": PurgeVerdict.REMOVE}
            connection.execute(insert(PurgeMail).values(**item))


def test_young_mails_are_asked_for_twice(desk: Desk) -> None:
    """They are the copy from which a lost base is made anew: a box is to be ticked, and what was typed stays."""
    with_a_run(desk)
    odile = desk.browser("odile")
    asked = send(odile, PURGE, PURGE, jours="7")
    assert (asked.status, 'value="7"' in asked.text, "14 jours" in asked.said) == (422, True, True)
    assert len(desk.site.rows(PurgeRun)) == 1
    assert send(odile, PURGE, PURGE, jours="7", su="1").status == 303
    for typed in ("", "0", "-1", "quatre", "99999"):
        wrong = send(odile, PURGE, PURGE, jours=typed)
        assert (wrong.status, 'aria-invalid="true"' in wrong.text) == (422, True), typed
    assert len(desk.site.rows(PurgeRun)) == 2


@pytest.mark.parametrize(
    ("values", "moved", "said"),
    [
        ({"ended_at": None}, 0, "pas encore terminé"),
        ({"dry_run": False}, 0, "pas encore terminé"),
        ({}, 2, "une heure"),
    ],
)
def test_what_is_not_a_fresh_look_is_carried_out_by_nobody(
    desk: Desk, values: dict[str, Any], moved: int, said: str
) -> None:
    with_a_run(desk, **values)
    odile = desk.browser("odile")
    token = odile.get("/moi").token
    desk.move(hours=moved)
    with desk.site.database.transaction() as connection:
        alive = desk.site.database.now() + timedelta(seconds=9)
        connection.execute(update(Worker).values(alive_until=alive))
    refused = odile.post(f"{PURGE}/1/retirer", {"jeton": token, "jeton_acte": "a" * 20, "nombre": "1"})
    assert (refused.status, said in refused.said) == (409, True), refused.said
    assert len(desk.site.rows(PurgeRun)) == 1


def test_nobody_reads_the_mailboxes(desk: Desk) -> None:
    """Nothing is asked for that nobody would do, and the page says who helps."""
    with_a_run(desk)
    with desk.site.database.transaction() as connection:
        connection.execute(update(Worker).values(alive_until=desk.site.database.now() - timedelta(days=1)))
    odile = desk.browser("odile")
    refused = send(odile, PURGE, PURGE, jours="90")
    assert (refused.status, "Aucun releveur" in refused.said) == (409, True)
    assert len(desk.site.rows(PurgeRun)) == 1


@pytest.mark.parametrize("path", ["/2", "/9223372036854775808", "/-1", "/x"])
def test_a_purge_that_is_none(desk: Desk, path: str) -> None:
    """Also one that the site asked for by itself, to remove heartbeats."""
    with_a_run(desk)
    with desk.site.database.transaction() as connection:
        row = {"mailbox_id": 1, "requested_at": desk.site.database.now(), "requested_by": "heartbeats"}
        connection.execute(
            insert(PurgeRun).values(
                **row, archived_before=desk.site.database.now(), dry_run=False, heartbeats_only=True
            )
        )
    odile = desk.browser("odile")
    assert odile.get(PURGE + path).status == 404
    token = odile.get("/moi").token
    assert odile.post(f"{PURGE}{path}/retirer", {"jeton": token, "jeton_acte": "a" * 20, "nombre": "1"}).status == 404
