"""*Lettrage* and *Résultat* in the pages; over ASGI."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from intergestan_db.tables import Dossier, EntryLine
from tests.services.console.books_desk import Keeping, lines_in
from tests.services.console.browser import Answer, Browser
from tests.services.console.test_selling import fields_of

pytestmark = pytest.mark.mainly_on("postgresql")
PAGE = "/comptabilite/lettrage"
MINE = f"{PAGE}?dossier=1&compte=411C4"


def press(browser: Browser, page: Answer, act: str, *ticked: str) -> Answer:
    return browser.post(PAGE, {**fields_of(page), **dict.fromkeys(ticked, "1"), "faire": act})


def letters(keeping: Keeping) -> list[str | None]:
    rows = keeping.site.rows(EntryLine)
    return [row.letter for row in sorted(rows, key=lambda row: (row.entry_id, row.position)) if row.aux]


def test_lines_that_cancel_out_get_the_next_letter(keeping: Keeping) -> None:
    """Lettrage: only at 0,00; what was ticked stays ticked; twice is once; taken off; two at once are told."""
    keeping.supplier()
    titles = {"606100": "Fournitures"}
    keeping.enter("606100=40", "401000/AG2=-40", titles=titles)
    keeping.enter("401000/AG2=30", "512000=-30")
    keeping.enter("401000/AG2=10", "512000=-10")
    adele = keeping.browser("adele")
    first = adele.get(PAGE)
    (row,) = first.rows()
    account = row[0]
    assert row[1:] == ["Agence 2", "3", "0,00"]
    page = adele.get(f"{PAGE}?dossier=1&compte={account}")
    assert [each[1] for each in page.rows()] == ["OD1", "OD2", "OD3"]
    assert "Prochaine lettre AA" in page.said
    two = ("l.OD1.2", "l.OD2.1")
    counted = adele.post(f"{PAGE}/calcul", {**fields_of(page), **dict.fromkeys(two, "1")}, hx_request="true")
    assert "Lignes cochées 2 Débit 30,00 Crédit 40,00 Écart -10,00" in counted.said
    refused = press(adele, page, "lettrer", *two)
    assert (refused.status, 'name="l.OD1.2" value="1"' in refused.text) == (422, True)
    assert refused.text.count(" checked") == 2
    assert "Écart -10,00" in press(adele, page, "calculer", *two).said
    adam = keeping.browser("adam")
    other = adam.get(f"{PAGE}?dossier=1&compte={account}")
    fields = {**fields_of(page), **dict.fromkeys((*two, "l.OD3.1"), "1"), "faire": "lettrer"}
    assert [adele.post(PAGE, fields).status for _ in range(2)] == [303, 303]
    late = press(adam, other, "lettrer", *two)
    assert (late.status, "une lettre" in late.said or "lettre" in late.said) == (422, True)
    lettered = adele.get(f"{PAGE}?dossier=1&compte={account}&montrer=lettrees")
    assert [each[6] for each in lettered.rows()] == ["AA", "AA", "AA"]
    assert press(adele, lettered, "oter.AA").status == 303
    assert letters(keeping) == [None, None, None]
    again = {**fields_of(lettered), "jeton_acte": "a" * 20, "faire": "oter.AA"}
    assert adele.post(PAGE, again).status == 422


def test_what_is_settled_is_lettered_again(keeping: Keeping) -> None:
    """What settlements say, once a letter was taken off."""
    keeping.bill()
    keeping.pay("72")
    adele = keeping.browser("adele")
    assert letters(keeping) == ["AA", "AA"]
    lettered = adele.get(f"{MINE}&montrer=lettrees")
    assert press(adele, lettered, "oter.AA").status == 303
    page = adele.get(MINE)
    done = press(adele, page, "regle")
    assert done.status == 303
    assert letters(keeping) == ["AA", "AA"]
    assert "Lettres données par ce qui est réglé : 1." in adele.get(MINE).said
    assert '<a href="/reglements/RG1">RG1</a>' in adele.get("/comptabilite/ecritures?journal=BQ").text
    assert adele.get("/reglements/RG1").status == 200


def test_results_by_establishment_lead_to_their_lines(keeping: Keeping) -> None:
    """A08, D58: sales of each whose goods went; the axis is off: it says what ticks it."""
    adele, page = keeping.browser("adele"), "/comptabilite/resultat"
    keeping.bill()
    off = adele.get(page)
    assert "Axe analytique établissement" in off.said
    assert [row[:2] for row in off.rows()] == [["sans établissement", "60,00"]]
    with keeping.site.database.transaction() as connection:
        connection.execute(update(Dossier).values(analytic_axis=True))
    keeping.bill()
    found = adele.get(page)
    assert "Axe analytique" not in found.said
    assert [(row[0], row[1], row[5]) for row in found.rows()][1:] == [
        ("2 · Agence 2", "20,00", "20,00"),
        ("3 · Agence 3", "30,00", "30,00"),
        ("sans établissement", "60,00", "60,00"),
    ]
    assert "La société 120,00 0,00 0,00 0,00 120,00" in found.said
    assert "<svg" in found.text
    link = (
        "/comptabilite/ecritures?dossier=1&amp;compte=7&amp;du=01%2F01%2F2020&amp;au=31%2F12%2F2020&amp;etablissement=2"
    )
    assert f'href="{link}"' in found.text
    assert lines_in(adele.get(link.replace("&amp;", "&"))) == ["VE 2 707000 C 20,00 [2]"]
    assert adele.get(f"{page}?du=jamais").status == 422
    assert adele.get(f"{page}?au=01/01/2020").rows() == []
