"""*Exploitation* in a real browser: accessible, within its policy, narrow, by keyboard and without scripts."""

from __future__ import annotations

from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlalchemy import insert, select, update

from intergestan_db.tables import InboundMail, Mailbox, PurgeMail, PurgeRun, Relay, ReplayMail, ReplayRun
from intergestan_exchange.mail_accounts.accounts import NewMailbox, NewRelay, add_mailbox, set_relay
from intergestan_exchange.mail_accounts.mailbox_changes import pause_mailbox
from tests.console.office import Office
from tests.console.watching import Watched, enter, found_by_axe, press
from tests.servers.chromium import Chromium

pytestmark = pytest.mark.not_quick

PAGES = (
    *("/exploitation", "/exploitation/boites", "/exploitation/boite/appros", "/exploitation/boite/congés"),
    *("/exploitation/boites/retirer/appros", "/exploitation/relais", "/comptes/relais", "/exploitation/rejeu"),
    *("/exploitation/rejeu/1", "/exploitation/rejeu/2", "/exploitation/purge", "/exploitation/purge/1"),
    *("/exploitation/purge/2", "/exploitation/diagnostic"),
)
"""Each once: full, faulty, at rest, under way."""
LONG = "commandes-professionnelles-de-la-grande-distribution@etablissements-elle-et-associes.test"


@pytest.fixture(scope="module")
def at_work(office: Office) -> None:
    """A mailbox that fails, one that rests, a relay that refuses, mails of a day, looks that are over and under way."""
    site = office.site
    now = site.database.now()
    with site.database.transaction() as connection:
        for name, login in (("appros", LONG), ("congés", "conges@site.test")):
            box = NewMailbox(name=name, host="imap.site.test", port=993, login=login, secret="mail")
            add_mailbox(connection, box, by="marie", at=now)
        wrong = {
            "state": "authenticationError",
            "last_error": "imap.site.test: [AUTHENTICATIONFAILED] no",
            "backlog": 3,
        }
        connection.execute(update(Mailbox).where(Mailbox.name == "appros").values(**wrong))
        pause_mailbox(connection, "congés", "le fournisseur déménage", by="marie", at=now)
        relay = NewRelay(name="relay", host="smtp.site.test", port=465, login=LONG, secret="smtp")
        set_relay(connection, relay, by="marie", at=now)
        connection.execute(update(Relay).values(last_error="535 5.7.8 refused", paused_until=now + timedelta(hours=1)))
        mailbox_id = connection.execute(select(Mailbox.id).where(Mailbox.name == "appros")).scalar_one()
        mails = [
            {"sha256": f"{n:064}", "size": 4000, "state": "done", "mailbox_id": mailbox_id}
            | {"archived_at": now - timedelta(hours=n * n % 23), "subject": f"Commande CFR{n} " + "urgente " * n}
            | {"sender": LONG}
            for n in range(1, 9)
        ]
        connection.execute(insert(InboundMail), mails)
        ids = list(connection.scalars(select(InboundMail.id).order_by(InboundMail.id)))
        asked = {"mailbox_id": mailbox_id, "requested_by": "marie", "archived_before": now, "total": 5}
        for n, ended in ((1, now), (2, None)):
            at = now - timedelta(minutes=n)
            connection.execute(insert(PurgeRun).values(**asked, requested_at=at, dry_run=True, ended_at=ended, done=n))
        verdicts = ("remove", "remove", "remove", "alien", "held", "young")
        rows = zip(verdicts, ids, strict=False)
        items = [{"purge_run_id": 1, "handle": str(n), "inbound_mail_id": n, "verdict": word} for word, n in rows]
        connection.execute(insert(PurgeMail), items)
        look = {"requested_at": now, "requested_by": "marie", "shas": [], "newest": ids[-1], "total": 8}
        connection.execute(insert(ReplayRun).values(**look, looked=8, ended_at=now))
        connection.execute(insert(ReplayRun).values(**look, looked=3))
        changes = [
            {"replay_run_id": 1, "inbound_mail_id": n, "was_state": "held", "was_reason": "unknown_signer"}
            | {"then_state": "done", "documents": [[f"CFR{n}", "created"]]}
            for n in ids[:5]
        ]
        connection.execute(insert(ReplayMail), changes)


@pytest.mark.usefixtures("at_work")
def test_every_page_is_accessible_and_narrow(office: Office, watched: Watched) -> None:
    """Axe has nothing against any of them; at 320 pixels none scrolls both ways."""
    page = watched.context.new_page()
    enter(page, office.url, "marie")
    for path in PAGES:
        answer = page.goto(office.url + path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.locator("h1").count() == 1
        assert found_by_axe(page) == [], path
    page.set_viewport_size({"width": 320, "height": 256})
    for path in PAGES:
        page.goto(office.url + path)
        assert page.evaluate("document.documentElement.scrollWidth") == 320, f"{path} scrolls both ways"


@pytest.mark.usefixtures("at_work")
def test_a_mailbox_rests_by_keyboard_alone_and_goes_on_without_scripts(
    office: Office, watched: Watched, chromium: Chromium
) -> None:
    """What is wrong with what was typed is said at the field, which is marked; then it is done."""
    page = watched.context.new_page()
    enter(page, office.url, "odile")
    press(page, "g", "x")
    expect(page.get_by_role("heading", level=1)).to_have_text("Exploitation")
    page.goto(f"{office.url}/exploitation/boite/appros")
    page.get_by_label("Pourquoi").focus()
    press(page, "Enter")
    expect(page.get_by_label("Pourquoi")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("Pourquoi").focus()
    page.keyboard.type("panne du fournisseur")
    press(page, "Enter")
    expect(page.get_by_role("status").filter(has_text="suspendue")).to_be_visible()
    expect(page.locator("main")).to_contain_text("panne du fournisseur")
    bare = chromium.context(java_script_enabled=False)
    plain = bare.new_page()
    enter(plain, office.url, "odile")
    plain.goto(f"{office.url}/exploitation/boite/appros")
    plain.get_by_role("button", name="Reprendre appros").click()
    expect(plain.locator(".told")).to_contain_text("de nouveau relevée")
    plain.goto(f"{office.url}/exploitation/purge/1")
    plain.get_by_label("Tapez combien").fill("2")
    plain.get_by_role("button", name="Supprimer 3 courriels").click()
    expect(plain.locator(".faults")).to_contain_text("releveur")
    expect(plain.get_by_label("Tapez combien")).to_have_value("2")
    bare.close()
    assert office.site.row(Mailbox, name="appros").rests_since is None
