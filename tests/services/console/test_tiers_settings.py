"""*Réglages* of third parties, fees and payment terms in the pages: stored group by group; over ASGI."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

import pytest
from sqlalchemy import insert
from sqlalchemy.exc import DBAPIError

from intergestan_db.published import OVER_LIMIT, publish
from intergestan_db.tables import Event, Fee, PaymentTerm, PaymentTermLine, Setting
from intergestan_erp.site.preferences import DEFAULTS, read_texts
from services.console.pages import choices
from services.console.pages.tiers_rules import GROUPS
from tests.console.forms import act_of
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import PASSWORD, Desk, counted_by
from tests.services.console.test_tiers import prefer

pytestmark = pytest.mark.mainly_on("postgresql")

PAGE = "/reglages/tiers"


def form_of(page: Answer, action: str) -> dict[str, str]:
    """The fields of one form, as they stand there."""
    found = re.search(rf'(?s)<form method="post" action="{action}".*?</form>', page.text)
    assert found, action
    form = found[0]
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'<input id="[^"]+" name="([^"]+)" value="([^"]*)"', form))
    fields |= dict(re.findall(r'name="([^"]+)" (?:type="checkbox" )?value="([^"]*)" checked', form))
    for name, options in re.findall(r'(?s)<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        fields[name] = chosen[1] if chosen else ""
    return fields


def opened(browser: Browser, group: str) -> dict[str, str]:
    return form_of(browser.get(PAGE), f"{PAGE}/{group}")


def texts(desk: Desk) -> Mapping[str, str]:
    with desk.site.database.read() as connection:
        return read_texts(connection)


WORDS = """Codification des tiers|Longueur du code tiers|entre 6 et 15|Longueur du préfixe|manuelle|automatique
Compte comptable|Manuelle|Automatique|La racine de compte + un numéro interne|La racine du compte + un numéro séquentiel
La racine du compte + numéro d'ordre dans l'alphabet de la première lettre de la raison sociale du tiers
Champs de recherche d'un tiers ou d'un compte comptable|le code|la raison sociale|le numéro de compte
le code Tiers associé au compte|l'intitulé du compte|le numéro du compte|Port et frais par défaut|Encours maximum
Si la recherche sur un de ces champs est inutile, il est vivement conseillé de le supprimer afin d'accélérer
Encours maximum par défaut|Encours assuré par défaut|Bloquer en cas de dépassement à partir de|Devis
Accusé de réception|Bon de livraison|Facture|Encours calculé sur la date d'échéance du règlement
Minimum de commande par défaut|Géocoder automatiquement les adresses de tiers
Clé Google Maps pour la géolocalisation multi-tiers"""
"""The words of the source document, letter by letter."""


def test_the_words_are_those_of_the_source(desk: Desk) -> None:
    """T01 to T26, where they are settings: every label, and every setting on one page."""
    page = desk.browser("adam").get(PAGE)
    for words in WORDS.replace("\n", "|").split("|"):
        assert words in html.unescape(page.text), words
    names = {each.setting for group in GROUPS for each in group.fields}
    assert names == set(DEFAULTS) - {"terms.default", *choices.NAMES}
    assert "DU000001" in page.said


def test_a_group_is_stored_as_a_whole(desk: Desk) -> None:
    """Values that fit together alone are stored together; what does not fit is refused, and stays in its field."""
    adam = desk.browser("adam")
    prefer(desk, codes__length="15", codes__prefix="14")
    form = {**opened(adam, "codes"), "codes_mode": "automatic", "codes_length": "8", "codes_prefix": "2"}
    answers = [adam.post(f"{PAGE}/codes", form) for _ in range(2)]
    assert [each.status for each in answers] == [303, 303], answers[0].said
    assert adam.post(f"{PAGE}/codes", {**form, "codes_length": "9"}).status == 303
    assert "avec un autre contenu" in adam.get(PAGE).said, "the same form with another length is not the same"
    stored = texts(desk)
    assert [stored[name] for name in ("codes.mode", "codes.length", "codes.prefix")] == ["automatic", "8", "2"]
    events = desk.site.rows(Event, subject="site", name="set", who="adam")
    assert len(events) == 1
    for group, changes in (
        ("codes", {"codes_length": "5"}),
        ("comptes", {"accounts_customer_root": "512"}),
        ("encours", {"credit_max_default": "100", "credit_insured_default": "200"}),
        ("minimum", {"orders_minimum_default": "beaucoup"}),
        ("geo", {"geo_calls_per_month": "-1"}),
    ):
        refused = adam.post(f"{PAGE}/{group}", {**opened(adam, group), **changes})
        assert refused.status == 422, group
        assert all(f'value="{value}"' in refused.text for value in changes.values()), group
        if len(changes) == 1:
            assert all(f'href="#{name}"' in refused.text for name in changes), group
    assert texts(desk) == stored
    fees = {**opened(adam, "frais"), "fees_default.PORT": "1", "fees_default.PETITE": "1"}
    assert adam.post(f"{PAGE}/frais", fees).status == 303
    assert sorted(texts(desk)["fees.default"].split(",")) == ["PETITE", "PORT"]
    flags = {**opened(adam, "encours"), "credit_by_payment_due": "true", "credit_block_from": "order"}
    assert adam.post(f"{PAGE}/encours", flags).status == 303
    assert texts(desk)["credit.by_payment_due"] == "true"
    off = {name: value for name, value in opened(adam, "encours").items() if name != "credit_by_payment_due"}
    assert adam.post(f"{PAGE}/encours", off).status == 303
    assert texts(desk)["credit.by_payment_due"] == "false"
    assert adam.post(f"{PAGE}/none", {**off}).status == 404


def test_fields_of_a_search_are_ordered_by_buttons(desk: Desk) -> None:
    """T13, T14: up, down, out and in, without scripts; nothing is stored before it is validated; the last one stays."""
    adam = desk.browser("adam")
    form = opened(adam, "recherche")
    stored = texts(desk)
    for act, expected in (
        ("haut:search.party_fields:name", "name,code,account"),
        ("bas:search.party_fields:code", "name,account,code"),
        ("retirer:search.party_fields:code", "name,account"),
        ("haut:search.party_fields:name", "name,account"),
        ("ajouter:search.party_fields:code", "name,account,code"),
        ("haut:search.party_fields:code", "name,code,account"),
        ("ordre", "name,code,account"),
        ("haut:search.party_fields:nonsense", "name,code,account"),
        ("nonsense", "name,code,account"),
    ):
        page = adam.post(f"{PAGE}/recherche", {**form, "faire": act})
        assert page.status == 200
        form = form_of(page, f"{PAGE}/recherche")
        assert form["search_party_fields"] == expected, act
    assert texts(desk) == stored
    assert adam.post(f"{PAGE}/recherche", form).status == 303
    assert texts(desk)["search.party_fields"] == "name,code,account"
    form = {**opened(adam, "recherche"), "search_party_fields": "name"}
    last = adam.post(f"{PAGE}/recherche", {**form, "faire": "retirer:search.party_fields:name"})
    assert (last.status, 'value="name"' in last.text) == (422, True)
    forged = adam.post(f"{PAGE}/recherche", {**form, "search_party_fields": ""})
    assert forged.status == 422


def test_of_two_administrators_one_is_told(desk: Desk) -> None:
    """§3.3: both orders stand there, and whoever came second decides; another group is no clash."""
    adam, marie = desk.browser("adam"), desk.browser("marie")
    mine, theirs, other = opened(adam, "recherche"), opened(marie, "recherche"), opened(marie, "minimum")
    assert marie.post(f"{PAGE}/recherche", {**theirs, "search_party_fields": "name,code"}).status == 303
    assert marie.post(f"{PAGE}/minimum", {**other, "orders_minimum_default": "50"}).status == 303
    told = adam.post(f"{PAGE}/recherche", {**mine, "search_party_fields": "account,code"})
    assert (told.status, "Les deux versions" in told.said) == (409, True)
    assert "le numéro de compte, le code" in told.said
    assert "la raison sociale, le code" in told.said
    assert texts(desk)["search.party_fields"] == "name,code"
    assert adam.post(f"{PAGE}/recherche", form_of(told, f"{PAGE}/recherche")).status == 303
    assert texts(desk)["search.party_fields"] == "account,code"
    mine = opened(adam, "recherche")
    assert marie.post(f"{PAGE}/recherche", {**opened(marie, "recherche"), "search_party_fields": "code"}).status == 303
    moved = adam.post(f"{PAGE}/recherche", {**mine, "faire": "haut:search.party_fields:code"})
    assert adam.post(f"{PAGE}/recherche", form_of(moved, f"{PAGE}/recherche")).status == 409, "as old as before"
    assert texts(desk)["search.party_fields"] == "code"


def test_a_fault_or_a_move_in_between_hides_nobody_elses_change(desk: Desk) -> None:
    """A page is of the version that was first seen, until it showed the clash; a fee's page likewise."""
    adam, marie = desk.browser("adam"), desk.browser("marie")
    mine, theirs = opened(adam, "recherche"), opened(marie, "recherche")
    assert marie.post(f"{PAGE}/recherche", {**theirs, "search_party_fields": "name,code"}).status == 303
    moved = adam.post(f"{PAGE}/recherche", {**mine, "faire": "haut:search.party_fields:name"})
    mine = {**mine, **form_of(moved, f"{PAGE}/recherche")}
    one = {**mine, "search_party_fields": "name", "faire": "retirer:search.party_fields:name"}
    refused = adam.post(f"{PAGE}/recherche", one)
    mine = {**mine, **form_of(refused, f"{PAGE}/recherche")}
    assert (moved.status, refused.status) == (200, 422)
    told = adam.post(f"{PAGE}/recherche", {**mine, "search_party_fields": "account,code"})
    assert (told.status, "Les deux versions" in told.said) == (409, True)
    assert adam.post(f"{PAGE}/recherche", form_of(told, f"{PAGE}/recherche")).status == 303
    seen = form_of(adam.get("/reglages/frais?code=PORT"), "/reglages/frais")
    assert fee(marie, "PORT", intitule="Port d'hiver").status == 303
    wrong = adam.post("/reglages/frais", {**seen, "montant": "x"})
    assert wrong.status == 422
    mine = {**seen, **form_of(wrong, "/reglages/frais"), "montant": seen["montant"]}
    told = adam.post("/reglages/frais", mine)
    assert told.status == 409
    assert desk.site.row(Fee, code="PORT").name == "Port d'hiver"
    assert adam.post("/reglages/frais", form_of(told, "/reglages/frais")).status == 303


def test_nothing_typed_is_lost_when_the_session_has_ended(desk: Desk) -> None:
    """A group and a fee come back filled, of the versions that were seen."""
    adam = desk.browser("adam")
    for path, form, name, typed in (
        (f"{PAGE}/codes", opened(adam, "codes"), "codes_length", "7"),
        (
            "/reglages/frais",
            form_of(adam.get("/reglages/frais?code=PORT"), "/reglages/frais"),
            "intitule",
            "Port d'hiver",
        ),
    ):
        adam = desk.browser("adam")
        desk.move(hours=13)
        asked = adam.post(path, {**form, name: typed})
        again = adam.post("/entrer", {**asked.kept(), "login": "adam", "mot_de_passe": PASSWORD})
        assert again.status == 200, again.said
        back = again.form_at(path)
        assert (back[name], back["version"]) == (typed, form["version"])
        assert back.get("code") == form.get("code")
    assert adam.get(f"{PAGE}/codes").status == 200
    assert adam.get(f"{PAGE}/none").status == 404


def test_a_field_that_there_is_not_is_refused_in_words(desk: Desk) -> None:
    """A form that somebody changed: what is unknown is left out of the page, and nothing is stored."""
    adam, stored = desk.browser("adam"), texts(desk)
    form = {**opened(adam, "recherche"), "search_party_fields": "foo,name"}
    refused = adam.post(f"{PAGE}/recherche", form)
    assert (refused.status, "foo" in refused.said) == (422, True)
    assert refused.form_at(f"{PAGE}/recherche")["search_party_fields"] == "name"
    moved = adam.post(f"{PAGE}/recherche", {**form, "faire": "ajouter:search.party_fields:code"})
    assert moved.form_at(f"{PAGE}/recherche")["search_party_fields"] == "name,code"
    assert texts(desk) == stored


def test_what_customers_owe_is_counted_once_a_day(desk: Desk) -> None:
    """The figure of the day that is kept is shown; a move, or a fault, counts nothing."""
    adam = desk.browser("adam")
    assert "0 client dépasse aujourd'hui" in adam.get(PAGE).said
    moved = {**opened(adam, "recherche"), "faire": "haut:search.party_fields:name"}
    with counted_by(desk.console) as statements:
        assert "dépasse aujourd'hui" not in adam.post(f"{PAGE}/recherche", moved).said
    assert not [each for each in statements if "credit_max" in each]
    prefer(desk, credit__block_from="order")
    with desk.site.database.transaction() as connection:
        publish(connection, OVER_LIMIT, f"{desk.console.database.now().date().isoformat()} 7")
    with counted_by(desk.console) as statements:
        assert "7 clients dépassent aujourd'hui" in adam.get(PAGE).said
    assert not [each for each in statements if "credit_max" in each]


def fee(browser: Browser, of: str = "", **changes: str) -> Answer:
    page = browser.get("/reglages/frais" + (f"?code={of}" if of else ""))
    form = form_of(page, "/reglages/frais")
    return browser.post("/reglages/frais", {**form, "jeton_acte": act_of(page.text), **changes})


def test_fees(desk: Desk) -> None:
    """T17: an amount or a percentage, always with VAT; of two who change one fee one is told; off, never deleted."""
    adam, marie = desk.browser("adam"), desk.browser("marie")
    new = {"code": "emb", "intitule": "<b>Emballage</b>", "montant": "4,50", "tva": "S:20"}
    for name, value in (
        ("montant", ""),
        ("pour_cent", "2"),
        ("tva", ""),
        ("tva", "S:0"),
        ("code", "é"),
        ("intitule", ""),
    ):
        assert fee(adam, **{**new, name: value}).status == 422, name
    made = fee(adam, **new)
    assert made.status == 303, made.said
    assert (fee(adam, **new).status, len(desk.site.rows(Fee, code="EMB"))) == (422, 1)
    row = desk.site.row(Fee, code="EMB")
    assert (row.amount, row.vat_rate, row.active) == (4.5, 20, True)
    assert "&lt;b&gt;Emballage" in adam.get("/reglages/frais").text
    page = adam.get("/reglages/frais?code=EMB")
    assert fee(marie, "EMB", montant="5,00").status == 303
    seen = {**form_of(page, "/reglages/frais"), "jeton_acte": act_of(page.text), "montant": "6,00"}
    assert adam.post("/reglages/frais", seen).status == 409
    assert desk.site.row(Fee, code="EMB").amount == 5
    off = form_of(adam.get("/reglages/frais?code=EMB"), "/reglages/frais")
    off.pop("actif")
    assert adam.post("/reglages/frais", {**off, "jeton_acte": "f" * 20}).status == 303
    assert not desk.site.row(Fee, code="EMB").active


def term(browser: Browser, **fields: str) -> Answer:
    page = browser.get("/reglages/conditions")
    return browser.post("/reglages/conditions", {"jeton": page.token, "jeton_acte": act_of(page.text), **fields})


def test_payment_terms(desk: Desk) -> None:
    """D20: parts that add up to 100; one that is longer than the law allows is stored and warned of."""
    adam = desk.browser("adam")
    half = {"code": "MOITIE", "intitule": "Moitié", "part1": "50", "jours1": "0", "part2": "50", "jours2": "30"}
    for name, value in (("part2", "40"), ("jours1", "x"), ("jours1", ""), ("code", "é"), ("le2", "32")):
        assert term(adam, **{**half, name: value}).status == 422, name
    assert term(adam, **half).status == 303
    lines = desk.site.rows(PaymentTermLine, term_id=desk.site.row(PaymentTerm, code="MOITIE").id)
    assert [(each.percent, each.days) for each in lines] == [(50, 0), (50, 30)]
    assert term(adam, code="90J", intitule="90 jours", jours1="90").status == 303
    assert "L441-10" in adam.get("/reglages/conditions").said
    assert "01/03/2020" in adam.get("/reglages/conditions").said
    assert term(adam, habituelle="MOITIE", version="nonsense").status == 409
    assert term(adam, habituelle="MOITIE", version="30J").status == 303
    assert texts(desk)["terms.default"] == "MOITIE"


def test_the_role_writes_no_other_setting(desk: Desk) -> None:
    """In PostgreSQL the console's role chooses what people choose, and nothing that programs keep in that table."""
    if desk.console.database.is_sqlite:
        pytest.skip("SQLite has no roles")
    with pytest.raises(DBAPIError), desk.console.database.transaction() as connection:
        connection.execute(insert(Setting).values(name="other", value="x"))
