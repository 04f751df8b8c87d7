"""The card of a third party in the pages: its tabs, two people at once, who may what; over ASGI."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal

import pytest

from intergestan_db.enums import GeoState
from intergestan_db.tables import Account, Address, Contact, EntryLine, Event, Party, PartyFee
from intergestan_erp.credit.customers import read_customers
from intergestan_erp.parties.fees import set_fee
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.party_entry.anonymising import anonymise
from intergestan_erp.site.credit_rules import read_credit_rules
from tests.console.forms import act_of
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import PASSWORD, Desk, counted_by
from tests.services.console.test_tiers import prefer
from tests.services.console.test_tiers_settings import form_of
from tests.site_factories import NOW, add_party

pytestmark = pytest.mark.mainly_on("postgresql")

CARD = "/tiers/C1"


@pytest.fixture(autouse=True)
def martin(desk: Desk) -> int:
    """A customer with all that a card may have."""
    party = NewParty(
        code="C1",
        name="Martin SA",
        is_customer=True,
        siret="73282932000074",
        line1="1 rue A",
        postcode="88100",
        city="PAIR ET GRANDRUPT",
        contact="M. Martin",
    )
    with desk.site.database.transaction() as connection:
        return add_party(connection, party)


def opened(browser: Browser, tab: str = "") -> dict[str, str]:
    """The form of a tab, as it stands there."""
    text = browser.get(CARD + (f"?onglet={tab}" if tab else "")).text
    form = text[text.index("data-guards") :]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'<input id="[^"]+" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'<input type="checkbox" name="([^"]+)" value="([^"]*)" checked', form))
    for name, options in re.findall(r'(?s)<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else re.findall(r'value="([^"]*)"', options)[0]
    return {**fields, "jeton_acte": act_of(text)}


def test_a_card_is_opened_tab_by_tab(desk: Desk) -> None:
    """The words of the seed stand there letter by letter; a supplier has no credit; who only reads has no button."""
    nadia, carl = desk.browser("nadia"), desk.browser("carl")
    page = carl.get(CARD)
    for words in ("LIVRAISON ET FACTURATION", "PIECES ET LIENS", "Bon de préparation", "Si commande incomplète"):
        assert words in page.said
    assert all(f">{word}</option>" in page.text for word in ("Générer un BP", "Ne pas traiter"))
    for tab in ("", "adresses", "comptes", "encours", "frais"):
        seen = nadia.get(f"{CARD}?onglet={tab}")
        assert (seen.status, "data-saves" in seen.text) == (200, False), tab
    assert "data-saves" not in carl.get(f"{CARD}?onglet=encours").text
    assert "Frais et minimum" not in carl.get("/tiers/STAUBER").said
    assert carl.get("/tiers/none").status == 404
    with counted_by(desk.console) as statements:
        carl.get(f"{CARD}?onglet=encours")
    assert len(statements) <= 40


def test_what_is_saved_is_what_was_typed_and_nothing_else(desk: Desk) -> None:
    carl = desk.browser("carl")
    form = opened(carl)
    before = desk.site.row(Party, code="C1")
    assert carl.post(f"{CARD}/fiche", form).status == 303
    assert desk.site.row(Party, code="C1") == before
    assert not desk.site.rows(Event, subject="party", subject_id=before.id, name="set")
    changes = {"raison_sociale": "Martin & Fils", "fournisseur": "1", "conditions": "60J", "regroupement": "customer"}
    changes |= {"generation_bp": "none", "incomplete": "wait", "grouper_bp": "1", "telephone": "03 29"}
    form = {**opened(carl), **changes}
    assert [carl.post(f"{CARD}/fiche", form).status for _ in range(2)] == [303, 303]
    row = desk.site.row(Party, code="C1")
    assert (row.name, row.is_supplier, row.invoice_grouping) == ("Martin & Fils", True, "customer")
    assert (row.picking_mode, row.incomplete, row.group_slips) == ("none", "wait", True)
    assert desk.site.row(Contact, party_id=row.id).telephone == "03 29"
    assert {each.number for each in desk.site.rows(Account, title="Martin & Fils")} == {"411C1", "401C1"}
    assert [each.who for each in desk.site.rows(Event, subject="party", subject_id=row.id, name="set")] == ["carl"]
    gone = {name: value for name, value in opened(carl).items() if name != "fournisseur"}
    assert carl.post(f"{CARD}/fiche", gone).status == 303
    assert not desk.site.rows(Account, number="401C1")


def test_two_people_at_once_lose_nothing(desk: Desk) -> None:
    """The second is told, sees both versions, and decides; what another form changes is no clash."""
    carl, adam = desk.browser("carl"), desk.browser("adam")
    mine, theirs = opened(carl), opened(adam)
    address = opened(adam, "adresses")
    assert adam.post(f"{CARD}/fiche", {**theirs, "raison_sociale": "Martin Frères"}).status == 303
    assert adam.post(f"{CARD}/adresse", {**address, "ville": "NANCY"}).status == 303
    answer = carl.post(f"{CARD}/fiche", {**mine, "raison_sociale": "<b>Martin</b>"})
    assert (answer.status, "Les deux versions" in answer.said) == (409, True)
    assert "&lt;b&gt;Martin" in answer.text
    assert "Martin Frères" in answer.said
    assert desk.site.row(Party, code="C1").name == "Martin Frères"
    kept = dict(re.findall(r'name="(version|jeton|jeton_acte)" value="([^"]*)"', answer.text))
    assert carl.post(f"{CARD}/fiche", {**mine, "raison_sociale": "Martin", **kept}).status == 303
    assert desk.site.row(Party, code="C1").name == "Martin"
    assert desk.site.row(Address, party_id=desk.site.row(Party, code="C1").id).city == "NANCY"


FAULTS = {
    "fiche": ("", {"siret": "12"}, {"raison_sociale": "Martin Frères"}),
    "adresse": ("adresses", {"latitude": "x"}, {"ville": "NANCY"}),
    "frais": ("frais", {"minimum": "-1"}, {"minimum": "80"}),
    "compte": ("comptes", {"intitule": "\u200b"}, {"intitule": "Martin, Nancy"}),
    "encours": ("encours", {"encours_maximum": "x"}, {"encours_maximum": "800"}),
}
"""Of each form: its tab, what is refused, and what somebody else saves."""


@pytest.mark.parametrize("act", FAULTS)
def test_a_fault_in_between_hides_nobody_elses_change(desk: Desk, act: str) -> None:
    """The page after a fault is still of the version that was seen; only the one that showed a clash is of a new."""
    adele, adam = desk.browser("adele"), desk.browser("adam")
    if act != "encours":
        adele = desk.browser("carl")
    tab, wrong, theirs = FAULTS[act]
    mine, other = opened(adele, tab), opened(adam, tab)
    assert adam.post(f"{CARD}/{act}", {**other, **theirs}).status == 303
    refused = adele.post(f"{CARD}/{act}", {**mine, **wrong})
    assert refused.status == 422, refused.said
    kept = {**mine, **refused.form_at(f"{CARD}/{act}")}
    (changed,) = theirs
    told = adele.post(f"{CARD}/{act}", {**kept, **dict.fromkeys(wrong, ""), changed: mine.get(changed, "")})
    assert (told.status, "Les deux versions" in told.said) == (409, True), told.said
    again = {**mine, **told.form_at(f"{CARD}/{act}")}
    assert adele.post(f"{CARD}/{act}", again).status == 303


def test_nobody_writes_what_was_made_anonymous(desk: Desk, martin: int) -> None:
    """D34: a page that was opened before is refused, also where nothing of its form was changed."""
    carl, adele = desk.browser("carl"), desk.browser("adele")
    forms = {act: opened(adele if act == "encours" else carl, tab) for act, (tab, _wrong, _theirs) in FAULTS.items()}
    with desk.site.database.transaction() as connection:
        anonymise(connection, martin, by="marie", at=NOW)
    before, events = desk.site.row(Party, code="C1"), len(desk.site.rows(Event, subject="party", subject_id=martin))
    for act, form in forms.items():
        refused = (adele if act == "encours" else carl).post(f"{CARD}/{act}", {**form, "raison_sociale": "Martin"})
        assert (refused.status, "anonymisé" in refused.said) == (409, True), act
        assert "Les deux versions" not in refused.said
    page = carl.get("/tiers/nouveau")
    asked = carl.post(f"{CARD}/geocoder", {"jeton": page.token, "jeton_acte": act_of(page.text)})
    assert asked.status == 409
    assert desk.site.row(Party, code="C1") == before
    assert not desk.site.rows(Contact, party_id=martin)
    assert len(desk.site.rows(Event, subject="party", subject_id=martin)) == events


@pytest.mark.parametrize(
    ("act", "field", "typed"),
    [
        ("fiche", "raison_sociale", "Martin <b>"),
        ("adresse", "ville", "NANCY <b>"),
        ("frais", "minimum", "12,5 <b>"),
        ("compte", "intitule", "Martin <b>"),
        ("geocoder", "ville", "PAIR ET GRANDRUPT"),
    ],
)
def test_nothing_typed_is_lost_when_the_session_has_ended(desk: Desk, act: str, field: str, typed: str) -> None:
    """The tab comes back filled, of the version that was seen, and is not sent."""
    carl = desk.browser("carl")
    tab = FAULTS[act][0] if act in FAULTS else "adresses"
    mine = opened(carl, tab)
    form = {**mine, field: typed} if act in FAULTS else {name: mine[name] for name in ("jeton", "jeton_acte")}
    desk.move(hours=13)
    asked = carl.post(f"{CARD}/{act}", form)
    again = carl.post("/entrer", {**asked.kept(), "login": "carl", "mot_de_passe": PASSWORD})
    assert again.status == 200, again.said
    back = again.form_at(f"{CARD}/{act if act in FAULTS else 'adresse'}")
    assert (back[field], back["version"]) == (typed, mine["version"])
    assert carl.get(f"{CARD}/{act}").status == 200


def test_an_address_and_its_position(desk: Desk, martin: int) -> None:
    """T25, T26: set by hand, looked up when somebody asks, listed; nothing leaves the console."""
    carl = desk.browser("carl")
    wrong = carl.post(f"{CARD}/adresse", {**opened(carl, "adresses"), "latitude": "48,28"})
    assert (wrong.status, 'value="48,28"' in wrong.text) == (422, True)
    placed = {**opened(carl, "adresses"), "latitude": "48.28", "longitude": "6.99", "incomplete_adresse": "pick"}
    assert carl.post(f"{CARD}/adresse", placed).status == 303
    row = desk.site.row(Address, party_id=martin)
    assert (row.latitude, row.geo_state, row.incomplete) == (Decimal("48.28"), GeoState.BY_HAND, "pick")
    shown = desk.browser("nadia").get("/tiers/carte?code=C1")
    assert "48.28" in shown.said
    assert "<img" not in shown.text
    assert 'rel="noopener noreferrer"' in shown.text
    assert carl.post(f"{CARD}/adresse", {**opened(carl, "adresses"), "latitude": "", "longitude": ""}).status == 303
    page = carl.get(f"{CARD}?onglet=adresses")
    asked = carl.post(f"{CARD}/geocoder", {"jeton": page.token, "jeton_acte": act_of(page.text)})
    assert asked.status == 303
    assert desk.site.row(Address, party_id=martin).geo_state == GeoState.WAITING


def test_fees_and_minimum(desk: Desk, martin: int) -> None:
    """T16, T17, T23: the customer's own amount or the catalogue's; a fee that is switched off stays where it is."""
    carl = desk.browser("carl")
    form = {
        **opened(carl, "frais"),
        "frais.PORT": "1",
        "frais.PETITE": "1",
        "frais_montant.PORT": "9,00",
        "minimum": "100",
    }
    assert carl.post(f"{CARD}/frais", form).status == 303
    assert sorted(each.amount or 0 for each in desk.site.rows(PartyFee, party_id=martin)) == [0, 9]
    assert desk.site.row(Party, code="C1").minimum_order == 100
    with desk.site.database.transaction() as connection:
        set_fee(connection, "PETITE", {"active": False}, by="marie", at=NOW)
    again = opened(carl, "frais")
    assert (again["frais.PETITE"], again["frais_montant.PORT"]) == ("1", "9,00")
    assert carl.post(f"{CARD}/frais", {**again, "minimum": ""}).status == 303
    assert len(desk.site.rows(PartyFee, party_id=martin)) == 2
    assert carl.post(f"{CARD}/frais", {**opened(carl, "frais"), "minimum": "-1"}).status == 422


def test_accounts(desk: Desk) -> None:
    """T05: a number may be another as long as nothing is booked on it; where they are automatic it stays."""
    carl = desk.browser("carl")
    assert carl.post(f"{CARD}/compte", {**opened(carl, "comptes"), "numero": "411MAR"}).status == 303
    assert "411MAR" in carl.get(f"{CARD}?onglet=comptes").said
    taken = carl.post(f"{CARD}/compte", {**opened(carl, "comptes"), "numero": "401STAUBER"})
    assert (taken.status, "STAUBER" in taken.said) == (422, True)
    prefer(desk, accounts__mode="sequence")
    assert "readonly" in carl.get(f"{CARD}?onglet=comptes").text
    forged = carl.post(f"{CARD}/compte", {**opened(carl, "comptes"), "numero": "411X"})
    assert forged.status == 422
    titled = carl.post(f"{CARD}/compte", {**opened(carl, "comptes"), "intitule": "Martin, Nancy"})
    assert titled.status == 303
    assert desk.site.row(Account, number="411MAR").title == "Martin, Nancy"


@pytest.mark.parametrize("title", ["x" * 201, "Martin\x07", "Martin\u202e"])
def test_what_is_no_title_is_said_at_its_field(desk: Desk, title: str) -> None:
    """Nothing that was typed is lost, neither here nor where the number is refused."""
    carl = desk.browser("carl")
    refused = carl.post(f"{CARD}/compte", {**opened(carl, "comptes"), "numero": "411NEW", "intitule": title})
    assert (refused.status, 'href="#intitule-customer"' in refused.text) == (422, True), refused.said
    assert refused.form_at(f"{CARD}/compte")["numero"] == "411NEW"
    taken = carl.post(f"{CARD}/compte", {**opened(carl, "comptes"), "numero": "401STAUBER", "intitule": "Mine"})
    back = taken.form_at(f"{CARD}/compte")
    assert (taken.status, back["numero"], back["intitule"]) == (422, "401STAUBER", "Mine")


def test_entries_are_counted_on_their_own_tab_alone(desk: Desk) -> None:
    """Lines of the third party's account, and lines on a collective one that name it: each once."""
    carl = desk.browser("carl")
    number = carl.get("/tiers/DUP?onglet=comptes").rows()[0][2]
    lines = desk.site.rows(EntryLine)
    expected = sum(number in {each.account, each.aux} for each in lines)
    with counted_by(desk.console) as statements:
        page = carl.get("/tiers/DUP?onglet=comptes")
    assert sum("entry_line" in each for each in statements) == 1
    assert page.rows()[0][-1] == str(expected)
    with counted_by(desk.console) as statements:
        for tab in ("", "adresses", "frais"):
            carl.get(f"/tiers/DUP?onglet={tab}")
        carl.post(f"{CARD}/fiche", opened(carl))
    assert not [each for each in statements if "entry_line" in each]


def test_credit_has_all_its_parts_on_any_day(desk: Desk) -> None:
    """T18 to T22: the page's figures are the library's, whatever day is typed; only who may changes the limit (§10)."""
    adele, carl = desk.browser("adele"), desk.browser("carl")
    dupont = "/tiers/DUP?onglet=encours"
    with desk.site.database.read() as connection:
        rules, customer = read_credit_rules(connection), desk.site.row(Party, code="DUP").id
        owes = read_customers(connection, [customer], date(2020, 11, 20), rules)[customer]
    figures = [re.sub(r"\s", "", each) for each in figures_of(adele.get(f"{dupont}&au=20/11/2020"))]
    total = f"{owes.exposure.total:.2f}".replace(".", ",")
    assert total in figures
    assert owes.exposure.total > 0
    assert adele.get(f"{dupont}&au=nonsense").status == 200
    form = {**opened(adele, "encours"), "encours_maximum": "800", "encours_assure": "900"}
    assert adele.post(f"{CARD}/encours", form).status == 422
    assert adele.post(f"{CARD}/encours", {**form, "encours_assure": "300"}).status == 303
    row = desk.site.row(Party, code="C1")
    assert (row.credit_max, row.credit_insured) == (800, 300)
    page = adele.get(f"{CARD}?onglet=encours")
    assert "500,00" in figures_of(page)
    token = {"jeton": carl.get(CARD).token, "jeton_acte": "d" * 20, "encours_maximum": "99999"}
    assert carl.post(f"{CARD}/encours", token).status == 403
    assert desk.site.row(Party, code="C1").credit_max == 800


def figures_of(page: Answer) -> list[str]:
    return [re.sub(r"<[^>]+>", "", each) for each in re.findall(r"<dd>(.*?)</dd>", page.text)]


def test_a_role_of_whoever_trades_stays(desk: Desk) -> None:
    carl = desk.browser("carl")
    page = carl.get("/tiers/DUP")
    form = {**page.kept(), "raison_sociale": "Dupont", "fournisseur": "1", "jeton_acte": act_of(page.text)}
    kept = carl.post("/tiers/DUP/fiche", form)
    assert (kept.status, "garde" in kept.said) == (422, True)
    assert desk.site.row(Party, code="DUP").is_customer


def test_the_overview_has_the_figures_of_the_cards(desk: Desk) -> None:
    """§5.4: only who is above the limit is under that tab; the file has the same rows."""
    adele, nadia = desk.browser("adele"), desk.browser("nadia")
    assert nadia.get("/encours").rows() == []
    every = {row[0]: row for row in nadia.get("/encours?montrer=tous").rows()}
    assert {"C1", "DUP"} <= every.keys()
    card = nadia.get("/tiers/DUP?onglet=encours")
    assert every["DUP"][5] in figures_of(card)
    page = adele.get("/tiers/DUP?onglet=encours")
    fields = {**form_of(page, "/tiers/DUP/encours"), "encours_maximum": "1"}
    assert adele.post("/tiers/DUP/encours", fields).status == 303
    (row,) = nadia.get("/encours").rows()
    assert (row[0], row[6], row[8][0]) == ("DUP", "1,00", "-")
    assert "DUP" in nadia.get("/encours.csv").body.decode("utf-8-sig")
    assert nadia.get("/encours?montrer=derogations").rows() == []
