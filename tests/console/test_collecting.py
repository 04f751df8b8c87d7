"""*Serveur entrant* and *Relever* in a real browser, with a real mail server, poller and importer (G21 to G24)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from prometheus_client import CollectorRegistry

from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_db.tables import Mailbox, OutboundBody, PurchaseOrder
from intergestan_erp.order_files.file_order import Options
from intergestan_exchange.mail_accounts.accounts import NewMailbox, add_mailbox
from intergestan_msg.mail.bounce_token import BounceKey
from intergestan_msg.order import Party
from intergestan_msg.ubl import write_order
from intergestan_operations.opening.passwords import seal
from intergestan_runtime.broker import make_broker
from intergestan_runtime.metrics import Metrics
from services.composer.key_ring import KeyRing
from services.composer.worker import Composer
from tests.console.office import Office, make_office
from tests.console.watching import Watched, enter, found_by_axe, press
from tests.databases import MigratedBases
from tests.factories import STAUBER, cfr1, cfr2
from tests.order_files import import_file
from tests.patience import eventually
from tests.pipeline.two_sites import products_of
from tests.servers import Dovecot, MailUser, RedisServer
from tests.servers.chromium import Chromium
from tests.site_factories import make_site, trust

pytestmark = pytest.mark.not_quick


TOO_WIDE = """[...document.querySelectorAll("body *")].filter((each) => !each.closest(".wide, .unseen, dialog")
  && each.checkVisibility() && each.getBoundingClientRect().right > 321).map((each) => each.outerHTML.slice(0, 80))"""
"""What stands out of a window of 320 pixels; tables scroll within their frames."""


@pytest.fixture(scope="module")
def depot(
    migrated: MigratedBases, session_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Office]:
    """A site of its own: this one has mailboxes and services."""
    with make_office(migrated, tmp_path_factory.mktemp("depot"), session_redis.url) as office:
        yield office


def a_mail_of_two_orders(depot: Office, migrated: MigratedBases, folder: Path, redis_url: str) -> bytes:
    """From a shop whose card the depot has: one order of what the depot sells, and one of what it does not know."""
    shop = make_site(Database(migrated.new("sqlite", folder, "shop")), "Mulhouse", "73282932000074")
    seller = Party(name="Arts de la Table", address=STAUBER.address)
    orders = [replace(order, seller=seller) for order in (cfr1(), cfr2())]
    shop.put_products(*products_of(*orders))
    depot.site.put_products(*products_of(orders[0]))
    trust(shop, depot.site)
    trust(depot.site, shop)
    for order in orders:
        import_file(shop.database, f"{order.id}.xml", write_order(order), by="test", options=Options(any_dates=True))
    mail_id = shop.request(depot.site.code, "CFR1", "CFR2")
    metrics = Metrics(CollectorRegistry())
    keys = KeyRing({shop.key.public.kid: shop.key}.__getitem__)
    broker = make_broker(redis_url, shop.code, metrics=metrics)
    Composer(shop.database, broker, metrics, keys, 15_000_000, BounceKey(b"shop")).compose(mail_id)
    assert {row.state for row in shop.rows(PurchaseOrder)} == {"transmitting"}
    body = bytes(shop.row(OutboundBody).mime)
    shop.database.dispose()
    return body


def test_a_mailbox_is_entered_and_its_orders_are_collected(
    depot: Office,
    watched: Watched,
    dovecot: Dovecot,
    mail_user: MailUser,
    migrated: MigratedBases,
    session_redis: RedisServer,
    tmp_path: Path,
) -> None:
    """G21 to G24: *Serveur entrant* by its menu, tested, stored; *Relever*; orders made and held without a reload."""
    page = watched.context.new_page()
    enter(page, depot.url, "adam")
    type_account(page, depot, dovecot, mail_user)
    with depot.running("poller", "importer"):
        eventually(lambda: depot.site.row(Mailbox, login=mail_user.address).state == "connected")
        dovecot.deliver(mail_user.address, a_mail_of_two_orders(depot, migrated, tmp_path, session_redis.url))
        page.get_by_role("button", name="Relever", exact=True).click()
        page.wait_for_url(re.compile(r"/relever/\d+$"))
        made = page.get_by_role("region", name="Commandes client créées")
        expect(made.get_by_role("row")).to_have_count(2)
        expect(page.get_by_text("Tout est enregistré.").first).to_be_visible()
        expect(page.locator("#direct-dit")).to_contain_text("1 commande client créée.")
        held = page.get_by_role("region", name="À traiter")
        expect(held).to_contain_text("CFR2")
        expect(held).to_contain_text("CAS20")
        assert found_by_axe(page) == []
        assert page.evaluate("performance.getEntriesByType('navigation').length") == 1
        page.set_viewport_size({"width": 320, "height": 256})
        assert page.evaluate(TOO_WIDE) == []
        made.get_by_role("link").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("CCL")
    assert stays_unread(dovecot, mail_user), "the mails stay, unread (G24)"


def stays_unread(dovecot: Dovecot, user: MailUser) -> bool:
    maildir = dovecot.maildir(user.address)
    names = [file.name for folder in ("new", "cur") for file in (maildir / folder).iterdir()]
    return len(names) == 1 and "S" not in names[0].partition(":2,")[2]


def type_account(page: Page, depot: Office, dovecot: Dovecot, user: MailUser) -> None:
    """What an administrator does at *Serveur entrant*; a password that was typed stays while its form is corrected."""
    page.goto(f"{depot.url}/relever")
    assert found_by_axe(page) == []
    page.get_by_role("link", name=re.compile("Serveur entrant|Ajouter une boîte")).last.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Saisie paramètre")
    assert found_by_axe(page) == []
    page.get_by_label("Adresse courriel").fill(user.address)
    password = page.get_by_label("Mot de passe", exact=True)
    password.fill("wrong")
    page.get_by_role("button", name="Afficher").click()
    expect(password).to_have_attribute("type", "text")
    page.get_by_role("button", name="Afficher").click()
    expect(password).to_have_attribute("type", "password")
    page.get_by_label("Serveur", exact=True).fill(dovecot.host)
    page.get_by_label("Port").fill(str(dovecot.imap))
    page.get_by_label("Sécurité").select_option(label="aucune (cette machine)")
    page.get_by_text("Plus", exact=True).click()
    page.get_by_label("Relevée toutes les").fill("86400")
    page.get_by_label("Attendre aussi l'avis du serveur").uncheck()
    page.get_by_role("button", name="Tester", exact=True).click()
    steps = page.locator(".findings")
    expect(steps).to_contain_text("refuse l'identifiant")
    expect(password).to_have_value("wrong")
    assert found_by_axe(page) == []
    password.fill(user.password)
    page.get_by_role("button", name="Tester", exact=True).click()
    expect(steps).to_contain_text("Commandes")
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Relever les commandes")
    row = page.get_by_role("row").filter(has_text=user.address)
    page.wait_for_load_state()  # the menu is made by a script
    row.click(button="right")
    expect(row.get_by_role("link", name="Serveur entrant")).to_be_focused()
    press(page, "Escape")
    expect(row.get_by_role("link", name="Serveur entrant")).to_be_hidden()
    assert found_by_axe(page) == []


def test_it_is_done_without_scripts(depot: Office, chromium: Chromium, dovecot: Dovecot, mail_user: MailUser) -> None:
    """*Relever* and its page by links and forms alone."""
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    enter(page, depot.url, "carl")
    database = depot.site.database
    with database.transaction() as connection:
        box = NewMailbox(name="autre", host=dovecot.host, port=dovecot.imap, login=mail_user.address)
        box = replace(box, security=Security.NONE, poll_seconds=86400, idle=False)
        box = replace(box, sealed=seal(connection, mail_user.password, box))
        add_mailbox(connection, box, by="adam", at=database.now())
    with depot.running("poller"):
        page.goto(f"{depot.url}/relever")
        page.get_by_label("Relever autre").check()
        page.get_by_role("button", name="Relever", exact=True).click()

        def is_over() -> bool:
            if page.get_by_text("Tout est enregistré.").count():
                return True
            page.get_by_role("link", name="Actualiser").click()
            return False

        eventually(is_over)
        expect(page.get_by_text("Rien de nouveau.")).to_be_visible()
    context.close()
