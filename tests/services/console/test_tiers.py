"""Third parties in the pages: found while one types, entered once, taken from a file; over ASGI."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from intergestan_db.enums import CategoryKind, FeeKind, PartyRole
from intergestan_db.tables import Event, Party, PartyFee
from intergestan_erp.agencies.codes import Mark, add_category, category_called
from intergestan_erp.listing import party_list
from intergestan_erp.listing.party_list import WhichParties, find_lines
from intergestan_erp.parties.fees import FeeValues, add_fee
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.site.preferences import set_preference
from tests.console.forms import act_of
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk, counted_by
from tests.services.console.test_catalogue import upload
from tests.site_factories import NOW, add_party

pytestmark = pytest.mark.mainly_on("postgresql")

NEW = "/tiers/nouveau"


def prefer(desk: Desk, **values: str) -> None:
    with desk.site.database.transaction() as connection:
        for name, value in values.items():
            set_preference(connection, name.replace("__", "."), value, by="marie", at=NOW)


def know(desk: Desk) -> None:
    """The three third parties of tiers.md §6."""
    with desk.site.database.transaction() as connection:
        for code, name, account in (
            ("C0000004", "Martin SA", "411MAR"),
            ("MA000001", "Établissements Durand", None),
            ("DU000009", "Dupont Martin", "4110400009"),
        ):
            accounts = {} if account is None else {PartyRole.CUSTOMER: account}
            add_party(connection, NewParty(code=code, name=name, is_customer=True, city="PAIR", accounts=accounts))


def found(answer: Answer) -> list[tuple[str, str]]:
    return re.findall(r'data-value="([^"]*)".*?<small>trouvé par\s:\s([^<]*)</small>', answer.text)


@pytest.mark.parametrize(
    ("fields", "typed", "expected"),
    [
        (
            "code,name,account",
            "ma",
            [("MA000001", "Code"), ("C0000004", "Raison sociale"), ("DU000009", "Raison sociale")],
        ),
        ("name,code", "ma", [("C0000004", "Raison sociale"), ("DU000009", "Raison sociale"), ("MA000001", "Code")]),
        ("name", "ma", [("C0000004", "Raison sociale"), ("DU000009", "Raison sociale")]),
        ("name", "dur etab", [("MA000001", "Raison sociale")]),
        ("code,account", "martin", []),
        ("code", "4", [("C0000004", "Code")]),
        ("account", "41104", [("DU000009", "Compte")]),
    ],
)
def test_a_field_finds_while_one_types(desk: Desk, fields: str, typed: str, expected: list[tuple[str, str]]) -> None:
    """T09 to T12, T14: the rows of tiers.md §6 in this order, in the field and in the list."""
    know(desk)
    prefer(desk, search__party_fields=fields)
    nadia = desk.browser("nadia")
    query = typed.replace(" ", "+")
    assert found(nadia.get(f"/tiers/chercher?role=customer&q={query}")) == expected
    rows = nadia.get(f"/tiers?role=clients&q={query}").rows()
    assert [(row[0], row[-1]) for row in rows] == expected
    assert found(nadia.get(f"/tiers/chercher?role=supplier&q={query}")) == []


def test_a_narrowed_list_finds_whoever_is_in_it(desk: Desk) -> None:
    """Those in front who bear another category take no place; what is not looked at any more is said."""
    with desk.site.database.transaction() as connection:
        add_category(connection, Mark("PRO", "Pros", CategoryKind.PARTY), by="marie", at=NOW)
        pros = category_called(connection, "PRO", CategoryKind.PARTY)
        for n in range(130):
            category = None if n < 120 else pros
            party = NewParty(code=f"Z{n:03d}", name=f"Zoe {n:03d}", is_customer=True, category_id=category)
            add_party(connection, party)
    nadia = desk.browser("nadia")
    page = nadia.get("/tiers?role=clients&categorie=PRO&q=zoe")
    assert [row[0] for row in page.rows()] == [f"Z{n}" for n in range(120, 130)]
    assert "précisez" not in page.said
    with desk.console.database.read() as connection:
        which = WhichParties(PartyRole.CUSTOMER, "PRO")
        found = [find_lines(connection, "zoe", which, limit=limit) for limit in (1, 9, 10)]
    assert [(len(each.rows), each.more) for each in found] == [(1, True), (9, True), (10, False)]


def test_that_there_are_more_is_said_where_no_row_is_shown(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """However few are looked at."""
    monkeypatch.setattr(party_list, "MOST", 1)
    with desk.site.database.transaction() as connection:
        for n in range(60):
            add_party(connection, NewParty(code=f"Z{n:03d}", name=f"Zoe {n:03d}", is_customer=True))
    page = desk.browser("nadia").get("/tiers?categorie=NONE&q=zoe")
    assert page.rows() == []
    assert "précisez" in page.said


def test_a_removed_field_gets_no_statement(desk: Desk) -> None:
    """T15."""
    know(desk)
    nadia = desk.browser("nadia")

    def asked(fields: str) -> int:
        prefer(desk, search__party_fields=fields)
        with counted_by(desk.console) as statements:
            nadia.get("/tiers/chercher?q=zzz")
        return sum("party_word" in each for each in statements)

    assert [asked(fields) for fields in ("code,name,account", "code,name", "name")] == [6, 4, 2]


def test_the_list_stands_in_its_address(desk: Desk) -> None:
    know(desk)
    nadia = desk.browser("nadia")
    codes = [row[0] for row in nadia.get("/tiers?role=clients").rows()]
    assert codes == sorted(codes)
    assert "STAUBER" not in codes
    assert [row[0] for row in nadia.get("/tiers?role=fournisseurs").rows()] == ["STAUBER"]
    assert nadia.get("/tiers?role=agences").rows() == nadia.get("/tiers?role=anonymises").rows() == []
    page = nadia.get("/tiers?encours=1")
    assert {"Encours", "Encours maximum", "Disponible"} <= set(
        re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page.text)
    )
    assert "MA000001" in nadia.get("/tiers.csv?role=clients").body.decode("utf-8-sig")
    partial = nadia.get("/tiers?q=mart", hx_request="true", hx_target="liste")
    assert partial.text.startswith("<title>")
    assert "<h1>" not in partial.text
    assert nadia.get("/tiers?q=" + "x" * 300).status == 200
    assert nadia.get("/tiers?q=x%00").status == 400


def enter(browser: Browser, **fields: str) -> Answer:
    page = browser.get(NEW)
    given = {"jeton": page.token, "jeton_acte": act_of(page.text), "raison_sociale": "Dupont SA", "client": "1"}
    return browser.post(NEW, {**given, **fields})


def test_a_third_party_is_entered_once(desk: Desk) -> None:
    """T01, T05: by hand the code is the person's, and the account its root with that; a double click is one act."""
    carl = desk.browser("carl")
    page = carl.get(NEW)
    fields = {**page.kept(), "raison_sociale": "Élise & Cie", "client": "1", "code": "eli-1", "ville": "Nancy"}
    fields |= {"siret": "732 829 320 00074", "courriel_facture": "f@elise.test", "jeton_acte": act_of(page.text)}
    answers = [carl.post(NEW, fields) for _ in range(2)]
    assert [each.headers.get("location") for each in answers] == ["/tiers/ELI-1"] * 2, answers[0].said
    row = desk.site.row(Party, code="ELI-1")
    assert (row.name, row.siret, row.is_customer, row.is_supplier) == ("Élise & Cie", "73282932000074", True, False)
    assert [each.who for each in desk.site.rows(Event, subject="party", name="create", subject_id=row.id)] == ["carl"]
    assert [row[2] for row in carl.get("/tiers?q=eli").rows()] == ["411ELI-1"]


def test_codes_and_accounts_are_made(desk: Desk) -> None:
    """T02 to T04, T07: the code that was foreseen begins so, and looking takes no number."""
    prefer(desk, codes__mode="automatic", accounts__mode="sequence")
    carl = desk.browser("carl")
    page = carl.get(NEW)
    for _ in range(3):
        seen = carl.post("/tiers/proposition", {"jeton": page.token, "raison_sociale": "Dupont SA"})
        assert "commencera par DU" in seen.said
    assert [enter(carl).headers.get("location") for _ in range(2)] == ["/tiers/DU000001", "/tiers/DU000002"]
    assert "DU000001" in carl.post("/tiers/proposition", {"jeton": page.token, "raison_sociale": "DUPONT  sa"}).said
    assert enter(carl, code="MINE", code_a_la_main="1").headers["location"] == "/tiers/DU000003"
    assert enter(desk.browser("adam"), code="MINE", code_a_la_main="1").headers["location"] == "/tiers/MINE"


def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(desk: Desk) -> None:
    carl = desk.browser("carl")
    refused = enter(carl, code="é", siret="12", minimum="beaucoup", ville="<b>Nancy")
    assert refused.status == 422
    assert all(f'href="#{name}"' in refused.text for name in ("code", "siret", "minimum"))
    assert 'value="&lt;b&gt;Nancy"' in refused.text
    assert 'aria-invalid="true"' in refused.text
    taken = enter(carl, code="STAUBER")
    assert (taken.status, "STAUBER" in taken.said, 'href="#code"' in taken.text) == (422, True, True)
    page = carl.get(NEW)
    none = carl.post(NEW, {"jeton": page.token, "jeton_acte": act_of(page.text), "raison_sociale": "X", "code": "X1"})
    assert (none.status, "client, fournisseur ou les deux" in none.said) == (422, True)
    doubt = enter(carl, code="DU1", siret="73282932000075", sans_controle="1")
    assert (doubt.status, "Enregistrer quand même" in doubt.said) == (422, False)
    adam = desk.browser("adam")
    assert "Enregistrer quand même" in enter(adam, code="DU1", siret="73282932000075").said
    assert enter(adam, code="DU1", siret="73282932000075", sans_controle="1").status == 303


def test_what_a_new_customer_may_owe_is_said_by_who_may(desk: Desk) -> None:
    """D22, §10: a clerk's customer gets the usual maximum, whatever a forged form says; T16: the fees as ticked."""
    prefer(desk, credit__max_default="5000", credit__insured_default="1000")
    with desk.site.database.transaction() as connection:
        for code, amount in (("EMBAL", "7.50"), ("GEST", "2")):
            fee = FeeValues(code, code.title(), FeeKind.PORT, Decimal(amount), Decimal(0), "S", Decimal(20))
            add_fee(connection, fee, by="marie", at=NOW)
    prefer(desk, fees__default="EMBAL")
    carl, adam = desk.browser("carl"), desk.browser("adam")
    assert 'name="encours_maximum"' not in carl.get(NEW).text
    assert re.search(r'name="frais.EMBAL" value="1" checked', carl.get(NEW).text)
    assert not re.search(r'name="frais.GEST" value="1" checked', carl.get(NEW).text)
    assert (
        enter(carl, code="A1", encours_maximum="99999", **{"frais.EMBAL": "1", "frais_montant.EMBAL": "9,00"}).status
        == 303
    )
    assert desk.site.row(Party, code="A1").credit_max == 5000
    fee = desk.site.row(PartyFee, party_id=desk.site.row(Party, code="A1").id)
    assert fee.amount == 9
    assert enter(adam, code="A2", encours_maximum="800", encours_assure="900").status == 422
    assert enter(adam, code="A2", encours_maximum="800", encours_assure="300", minimum="100").status == 303
    row = desk.site.row(Party, code="A2")
    assert (row.credit_max, row.credit_insured, row.minimum_order) == (800, 300, 100)
    assert not desk.site.rows(PartyFee, party_id=row.id)


def test_a_file_is_looked_at_before_it_is_entered_whole(desk: Desk) -> None:
    carl = desk.browser("carl")
    text = "Raison sociale;Code;Client;Ville\nMartin SA;M1;oui;PAIR\n<b>Durand</b>;M2;oui;METZ\n"
    page = upload(carl, "/tiers/importer", text)
    assert (page.status, "2 tiers seraient nouveaux" in page.said) == (200, True), page.said
    assert "&lt;b&gt;Durand" in page.text
    assert not desk.site.rows(Party, code="M1")
    fields = {**page.kept(), "faire": "prendre"}
    assert [carl.post("/tiers/importer", fields).status for _ in range(2)] == [303, 303]
    assert {desk.site.row(Party, code=code).name for code in ("M1", "M2")} == {"Martin SA", "<b>Durand</b>"}
    again = upload(carl, "/tiers/importer", text.replace("M2", "M3"))
    assert (again.status, "M1" in again.said) == (422, True)
    assert not desk.site.rows(Party, code="M3")
    assert upload(carl, "/tiers/importer", "Nom\n").status == 422
    assert carl.get("/tiers/modele.csv").body.decode("utf-8-sig").startswith("Code;Raison sociale;Client")


def test_two_at_once_get_two_codes(desk: Desk) -> None:
    """One prefix, two browsers: both are entered, none waits for a person."""
    prefer(desk, codes__mode="automatic")
    carl, adam = desk.browser("carl"), desk.browser("adam")
    paths = {enter(each).headers["location"] for each in (carl, adam)}
    assert paths == {"/tiers/DU000001", "/tiers/DU000002"}
    with desk.site.database.read() as connection:
        assert len(connection.execute(select(Party.id).where(Party.name == "Dupont SA")).all()) == 2
