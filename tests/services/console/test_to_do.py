"""*À traiter*: every reason has its page, its sentences and acts that end it; two at once, twice, and who may."""

from __future__ import annotations

import re
import threading
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from sqlalchemy import select, update

from intergestan_db.database import Database
from intergestan_db.enums import HoldReason, Right
from intergestan_db.tables import (
    Answer,
    Event,
    Hold,
    InboundMail,
    OutboundMail,
    Partner,
    PartnerKey,
    Party,
    ProductMatch,
    SalesOrder,
    SalesOrderLine,
)
from intergestan_erp.people.rights import change_rights
from intergestan_erp.site.preferences import set_preference
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from intergestan_exchange.findings.findings import WHAT
from intergestan_exchange.holds.holds import count_holds, find_hold, list_holds
from intergestan_operations.language.labels import HOLD_REASONS
from services.console.pages.to_do import CURES, MOST_AT_ONCE
from services.console.pictures import Pictures
from tests.factories import cfr1, cfr2
from tests.pipeline.two_sites import products_of
from tests.servers.process import HOST, free_port
from tests.services.console.browser import Answer as Page
from tests.services.console.browser import Browser
from tests.services.console.deciding_desk import BY_MAIL, BY_OURS, DecidingDesk, found
from tests.services.console.desk import counted_by
from tests.services.console.sending_desk import SendingDesk

pytestmark = pytest.mark.mainly_on("postgresql")


def press(browser: Browser, page: Page, action: str, **fields: str) -> Page:
    """Send a form of the page that goes there."""
    assert f'action="{action}"' in page.text
    return browser.post(action, {**page.kept(), **fields})


def waits(desk: DecidingDesk, ref: str) -> bool:
    with desk.seller.database.read() as connection:
        return any(hold.ref == ref for hold in list_holds(connection))


def settle(browser: Browser, ref: str, page: Page) -> Page:
    """Do the act that the page names first."""
    release, again = f"/a-traiter/{ref}/liberer", f"/a-traiter/{ref}/renvoyer"
    if f'action="{again}"' in page.text:
        return press(browser, page, again)
    if f'class="button main" href="/a-traiter/{ref}/refuser"' in page.text or f'action="{release}"' not in page.text:
        asked = browser.get(f"/a-traiter/{ref}/refuser")
        assert asked.status == 200, ref
        return press(browser, asked, f"/a-traiter/{ref}/refuser", motif="Non merci.")
    return browser.post(release, {"jeton": page.token, "jeton_acte": page.kept()["jeton_acte"]})


@pytest.mark.parametrize("keys", [sorted(WHAT)[::2], sorted(WHAT)[1::2]], ids=["one half", "the other"])
def test_every_reason_has_a_page_whose_act_ends_it(deciding: DecidingDesk, keys: list[str]) -> None:
    """Each reason and variant: what happened, what it means, what to do, in both languages; its first act ends it."""
    deciding.send("CFR1")
    (mail_id,) = [row.id for row in deciding.seller.rows(OutboundMail)]
    deciding.seller.composer.compose(mail_id)
    browser = deciding.browser("adam")
    for n, key in enumerate(keys, 1):
        reason = HoldReason(key.partition(".")[0])
        finding = found(key)
        if reason in BY_MAIL:
            ref = deciding.put_mail(reason, finding, f"{n:x}")
        elif reason in BY_OURS:
            if "." in key:
                continue
            ref = deciding.put_ours(reason)
        else:
            ref = deciding.put_order(reason, finding)
        with deciding.seller.database.read() as connection:
            hold = find_hold(connection, ref)
        for language in ("en", "fr"):
            page = browser.get(f"/a-traiter/{ref}?langue={language}")
            assert page.status == 200, key
            advice = hold.advice(language)
            for text in (hold.what(language), advice.means, advice.do):
                assert " ".join(text.split()) in page.said.replace("\u2026", "…"), (key, language)
        row = next(row for row in browser.get("/a-traiter").rows() if ref in row)
        assert any(word in row[-1] for word in _words()), key
        assert settle(browser, ref, page).status == 303, key
        assert not waits(deciding, ref), key
        after = browser.get(f"/a-traiter/{ref}")
        assert (after.status, "Traité par adam" in after.said) == (200, True), key


def _words() -> set[str]:
    from intergestan_operations.language.wording import translated

    return {translated(word, "fr") for word in CURES.values()}


def test_every_reason_has_its_word() -> None:
    assert set(HOLD_REASONS) == set(HoldReason)


def test_a_product_is_chosen_kept_and_the_order_goes_on(deciding: DecidingDesk) -> None:
    """What they call it is remembered for the partner; a code that we do not have is said at its field."""
    seller, browser = deciding.seller, deciding.browser("carl")
    known = products_of(cfr1(), cfr2())
    theirs = known[0]
    seller.put_products(replace(theirs, code="NOTRE1"), *known[1:])
    deciding.send("CFR1")
    page = browser.get("/a-traiter/order-1")
    (field,) = re.findall(r'name="(produit\.[^"]+)"', page.text)
    path = "/a-traiter/order-1/liberer"
    assert theirs.code in page.said
    for typed in ("NIX", ""):
        refused = press(browser, page, path, faire="choisir", **{field: typed})
        assert (refused.status, refused.text.count('aria-invalid="true"')) == (422, 1)
        assert f'value="{typed}"' in refused.text
    assert waits(deciding, "order-1")
    assert press(browser, page, path, faire="choisir", **{field: "NOTRE1"}).status == 303
    assert seller.row(ProductMatch).their_code == theirs.code
    page = browser.get("/a-traiter/order-1")
    assert "Reprise en cours" in page.said
    assert 'data-again="2000"' in page.text
    deciding.take_in()
    page = browser.get("/a-traiter/order-1")
    assert "Reprise en cours" not in page.said
    assert 'href="/histoire/CFR1"' in page.text
    assert "NOTRE1" in {row.product_code for row in seller.rows(SalesOrderLine)}
    assert not waits(deciding, "order-1")


def test_a_refusal_is_looked_at_first_and_told(deciding: DecidingDesk) -> None:
    """A page of its own says what the buyer reads; the words travel; the order ends on both sites."""
    deciding.send("CFR1")
    browser = deciding.browser("carl")
    asked = browser.get("/a-traiter/order-1/refuser")
    assert "Si rien n'est saisi, il lira" in asked.said
    done = press(browser, asked, "/a-traiter/order-1/refuser", motif="Rupture définitive.")
    assert done.headers["location"] == "/a-traiter/order-1"
    page = browser.get("/a-traiter/order-1")
    assert "order-1 est refusé" in page.said
    assert "Rupture définitive." in page.said
    assert [row.note for row in deciding.seller.rows(Answer)][-1] == "Rupture définitive."
    twice = press(browser, asked, "/a-traiter/order-1/refuser", motif="Rupture définitive.")
    assert twice.status == 303
    assert "Déjà fait" in browser.get("/a-traiter/order-1").said
    assert len(deciding.seller.rows(Answer, code="RE")) == 1


def test_who_comes_second_is_told_who_was_quicker(deciding: DecidingDesk) -> None:
    deciding.send("CFR1")
    carl, adam = deciding.browser("carl"), deciding.browser("adam")
    first, second = carl.get("/a-traiter/order-1"), adam.get("/a-traiter/order-1/refuser")
    assert press(carl, first, "/a-traiter/order-1/liberer").status == 303
    late = press(adam, second, "/a-traiter/order-1/refuser", motif="Non.")
    assert (late.status, "Quelqu'un a été plus rapide" in late.said, "Traité par carl" in late.said) == (
        409,
        True,
        True,
    )
    assert not deciding.seller.rows(Answer, code="RE")
    assert adam.get("/a-traiter/order-1/refuser").status == 303


@pytest.mark.race
@pytest.mark.parametrize("kind", ["order", "in"])
def test_two_at_the_same_moment(deciding: DecidingDesk, kind: str) -> None:
    """Of two who press together one does it, and the other one is told so."""
    deciding.send("CFR1")
    if kind == "in":
        deciding.put_mail(HoldReason.POISON, found("poison"), "f")
    ref = (
        "order-1"
        if kind == "order"
        else next(f"in-{row.id}" for row in deciding.seller.rows(InboundMail, state="held"))
    )
    browsers = [deciding.browser("adam"), deciding.browser("adam")]
    pages = [browser.get(f"/a-traiter/{ref}") for browser in browsers]
    asked = [browser.get(f"/a-traiter/{ref}/refuser") for browser in browsers]
    ready, answers = threading.Barrier(2), {}

    def act(n: int) -> None:
        ready.wait()
        path = f"/a-traiter/{ref}/liberer" if n else f"/a-traiter/{ref}/refuser"
        answers[n] = browsers[n].post(path, (pages[n] if n else asked[n]).kept())

    threads = [threading.Thread(target=act, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers.values()) == [303, 409]
    late = next(answer for answer in answers.values() if answer.status == 409)
    assert "Traité par adam" in late.said
    names = {"release", "refuse"}
    told = [row for row in deciding.seller.rows(Event) if row.name in names and row.who == "adam"]
    assert len(told) == 1


def test_who_may_decide_what(deciding: DecidingDesk) -> None:
    """A reader sees all and has no button; a clerk decides about orders, an operator about mails."""
    deciding.send("CFR1")
    mail = deciding.put_mail(HoldReason.POISON, found("poison"), "f")
    buttons = {"order-1": {"carl", "adam"}, mail: {"odile", "adam"}}
    for ref, allowed in buttons.items():
        for login in ("nadia", "carl", "odile", "adele", "adam"):
            page = deciding.browser(login).get(f"/a-traiter/{ref}")
            assert page.status == 200
            assert (f"/a-traiter/{ref}/refuser" in page.text) is (login in allowed), (ref, login)
            assert ("d'autres la prennent" in page.said) is (login not in allowed), (ref, login)


def test_the_list_offers_what_the_page_offers(deciding: DecidingDesk) -> None:
    """The twelve words are for whoever sets partners, with or without the right to settle mails."""
    seller = deciding.seller
    ref = deciding.put_mail(HoldReason.UNCONFIRMED_KEY, found("unconfirmed_key"), "f")
    with seller.database.transaction() as connection:
        change_rights(connection, "carl", grant=[Right.SET_PARTNERS], by="jean", at=seller.database.now())
    offered = {"nadia": "Regarder", "odile": "Réessayer", "carl": "douze mots", "adam": "douze mots"}
    for login, word in offered.items():
        browser = deciding.browser(login)
        page = browser.get(f"/a-traiter/{ref}")
        assert (f'href="/a-traiter/{ref}/cle"' in page.text) is (word == "douze mots"), login
        assert (f'action="/a-traiter/{ref}/liberer"' in page.text) is (login in {"odile", "adam"}), login
        (row,) = browser.get("/a-traiter").rows()
        assert word in row[-1], login
        assert word in browser.get("/").said, login


def test_a_page_that_is_open_asks_for_no_more_than_whether_it_waits(deciding: DecidingDesk) -> None:
    """Every few seconds: what it offers is read with the page alone, and only for whoever may do it."""
    deciding.send("CFR1")
    path = "/a-traiter/order-1"
    polls = {"hx_request": "true", "hx_target": "etat"}
    asked: dict[str, list[str]] = {}
    for name, login, headers in (("page", "carl", {}), ("poll", "carl", polls), ("reader's", "nadia", {})):
        browser = deciding.browser(login)
        browser.get(path)
        with counted_by(deciding.console) as statements:
            page = browser.get(path, **headers)
        assert 'class="standing"' in page.text, name
        asked[name] = [re.findall(r"FROM (\w+)", each)[0] for each in statements]
    assert asked["poll"] == ["session", "user_role", "hold"]
    assert asked["page"].count("product") > 1
    assert "product" not in asked["reader's"]


def test_the_list_is_narrowed_and_counts(deciding: DecidingDesk) -> None:
    deciding.send("CFR1", "CFR2")
    mail = deciding.put_mail(HoldReason.POISON, found("poison"), "f")
    browser = deciding.browser("nadia")
    assert {row[0] for row in browser.get("/a-traiter").rows()} == {"order-1", "order-2", mail}
    orders = browser.get("/a-traiter?quoi=commandes")
    assert [row[0] for row in orders.rows()] == ["order-1", "order-2"]
    assert [row[0] for row in browser.get("/a-traiter?raison=poison").rows()] == [mail]
    assert len(browser.get(f"/a-traiter?correspondant={deciding.buyer.code}").rows()) == 3
    assert "Rien de tel n'attend" in browser.get("/a-traiter?quoi=envois").said
    with deciding.seller.database.read() as connection:
        counts = {(each.kind, each.reason): each.count for each in count_holds(connection)}
    assert counts == {("order", HoldReason.UNKNOWN_PRODUCT): 2, ("in", HoldReason.POISON): 1}
    (asked_for,) = re.findall(r'id="nouveau" data-live hx-get="([^"]*)"', orders.text)
    watching = asked_for.replace("&amp;", "&")
    with counted_by(deciding.console) as asked:
        still = browser.get(watching, hx_request="true", hx_target="nouveau")
    assert "a changé" not in still.said
    assert [re.findall(r"^SELECT (\S+)", each)[0] for each in asked[2:]] == ["anon_1.kind,"], "who asks, and one count"
    deciding.put_mail(HoldReason.POISON, found("poison"), "e")
    assert "a changé" in browser.get(watching, hx_request="true", hx_target="nouveau").said


def test_home_and_the_menu_count_the_same(deciding: DecidingDesk) -> None:
    """What nobody vouches for is one thing to do for each reason, as in the list, on whichever page it is counted."""
    deciding.send("CFR1")
    for sha in "def":
        deciding.put_mail(HoldReason.POISON, found("poison"), sha)
    with deciding.seller.database.transaction() as connection:
        connection.execute(update(InboundMail).where(InboundMail.state == "held").values(unproven=True))
    deciding.console.pictures = Pictures(deciding.console.database, deciding.console.answer_hours)
    home = deciding.browser("carl").get("/")
    counted = int(re.findall(r"attendent une personne</a></dt><dd>(\d+)", home.text)[0])
    (menu,) = re.findall(r'href="/a-traiter"[^>]*>.*?<span class="count">(\d+)</span>', home.text)
    assert (counted, int(menu), len(deciding.browser("carl").get("/a-traiter").rows())) == (2, 2, 2)


def test_several_are_settled_each_by_itself(deciding: DecidingDesk) -> None:
    """One that somebody else was quicker with keeps nobody from the others."""
    deciding.send("CFR1", "CFR2")
    browser = deciding.browser("carl")
    page = browser.get("/a-traiter?quoi=commandes")
    fields = {**page.form_at("/a-traiter/commandes"), "pris.order-1": "1", "pris.order-2": "1"}
    nothing = browser.post("/a-traiter/commandes", {**page.form_at("/a-traiter/commandes"), "faire": "liberer"})
    assert (nothing.status, "Rien n'est coché" in nothing.said) == (422, True)
    other = deciding.browser("adam")
    assert press(other, other.get("/a-traiter/order-1"), "/a-traiter/order-1/liberer").status == 303
    done = browser.post("/a-traiter/commandes", {**fields, "faire": "refuser", "motif": "Fermé."})
    assert done.status == 303
    told = browser.get(done.headers["location"]).said
    assert "Un a été refusé. Non traité" in told.replace("\xa0", " ")
    assert [row.note for row in deciding.seller.rows(Answer, code="RE")] == ["Fermé."]
    wrong = browser.post("/a-traiter/commandes", {**page.kept(), "jeton_acte": "1" * 20, "pris.in-1": "1"})
    assert wrong.status == 303
    assert "Rien n'a été traité" in browser.get("/a-traiter").said


def test_what_cannot_be_settled_together_comes_back_as_it_was(deciding: DecidingDesk) -> None:
    """The same tab with its boxes, what was ticked and the reason that was typed: only the fault is new."""
    deciding.send("CFR1", "CFR2")
    deciding.put_mail(HoldReason.POISON, found("poison"), "f")
    browser = deciding.browser("carl")
    before = deciding.seller.rows(Answer)
    page = browser.get("/a-traiter?quoi=commandes")
    fields = {**page.form_at("/a-traiter/commandes"), "faire": "refuser", "motif": "Rupture « définitive »"}
    many = {"pris.order-1": "1", **{f"pris.order-{n}": "1" for n in range(1000, 1000 + MOST_AT_ONCE)}}
    for ticked, said in (({}, "Rien n'est coché"), (many, f"On en traite {MOST_AT_ONCE} au plus")):
        back = browser.post("/a-traiter/commandes", {**fields, **ticked})
        assert (back.status, said in back.said) == (422, True), back.said
        assert [row[1] for row in back.rows()] == ["order-1", "order-2"]  # behind their boxes
        assert re.findall(r'href="([^"]*)" aria-current="page"', back.text)[-1] == "/a-traiter?quoi=commandes"
        boxes = dict(re.findall(r'name="pris\.(order-\d)" value="1"( checked)?', back.text))
        assert boxes == {"order-1": " checked" if ticked else "", "order-2": ""}
        assert 'name="motif" value="Rupture « définitive »"' in back.text
    assert deciding.seller.rows(Answer) == before, "nobody was answered"


def test_the_words_of_a_key_are_typed(deciding: DecidingDesk) -> None:
    """Never shown; wrong ones change nothing and stay; the right ones let the key count and its mails go on."""
    seller = deciding.seller
    with seller.database.transaction() as connection:
        connection.execute(update(PartnerKey).values(pending=True))
        partner_id = connection.execute(select(Partner.id)).scalar_one()
    kid = seller.row(PartnerKey).kid
    ref = deciding.put_mail(HoldReason.UNCONFIRMED_KEY, found("unconfirmed_key", kid=kid), "f")
    with seller.database.transaction() as connection:
        connection.execute(update(InboundMail).values(kid=kid, partner_id=partner_id))
    clerk, browser = deciding.browser("carl"), deciding.browser("adam")
    assert clerk.get(f"/a-traiter/{ref}/cle").status == 403
    page = browser.get(f"/a-traiter/{ref}/cle")
    words = deciding.buyer.key.public.words("fr")
    assert not any(f"{word} {after}" in page.said for word, after in pairwise(words))  # one alone may be a word of ours
    assert not any(f'value="{word}"' in page.text for word in words)
    typed = {f"mot.{n}": word for n, word in enumerate(words, 1)}
    wrong = press(browser, page, f"/a-traiter/{ref}/cle", **{**typed, "mot.3": "zzz"})
    assert (wrong.status, 'value="zzz"' in wrong.text) == (422, True)
    assert seller.row(PartnerKey).pending
    assert press(browser, page, f"/a-traiter/{ref}/cle", **typed).status == 303
    assert not seller.row(PartnerKey).pending
    assert not waits(deciding, ref)
    assert "Traité par adam" in browser.get(f"/a-traiter/{ref}").said


def test_an_order_that_owes_too_much_passes_with_a_reason(deciding: DecidingDesk) -> None:
    """Only who has that right by name, and says why."""
    deciding.send("CFR1")
    seller = deciding.seller
    finding = found("credit", exposure="10", maximum="5", order="6", total="6")
    ref = deciding.put_order(HoldReason.CREDIT, finding)
    with seller.database.transaction() as connection:
        party_id = connection.execute(select(Partner.party_id)).scalar_one()
        connection.execute(update(Hold).values(party_id=party_id, total_ttc=Decimal(6)))
        set_preference(connection, "credit.block_from", "order", by="jean", at=seller.database.now())
        connection.execute(update(Party).where(Party.id == party_id).values(credit_max=Decimal(5)))
    browser = deciding.browser("carl")
    page = browser.get(f"/a-traiter/{ref}")
    assert "Seul qui en a le droit" in page.said
    assert f"{ref} CFR1 6,00 ne passerait pas" in page.said
    assert f"{ref} CFR1 6,00 passerait" in browser.get(f"/a-traiter/{ref}?reglement=1").said
    assert 'id="reglement-faute"' in browser.get(f"/a-traiter/{ref}?reglement=x").text
    assert "Votre commande est bien reçue ; elle attend une validation commerciale." in page.said
    assert ("Enregistrer un règlement" in page.said, "Relever l'encours maximum" in page.said) == (True, False)
    assert "Relever l'encours maximum" in deciding.browser("adam").get(f"/a-traiter/{ref}").said
    refused = press(browser, page, f"/a-traiter/{ref}/liberer", faire="passer", motif="Client fidèle depuis 1998")
    assert refused.status == 403
    assert waits(deciding, ref)
    with seller.database.transaction() as connection:
        change_rights(connection, "carl", grant=[Right.OVERRIDE_CREDIT], by="jean", at=seller.database.now())
    page = browser.get(f"/a-traiter/{ref}")
    short = press(browser, page, f"/a-traiter/{ref}/liberer", faire="passer", motif="")
    assert (short.status, 'id="motif-faute"' in short.text) == (422, True)
    done = press(browser, page, f"/a-traiter/{ref}/liberer", faire="passer", motif="Client fidèle depuis 1998")
    assert done.status == 303, done.said
    assert not waits(deciding, ref)


def test_a_mail_that_came_back_goes_out_to_another_address(sending: SendingDesk) -> None:
    """The address and the second sending are one act; a wrong address is said at its field and nothing is done."""
    buyer = sending.buyer
    mail_id = buyer.request(sending.seller.code, "CFR1")
    buyer.compose(mail_id)
    buyer.mark_sent(mail_id)
    with buyer.database.transaction() as connection:
        held = {"state": "held", "reason": "undelivered", "detail": "5.1.1 no such user"}
        connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(**held))
    browser, ref = sending.browser("carl"), f"out-{mail_id}"
    page = browser.get(f"/a-traiter/{ref}")
    operator = sending.browser("odile").get(f"/a-traiter/{ref}")
    assert ('name="courriel"' in page.text, 'name="courriel"' in operator.text) == (True, False)
    path = f"/a-traiter/{ref}/renvoyer"
    wrong = press(browser, page, path, courriel="nowhere")
    assert (wrong.status, 'id="courriel-faute"' in wrong.text, 'value="nowhere"' in wrong.text) == (422, True, True)
    assert buyer.row(OutboundMail, id=mail_id).state == "held"
    done = press(browser, page, path, courriel="commandes@stauber.test")
    assert done.headers["location"] == f"/envois/{ref}"
    mail = buyer.row(OutboundMail, id=mail_id)
    assert (mail.state, mail.recipient) == ("composed", "commandes@stauber.test")
    assert "Traité par carl" in browser.get(f"/a-traiter/{ref}").said


@pytest.mark.parametrize("ref", ["order-77", "in-0", "x", "order-99999999999999999999", "out-"])
def test_what_never_waited(deciding: DecidingDesk, ref: str) -> None:
    assert deciding.browser("adam").get(f"/a-traiter/{ref}").status == 404


def test_what_a_supplier_changed_is_agreed_to_or_asked_for_again(sending: SendingDesk) -> None:
    """Line by line; the decision leaves as a change, once, and stands there as on its way."""
    buyer, seller = sending.buyer, sending.seller
    mail_id = buyer.request(seller.code, "CFR1")
    seller.receive(buyer.compose(mail_id))
    buyer.mark_sent(mail_id)
    buyer.receive(seller.compose_requested()[0])
    with seller.database.transaction() as connection:
        number = connection.execute(select(SalesOrder.number)).scalar_one()
        changes = OwnChanges(quantities={"L1": Decimal(1), "L2": Decimal(5)})
        change_sales_order(connection, number, changes, by="jean", at=seller.database.now())
    buyer.receive(seller.compose_requested()[0])
    browser, path = sending.browser("carl"), "/a-traiter/modifications/CFR1"
    assert [row[0] for row in browser.get("/a-traiter/modifications").rows()] == ["CFR1", "CFR1"]
    page = browser.get(path)
    fields = page.form_at("/a-traiter/decision/CFR1")
    assert {"ligne.L1", "ligne.L2"} <= set(fields)
    fields.pop("ligne.L2")
    before = len(sending.mails())
    done = browser.post("/a-traiter/decision/CFR1", {**fields, "faire": "accepter"})
    assert (done.status, done.headers["location"]) == (303, path)
    assert browser.post("/a-traiter/decision/CFR1", {**fields, "faire": "accepter"}).status == 303
    assert len(sending.mails()) == before + 1
    page = browser.get(path)
    assert "en route dans la modification 1" in page.said
    fields = page.form_at("/a-traiter/decision/CFR1")
    assert "ligne.L1" not in fields
    nothing = {name: value for name, value in fields.items() if not name.startswith("ligne.")}
    assert browser.post("/a-traiter/decision/CFR1", {**nothing, "faire": "redemander"}).status == 422
    again = browser.post("/a-traiter/decision/CFR1", {**fields, "faire": "redemander"})
    assert again.status == 303, again.said
    assert "redemander" not in browser.get(path).text
    assert 'value="accepter"' not in sending.browser("nadia").get(path).text


def test_what_waits_is_as_many_as_last_while_nobody_can_count(deciding: DecidingDesk) -> None:
    """Every page has the number, also the one that says that the database does not answer."""
    deciding.send("CFR1")
    pictures = deciding.console.pictures
    assert pictures.to_do() == 1
    deciding.look_anew()
    pictures._database = Database(f"postgresql+psycopg://{HOST}:{free_port()}/site")
    assert pictures.to_do() == 1
