"""From an empty folder to an order that the other site accepted, all of it in the browser: real processes, real mail.

The partner's people sit before a console of their own, and what is read over the telephone is copied from one page to
the other. Whoever does it is interrupted on the way, mistypes, presses twice, and goes on.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.tables import Partner, Product, PurchaseOrder, SalesOrder
from tests import warm
from tests.console.counter import OURS, Counter, open_counter
from tests.console.watching import Watched, enter, fits, found_by_axe, picture
from tests.journey.conftest import MakePair
from tests.patience import eventually, patient
from tests.servers import Dovecot, SmtpServer
from tests.servers.chromium import Chromium
from tests.servers.process import free_port

pytestmark = [pytest.mark.not_quick, pytest.mark.campaign]

PASSWORD = "un bon mot de passe"
SIRET = "44306184100047"


class Beginner:
    """Who runs `intergestan console --new FOLDER` in a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._log = folder.with_suffix(".log")
        self._process: subprocess.Popen[str] | None = None
        self._port = free_port()

    def start(self) -> None:
        """Give the command; what it said before is forgotten."""
        environment = {
            "INTERGESTAN_CONSOLE__PORT": str(self._port),
            "INTERGESTAN_CONSOLE__UNDO_SECONDS": "0",
            "INTERGESTAN_HEARTBEATS__EVERY_SECONDS": "0",
            "INTERGESTAN_POLLER__MIN_FREE_BYTES": "0",
            "INTERGESTAN_POLLER__MIN_FREE_SHARE": "0.0",
        }
        command = [sys.executable, "-m", "services.cli", "--lang", "fr", "console", "--new", str(self.folder)]
        with self._log.open("w") as log:
            self._process = warm.FamilyPopen[str](
                command, cwd=self.folder.parent, env={**os.environ, **environment}, stdout=log, stderr=log, text=True
            )

    def said(self, pattern: str) -> re.Match[str]:
        """What it says, once it does."""

        def look() -> re.Match[str] | Literal[False]:
            assert self._process is not None
            found = re.search(pattern, self._log.read_text())
            assert found or self._process.poll() is None, self._log.read_text()
            return found or False

        return eventually(look)

    def leave(self) -> int:
        """Ctrl-C; the exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(patient(60))

    def kill(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(patient(60))


@pytest.fixture(scope="module")
def counter(make_pair: MakePair) -> Iterator[Counter]:
    counter = open_counter(make_pair)
    yield counter
    counter.stop()


@pytest.fixture
def beginner(tmp_path: Path) -> Iterator[Beginner]:
    beginner = Beginner(tmp_path / "maison")
    yield beginner
    beginner.kill()


def looked_at(page: Page, name: str) -> None:
    """Accessible, without scrolling both ways at 320 pixels, and seen by a person."""
    assert found_by_axe(page) == [], name
    fits(page)
    picture(page, name)
    page.set_viewport_size({"width": 1280, "height": 800})


def fill_in(page: Page, **typed: str) -> None:
    for name, text in typed.items():
        page.locator(f"[name={name}]").fill(text)


def done(page: Page, url: str, count: int) -> None:
    """How far the guide says the site is."""
    page.goto(f"{url}/commencer")
    expect(page.get_by_text(f"{count} sur 6 faits.")).to_be_visible()


def spoken(page: Page) -> list[str]:
    """The words that somebody reads to the other from this page."""
    words = page.locator(".spoken").first.locator("li").all_inner_texts()
    assert len(words) == 12
    return words


def trust(page: Page, url: str, card: str, words: list[str], interrupted: Beginner | None = None) -> None:
    """:param interrupted: a word is mistyped, and the site is ended while the form is open; nothing typed is lost."""
    page.goto(f"{url}/correspondants/ajouter")
    page.locator("#carte").fill(card)
    page.get_by_role("button", name="Continuer").click()
    for number, word in enumerate(words, 1):
        page.get_by_label(f"Mot {number}", exact=True).fill(word)
    button = page.get_by_role("button", name=re.compile("Faire confiance à"))
    if interrupted is not None:
        page.get_by_label("Mot 12", exact=True).fill(words[0])
        button.click()
        expect(page.get_by_role("alert").filter(has_text="Rien n'a été fait")).to_be_focused()
        expect(page.get_by_label("Mot 11", exact=True)).to_have_value(words[10])
        page.get_by_label("Mot 12", exact=True).fill(words[11])
        interrupted.leave()
        button.click()
        expect(page.get_by_text("La console ne répond pas.")).to_be_visible()
        interrupted.start()
        interrupted.said("tous les services tournent")
    button.dblclick()
    expect(page.locator(".told")).to_contain_text("est maintenant notre correspondant")


def test_from_an_empty_folder_to_the_first_order(
    beginner: Beginner,
    counter: Counter,
    watched: Watched,
    chromium: Chromium,
    dovecot: Dovecot,
    journey_smtp: SmtpServer,
    tmp_path: Path,
) -> None:
    user, seller = dovecot.new_user(), counter.pair.seller
    page, other = watched.context.new_page(), chromium.context()
    beginner.start()
    first = beginner.said(r"(http://127\.0\.0\.1:\d+)/commencer#(\w+)")
    assert beginner.leave() != 0
    assert not (beginner.folder / "site.db").exists(), "who left before has no site"
    beginner.start()
    link = beginner.said(r"(http://127\.0\.0\.1:\d+)/commencer#(\w+)")
    url = link[1]
    assert link[2] != first[2], "an address opens one form only"

    page.goto(link[0])
    expect(page.get_by_label("Code de premier accès")).to_have_value(link[2])
    assert page.url == f"{url}/commencer", "the code is in no history"
    looked_at(page, "1-site")
    fill_in(page, entreprise="Arts & Maison", siret="44306184100048", rue="3 rue du Port", code_postal="68100")
    fill_in(page, ville="Mulhouse", courriel=user.address, nom="Marie Durand", identifiant="marie")
    fill_in(page, mot_de_passe_nouveau="court")
    page.get_by_role("button", name="Créer le site").click()
    expect(page.locator(".faults")).to_be_focused()
    expect(page.get_by_text("clé de contrôle du SIRET").first).to_be_visible()
    expect(page.get_by_label("Nom", exact=True)).to_have_value("Arts & Maison")
    looked_at(page, "1-site-faute")
    fill_in(page, siret=SIRET, mot_de_passe_nouveau=PASSWORD)
    page.get_by_role("button", name="Créer le site").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Premiers pas")
    expect(page.get_by_text("2 sur 6 faits.")).to_be_visible()
    looked_at(page, "2-premiers-pas")

    beginner.leave()
    beginner.start()
    beginner.said("tous les services tournent|all services run")
    done(page, url, 2)

    page.get_by_role("link", name="Régler le compte de courrier").click()
    expect(page.get_by_label("Adresse courriel")).to_have_value(user.address)
    fill_in(page, entrant_serveur=dovecot.host, entrant_port=str(dovecot.imap), mot_de_passe_boite="faux")
    fill_in(page, sortant_serveur=journey_smtp.host, sortant_port=str(journey_smtp.port))
    for way in ("entrant", "sortant"):
        page.locator(f"[name={way}_securite]").select_option("none")
    looked_at(page, "3-courrier")
    page.get_by_role("button", name="Valider", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="Serveur entrant")).to_be_focused()
    expect(page.locator("[name=sortant_port]")).to_have_value(str(journey_smtp.port))
    looked_at(page, "3-courrier-faute")
    fill_in(page, mot_de_passe_boite=user.password)
    page.get_by_role("button", name="Valider", exact=True).dblclick()
    expect(page.locator(".told")).to_contain_text("Le courrier arrive et part")
    expect(page.get_by_text("3 sur 6 faits.")).to_be_visible()

    theirs = other.new_page()
    enter(theirs, counter.sold_at, "adam")
    theirs.goto(f"{counter.sold_at}/commencer")
    ours, hers = (
        each.request.get(f"{at}/correspondants/notre-carte").text()
        for each, at in ((page, url), (theirs, counter.sold_at))
    )
    trust(theirs, counter.sold_at, ours, spoken(page))
    theirs.goto(f"{counter.sold_at}/commencer")
    trust(page, url, hers, spoken(theirs), beginner)
    done(page, url, 4)
    looked_at(page, "4-correspondant")

    page.get_by_role("link", name="Importer des produits").click()
    price = seller.row(Product, code=OURS).sale_price
    amount = f"{price:.2f}".replace(".", ",")
    text = f"Code;Désignation;Unité;Prix de vente;Prix d'achat;TVA\n{OURS};Faitout;C62;99,00;{amount};20\n"
    products = tmp_path / "produits.csv"
    products.write_text(text)
    page.locator("[name=fichier]").set_input_files(products)
    page.get_by_role("button", name="Regarder").click()
    page.get_by_role("button", name="Le prendre").click()
    expect(page.locator(".told")).to_contain_text("produits.csv")
    done(page, url, 5)

    page.get_by_role("link", name="Saisir une commande").click()
    expect(page.get_by_label("Fournisseur", exact=True)).not_to_have_value("")
    expect(page.locator("#l1_produit")).to_have_value(OURS)
    page.locator("#l1_quantite").fill("3")
    looked_at(page, "6-commande")
    page.get_by_role("button", name="Enregistrer et confirmer").dblclick()
    expect(page.locator(".told")).to_contain_text("CFR1")
    page.goto(f"{url}/commencer")
    page.get_by_role("link", name="Envoyer une commande").last.click()
    page.get_by_role("button", name="Valider").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Le courriel avant son départ")
    page.get_by_role("button", name="Valider").dblclick()
    expect(page.locator(".standing")).to_have_text("répondu")
    expect(page.locator("#envoi tbody").first).to_contain_text("acceptée")
    done(page, url, 6)
    looked_at(page, "6-tout-est-fait")
    page.goto(url)
    expect(page.get_by_role("link", name="Premiers pas")).to_have_count(0)

    begun = Database(f"sqlite:///{beginner.folder / 'site.db'}")
    with begun.read() as connection:
        assert len(connection.execute(select(Partner.id)).all()) == 1
        assert connection.execute(select(PurchaseOrder.state)).scalars().all() == ["accepted"]
    begun.dispose()
    assert [order.customer_order_number for order in seller.rows(SalesOrder)] == ["CFR1"]
    assert len(seller.rows(Partner, site_code=SIRET)) == 1
    other.close()
    of_silence = ("503 (Service Unavailable)", "net::ERR_CONNECTION_REFUSED", "htmx:afterRequest", "htmx:sendError")
    watched.complaints = [each for each in watched.complaints if not any(word in each for word in of_silence)]


def test_a_site_is_made_without_scripts_by_the_code_that_is_typed(
    beginner: Beginner, chromium: Chromium, dovecot: Dovecot, journey_smtp: SmtpServer
) -> None:
    """The terminal shows the code in groups; the page that waits has a link, and the mail account its buttons."""
    user = dovecot.new_user()
    context = chromium.context(java_script_enabled=False)
    page = context.new_page()
    beginner.start()
    code = beginner.said(r"(\w{4}-\w{4}-\w{4}-\w{4})")[1]
    url = beginner.said(r"(http://127\.0\.0\.1:\d+)/commencer")[1]
    page.goto(url)
    fill_in(page, entreprise="Sans Script", courriel=user.address, nom="Marie Durand", identifiant="marie")
    fill_in(page, mot_de_passe_nouveau=PASSWORD, code=code.upper())
    page.get_by_role("button", name="Créer le site").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Le site est créé")
    beginner.said("tous les services tournent")
    page.get_by_role("link", name="Continuer").click()
    expect(page.get_by_text("2 sur 6 faits.")).to_be_visible()
    page.get_by_role("link", name="Régler le compte de courrier").click()
    fill_in(page, entrant_serveur=dovecot.host, entrant_port=str(dovecot.imap), mot_de_passe_boite=user.password)
    fill_in(page, sortant_serveur=journey_smtp.host, sortant_port=str(journey_smtp.port))
    for way in ("entrant", "sortant"):
        page.locator(f"[name={way}_securite]").select_option("none")
    page.get_by_role("button", name="Valider", exact=True).click()
    expect(page.get_by_text("3 sur 6 faits.")).to_be_visible()
    context.close()
