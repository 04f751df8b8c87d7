"""Picking slips in the pages: made, entered, finished, validated by three people at three depots; over ASGI."""

from __future__ import annotations

import html
import re
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.enums import Incomplete
from intergestan_db.tables import (
    DeliveryNote,
    Event,
    Party,
    PickingSlip,
    PickingSlipLine,
    Product,
    SalesOrder,
)
from intergestan_erp.picking.header import set_incomplete
from intergestan_erp.picking.making import make_slips
from intergestan_erp.selling.drafts import Typed, TypedLine
from intergestan_erp.selling.enter import enter_order
from intergestan_erp.site.preferences import set_preference
from intergestan_erp.stock.allocate import allocate_order
from intergestan_erp.stock.typed_shares import read_shares
from tests.services.console.agencies_desk import AgenciesDesk
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk
from tests.site_factories import NOW

pytestmark = pytest.mark.mainly_on("postgresql")

CUSTOMER = "C0000004"


def plain(text: str) -> str:
    """With usual blanks."""
    return html.unescape(text).replace("\u202f", " ").replace("\u00a0", " ")


def order(desk: AgenciesDesk, shares: str, quantity: str = "6") -> str:
    """A customer's order of ALB0002, with what is taken of each depot; its number."""
    agencies = desk.agencies
    found = agencies.rows(Party, code=CUSTOMER)
    customer_id = found[0].id if found else agencies.party(CUSTOMER, supplier=False)
    typed = Typed(customer_id=customer_id, lines=(TypedLine("ALB0002", Decimal(quantity)),))
    number = agencies.did(enter_order, typed).number
    agencies.did(allocate_order, number, {"L1": read_shares(shares)})
    return str(number)


def make(desk: AgenciesDesk, number: str, depot: str = "AB") -> list[str]:
    """The slips of an order, by the library."""
    made = desk.agencies.did(make_slips, number, desk.agencies.at(depot))
    return [each.number for each in made.slips]


def press(browser: Browser, page: str, what: str, *numbers: str, **more: str) -> Answer:
    """Tick these in the list and press a button; the page with what came of it."""
    form = browser.get(page).form_at("/bp/faire")
    form = {name: value for name, value in form.items() if not name.startswith("pris.")}
    answer = browser.post("/bp/faire", {**form, **{f"pris.{each}": "1" for each in numbers}, "faire": what, **more})
    return browser.get(answer.headers["location"]) if answer.status == 303 else answer


def results(answer: Answer) -> list[str]:
    """The lines of what was done."""
    found = re.search(r'(?s)<ul class="outcomes">(.*?)</ul>', answer.text)
    rows = re.findall(r"(?s)<li>.*?<span>(.*?)</span></li>", found[1] if found else "")
    return [" ".join(plain(re.sub(r"<[^>]+>", "", row)).split()) for row in rows]


def states(desk: AgenciesDesk) -> dict[str, str]:
    return {row.number: row.state for row in desk.site.rows(PickingSlip)}


def test_three_people_prepare_an_order_at_three_depots(agencies: AgenciesDesk) -> None:
    """A34, A35, case 1: the seed's four buttons at three depots; validated twice and in two browsers it leaves once."""
    number = order(agencies, "AB=1 RD=2 ABL=3")
    at = {place: agencies.person_at(who, place) for who, place in (("carl", "1/AB"), ("adam", "2/RD"))}
    marie = agencies.browser("marie")
    assert agencies.at(marie, "3/ABL").status == 303
    at["3/ABL"] = marie
    carl = at["1/AB"]
    page = carl.get("/bp")
    said = plain(page.said)
    assert page.status == 200
    for words in ("Administration des BPs", "À générer", "Prêt", "En erreur", "Périmé", "Générer un BP"):
        assert words in said, words
    seed = ["Générer un BP", "Générer et éditer un BP", "BP saisir", "Accepter les quantités proposées"]
    seed += ["BP achever", "BP valider", "Rouvrir", "Annuler"]
    buttons = re.findall(r'<button name="faire"[^>]*>([^<]*)</button>', html.unescape(page.text))
    assert buttons[: len(seed)] == seed, "in the seed's order"
    assert [row[1] for row in page.rows()] == [number]
    made = press(carl, "/bp", "generer", number)
    assert results(made) == [f"{number} → BP1 (AB). {number} → BP2 (RD). {number} → BP3 (ABL). BP1 BP2 BP3"], made.said
    for slip, (place, browser) in zip(("BP1", "BP2", "BP3"), at.items(), strict=True):
        assert results(press(browser, "/bp?etat=genere", "accepter", slip))[0].startswith(f"{slip} : tout ce qui")
        assert results(press(browser, "/bp?etat=saisi", "achever", slip)) == [f"{slip} est prêt."]
        form = {**browser.get("/bp?etat=pret").form_at("/bp/faire"), f"pris.{slip}": "1", "faire": "valider"}
        other = agencies.browser("carl" if browser is not carl else "adam")
        late = {**other.get(f"/bp?etat=pret&ici={place}").form_at("/bp/faire"), f"pris.{slip}": "1", "faire": "valider"}
        answers = [browser.post("/bp/faire", form), browser.post("/bp/faire", form), other.post("/bp/faire", late)]
        lines = [results(browser.get(each.headers["location"])) for each in answers[:2]]
        note = agencies.site.row(DeliveryNote, id=agencies.site.row(PickingSlip, number=slip).delivery_note_id).number
        assert lines == [[f"{slip} → {note} {note}"]] * 2
        assert results(other.get(answers[2].headers["location"])) == [f"{slip} est déjà parti : {note}. {note}"]
    assert states(agencies) == {"BP1": "expired", "BP2": "expired", "BP3": "expired"}
    assert len(agencies.site.rows(DeliveryNote)) == 3
    (row,) = carl.get("/bp?etat=perime").rows()
    assert row[1:2] + row[6:9] + row[10:] == ["BP1", "1", "1", "Périmé", "BL1"], row
    assert "BP3" in carl.get("/bp?etat=perime&depots=tous").said
    assert 'name="faire"' not in carl.get("/bp?etat=perime&depots=tous").text


def test_a_slip_of_another_depot_is_done_there_by_one_press(agencies: AgenciesDesk) -> None:
    """D62: two tabs at 1/AB and 2/RD; a slip of RD from a form of AB is 409 with both named, then done by one press."""
    number = order(agencies, "AB=1 RD=2", "3")
    assert make(agencies, number) == ["BP1", "BP2"]
    carl = agencies.person_at("carl", "1/AB")
    old = {**carl.get("/bp?etat=genere").form_at("/bp/faire"), "faire": "accepter"}
    assert agencies.at(carl, "2/RD").status == 303
    page = plain(carl.get("/bp?etat=genere&ici=1/AB").said)
    assert "Votre position est maintenant 2/RD ; cette page reste en 1/AB. Y aller" in page
    mine = carl.post("/bp/faire", {**old, "pris.BP1": "1"})
    assert mine.headers["location"].startswith("/bp?")
    assert "ici=1%2FAB" in mine.headers["location"], "the older tab stays where it was"
    assert results(carl.get(mine.headers["location"]))[0].startswith("BP1 :")
    answer = carl.post("/bp/faire", {**old, "jeton_acte": "b" * 20, "pris.BP2": "1"})
    assert answer.status == 409
    assert "BP2 est du dépôt RD, et vous étiez en 1/AB. Rien n'a été changé." in plain(answer.said).replace("’", "'")
    assert states(agencies)["BP2"] == "generated"
    again = {**answer.form_at("/bp/faire"), "ailleurs": "2/RD"}
    assert again["faire"] == "accepter"
    assert again["pris.BP2"] == "1"
    done = carl.post("/bp/faire", again)
    assert results(carl.get(done.headers["location"]))[0].startswith("BP2 :"), done.said
    assert states(agencies) == {"BP1": "entered", "BP2": "entered"}
    read_only = carl.get("/bp/BP1")
    assert 'name="prepare.1"' not in read_only.text
    assert "/bp/BP1?ici=1/AB" in html.unescape(read_only.text).replace("%2F", "/")
    assert 'name="prepare.1"' in carl.get("/bp/BP1?ici=1/AB").text


def test_quantities_are_typed_and_what_is_missing_remains(agencies: AgenciesDesk) -> None:
    """A35, A54: less than proposed asks where the rest goes; the delivery note has what was found."""
    make(agencies, order(agencies, "AB=5", "5"))
    carl = agencies.browser("carl")
    page = carl.get("/bp/BP1")
    form = page.form_at("/bp/BP1/saisir")
    assert form["prepare.1"] == ""
    for text in ("6", "-1", "x"):
        wrong = carl.post("/bp/BP1/saisir", {**form, "prepare.1": text, "faire": "enregistrer"})
        assert (wrong.status, f'value="{text}"' in wrong.text) == (422, True), wrong.said
    asked = carl.post("/bp/BP1/saisir", {**form, "prepare.1": "3", "faire": "achever"})
    assert asked.status == 200
    assert "2 ALB0002 restent en reliquat de CCL1." in plain(asked.said)
    assert states(agencies) == {"BP1": "generated"}
    form = {**asked.form_at("/bp/BP1/saisir"), "faire": "achever"}
    assert (form["prepare.1"], form["reliquat"]) == ("3", "oui")
    done = carl.post("/bp/BP1/saisir", form)
    after = carl.get(done.headers["location"])
    assert "BP1 est prêt. Ligne 1 : 2 n'ont pas été trouvés" in plain(after.said).replace("’", "'")
    assert carl.post("/bp/BP1/saisir", form).status == 303, "the same form once more"
    assert 'name="prepare.1"' not in after.text, "read only from now on"
    form = {**after.form_at("/bp/faire"), "faire": "valider"}
    left = carl.get(carl.post("/bp/faire", form).headers["location"])
    assert results(left) == ["BP1 → BL1 BL1"]
    assert agencies.site.row(PickingSlipLine).prepared == 3
    assert agencies.agencies.rows(SalesOrder, number="CCL1")


def test_two_people_on_one_slip(agencies: AgenciesDesk) -> None:
    """The second one reads both columns and loses nothing typed; from there it is stored."""
    make(agencies, order(agencies, "AB=5", "5"))
    carl, adam = agencies.browser("carl"), agencies.browser("adam")
    mine, theirs = (each.get("/bp/BP1").form_at("/bp/BP1/saisir") for each in (carl, adam))
    assert carl.post("/bp/BP1/saisir", {**mine, "prepare.1": "2", "faire": "enregistrer"}).status == 303
    late = adam.post("/bp/BP1/saisir", {**theirs, "prepare.1": "4", "faire": "enregistrer"})
    assert late.status == 409
    cells = re.findall(r'<td class="breaks">([^<]*)</td>', late.text)
    assert cells == ["2", "4"]
    assert agencies.site.row(PickingSlipLine).prepared == 2
    form = {**late.form_at("/bp/BP1/saisir"), "faire": "enregistrer"}
    assert form["prepare.1"] == "4"
    assert adam.post("/bp/BP1/saisir", form).status == 303
    assert agencies.site.row(PickingSlipLine).prepared == 4


def test_scans_are_counted(agencies: AgenciesDesk) -> None:
    """`3*ALB0002` adds three, a GTIN one; more than proposed and a strange code are said and count nothing."""
    make(agencies, order(agencies, "AB=6", "6"))
    with agencies.site.database.transaction() as connection:
        connection.execute(update(Product).values(gtin="03001234567892"))
    carl = agencies.browser("carl")

    def scan(codes: str, **headers: str) -> Answer:
        form = {**carl.get("/bp/BP1").form_at("/bp/BP1/lire"), "codes": codes}
        return carl.post("/bp/BP1/lire", form, **headers)

    assert "ALB0002 : 3 sur 6." in plain(carl.get(scan("3*alb0002").headers["location"]).said)
    part = scan("3001234567892\n1*ALB0002\nRIEN\n9*ALB0002", hx_request="true")
    assert part.status == 200
    assert "<html" not in part.text
    said = plain(part.said)
    for words in ("ALB0002 : 4 sur 6.", "ALB0002 : 5 sur 6.", "BP1 n'a pas de ligne avec RIEN.", "dont 1 restent"):
        assert words in said.replace("’", "'"), said
    assert agencies.site.row(PickingSlipLine).prepared == 5
    assert agencies.site.row(PickingSlip).version == 3
    assert scan("ALB0002" + "\nALB0002" * 1000).status == 422


def test_nobody_loses_a_scan(agencies: AgenciesDesk) -> None:
    """Two people scan at once: each of theirs is counted."""
    make(agencies, order(agencies, "AB=10", "10"))
    browsers = [agencies.browser(who) for who in ("carl", "adam")]
    forms = [each.get("/bp/BP1").form_at("/bp/BP1/lire") for each in browsers]

    def five(which: int) -> list[int]:
        rows = ({**forms[which], "jeton_acte": f"{which}{n}" + "a" * 20, "codes": "ALB0002"} for n in range(5))
        return [browsers[which].post("/bp/BP1/lire", each, hx_request="true").status for each in rows]

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(five, range(2))) == [[200] * 5] * 2
    assert agencies.site.row(PickingSlipLine).prepared == 10


def test_what_is_not_made_says_why(agencies: AgenciesDesk) -> None:
    """A22 names the card; of an order that waits it is said for what, by which word of the cascade (A38, A39)."""
    number = order(agencies, "AB=1 RD=2:indirect", "3")
    agencies.agencies.did(set_incomplete, number, Incomplete.WAIT)
    carl = agencies.browser("carl")
    form = carl.get("/bp").form_at("/bp/faire")
    answer = carl.post("/bp/faire", {**form, f"pris.{number}": "1", "faire": "generer"})
    (line,) = results(carl.get(answer.headers["location"]))
    assert line == "CCL1 attend 2 ALB0002 de RD (ne pas traiter, de la commande)."
    with agencies.site.database.transaction() as connection:
        connection.execute(update(Party).where(Party.code == CUSTOMER).values(picking_mode="none"))
    (line,) = results(press(carl, "/bp", "generer", number))
    assert f"La fiche de {CUSTOMER} exclut les BP. Rien n'a été généré." in line.replace("’", "'")
    assert not agencies.site.rows(PickingSlip)


def test_a_customer_who_owes_too_much(agencies: AgenciesDesk) -> None:
    """A21: no slip is made, and one that is ready does not leave; both say why, with the cures; paid, it is opened."""
    first, second = order(agencies, "AB=1", "1"), order(agencies, "AB=1", "1")
    make(agencies, first)
    carl = agencies.browser("carl")
    press(carl, "/bp?etat=genere", "accepter", "BP1")
    press(carl, "/bp?etat=saisi", "achever", "BP1")
    with agencies.site.database.transaction() as connection:
        set_preference(connection, "credit.block_from", "delivery", by="marie", at=NOW)
        connection.execute(update(Party).where(Party.code == CUSTOMER).values(credit_max=Decimal(1)))
    page = press(carl, "/bp", "generer", second)
    (line,) = results(page)
    assert line.startswith(f"{second} :"), line
    assert "Relever l'encours maximum" in line.replace("’", "'")
    assert list(states(agencies)) == ["BP1"]
    page = press(carl, "/bp?etat=pret", "valider", "BP1")
    (line,) = results(page)
    assert line.startswith("BP1 est en erreur :"), line
    assert "Enregistrer un règlement" in line
    (row,) = carl.get("/bp?etat=erreur").rows()
    assert CUSTOMER in row[9], row
    assert not agencies.site.rows(DeliveryNote)


def test_grouping_is_shown_before_it_happens(agencies: AgenciesDesk) -> None:
    """A53, D48: slips of one customer become one note where all is alike; who stands apart is said with why."""
    slips = [make(agencies, order(agencies, "AB=1", "1"))[0] for _ in range(3)]
    with agencies.site.database.transaction() as connection:
        connection.execute(update(Party).where(Party.code == CUSTOMER).values(group_slips=True))
        connection.execute(update(PickingSlip).where(PickingSlip.number == "BP3").values(delivery_city="Nancy"))
    carl = agencies.browser("carl")
    press(carl, "/bp?etat=genere", "accepter", *slips)
    press(carl, "/bp?etat=saisi", "achever", *slips)
    said = plain(carl.get("/bp?etat=pret").said)
    assert "BP1 + BP2 → un BL BP3 à part : autre adresse" in said
    lines = results(press(carl, "/bp?etat=pret", "valider", *slips))
    assert [each.split()[:3] for each in lines] == [["BP1", "→", "BL1"], ["BP2", "→", "BL1"], ["BP3", "→", "BL2"]]
    assert len(agencies.site.rows(DeliveryNote)) == 2


def test_three_steps_in_one_press_and_others_states(agencies: AgenciesDesk) -> None:
    """Accept, finish, validate; what is in another state says so, and what is in error is opened again."""
    for _ in range(2):
        make(agencies, order(agencies, "AB=1", "1"))
    carl = agencies.browser("carl")
    assert results(press(carl, "/bp?etat=genere", "valider", "BP1"))[0].startswith("BP1 : BP1 est")
    assert results(press(carl, "/bp?etat=genere", "tout", "BP1", "BP2")) == ["BP1 → BL1 BL1", "BP2 → BL2 BL2"]
    assert "périmé" in results(press(carl, "/bp?etat=genere", "annuler", "BP1"))[0]
    make(agencies, order(agencies, "AB=1", "1"))
    assert results(press(carl, "/bp?etat=genere", "annuler", "BP3"))[0].startswith("BP3 est annulé")
    assert states(agencies)["BP3"] == "cancelled"
    printed = carl.get("/bp/imprimer?bp=BP1,BP2,RIEN")
    assert (printed.status, printed.text.count("<article")) == (200, 2)
    entry = carl.post("/bp/faire", {**carl.get("/bp").form_at("/bp/faire"), "faire": "saisir", "pris.BP3": "1"})
    assert entry.headers["location"] == "/bp/saisie?bp=BP3"


def test_annulled_by_its_customer_while_it_is_validated(agencies: AgenciesDesk) -> None:
    """A52: the order is cancelled first: the slip is in error with its reason, and the page says so."""
    make(agencies, order(agencies, "AB=1", "1"))
    carl = agencies.browser("carl")
    press(carl, "/bp?etat=genere", "accepter", "BP1")
    press(carl, "/bp?etat=saisi", "achever", "BP1")
    form = {**carl.get("/bp?etat=pret").form_at("/bp/faire"), "pris.BP1": "1", "faire": "valider"}
    with agencies.site.database.transaction() as connection:
        connection.execute(update(SalesOrder).values(state="cancelled"))
    page = carl.get(carl.post("/bp/faire", form).headers["location"])
    assert results(page)[0].startswith("BP1 est en erreur :")
    (row,) = carl.get("/bp?etat=erreur").rows()
    assert "En erreur" in row
    assert agencies.site.row(PickingSlip).state == "error"
    assert results(press(carl, "/bp?etat=erreur", "rouvrir", "BP1")) == ["BP1 peut être saisi à nouveau."]
    assert states(agencies) == {"BP1": "entered"}


def test_cancelled_in_one_browser_and_validated_in_the_other(agencies: AgenciesDesk) -> None:
    """Annuler against BP valider at once: one of both happens, both are told."""
    make(agencies, order(agencies, "AB=1", "1"))
    carl, adam = agencies.browser("carl"), agencies.browser("adam")
    press(carl, "/bp?etat=genere", "accepter", "BP1")
    forms = {}
    for browser, act in ((carl, "annuler"), (adam, "tout")):
        forms[act] = {**browser.get("/bp?etat=saisi").form_at("/bp/faire"), "pris.BP1": "1", "faire": act}

    def send(browser: Browser, act: str) -> list[str]:
        return results(browser.get(browser.post("/bp/faire", forms[act]).headers["location"]))

    with ThreadPoolExecutor(2) as pool:
        told = [each.result() for each in (pool.submit(send, carl, "annuler"), pool.submit(send, adam, "tout"))]
    assert all(len(lines) == 1 for lines in told), told
    state = states(agencies)["BP1"]
    assert state in {"cancelled", "expired"}
    assert len(agencies.site.rows(DeliveryNote)) == (state == "expired")


def test_a_reader_looks_and_presses_nothing(agencies: AgenciesDesk) -> None:
    make(agencies, order(agencies, "AB=1", "1"))
    nadia = agencies.browser("nadia")
    for path in ("/bp", "/bp?etat=genere", "/bp/BP1", "/bp/imprimer?bp=BP1"):
        page = nadia.get(path)
        assert page.status == 200
        assert 'name="faire"' not in page.text, path
        assert 'name="prepare.1"' not in page.text, path
    assert nadia.post("/bp/faire", {"jeton": nadia.get("/moi").token}).status == 403
    assert not agencies.site.rows(Event, subject="picking_slip", name="enter")
    assert agencies.browser("carl").get("/bp/BP99").status == 404


def test_slips_are_made_from_their_order(agencies: AgenciesDesk) -> None:
    """*Générer et éditer un BP* in the head of the order goes on to the print view, where the order is."""
    number = order(agencies, "AB=1", "1")
    carl = agencies.person_at("carl", "2/RD")
    page = carl.get(f"/ventes/{number}")
    answer = carl.post("/bp/faire", {**page.form_at("/bp/faire"), "faire": "editer"})
    assert answer.headers["location"].startswith("/bp/imprimer?")
    printed = carl.get(answer.headers["location"])
    assert "Bon de préparation BP1" in plain(printed.said)
    assert states(agencies) == {"BP1": "generated"}
    assert 'action="/bp/faire"' not in agencies.browser("nadia").get(f"/ventes/{number}").text


def test_where_no_stock_is_managed_the_page_says_so(desk: Desk) -> None:
    """What is off is not in the menu; an address typed by hand says what switches it on, and who may."""
    for who, link in (("carl", False), ("adam", True)):
        browser = desk.browser(who)
        for path in ("/bp", "/receptions"):
            page = browser.get(path)
            assert page.status == 200
            assert "Gérer le stock" in plain(page.said), page.said
            assert ('href="/reglages/dossier"' in page.text.partition("<main")[2]) is link
        assert 'href="/bp"' not in browser.get("/").text
