"""*Arbitrage multi-dépôt* in the pages (A05, A32, A33, A37): chosen once, told to both, nothing typed is lost."""

from __future__ import annotations

import re
from threading import Barrier, Thread

import pytest
from sqlalchemy import update

from intergestan_db.tables import Allocation, Depot, Dossier, Reservation
from tests.erp.stock.depots import Depots
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import Desk
from tests.services.console.test_selling import fields_of

pytestmark = pytest.mark.mainly_on("postgresql")


def page_of(browser: Browser, number: str) -> Answer:
    page = browser.get(f"/ventes/{number}/affectation")
    assert page.status == 200, page.said
    return page


def ways_in(page: Answer) -> dict[str, str]:
    """What each choice of a way stands at."""
    found = {}
    for name, options in re.findall(r'(?s)<select name="(voie[^"]*)".*?>(.*?)</select>', page.text):
        (found[name],) = re.findall(r'value="(\w+)" selected', options)
    return found


def form_of(page: Answer, **shares: str) -> dict[str, str]:
    """What the form sends with these depots alone, such as `AB="1"` or `RD="2 indirect"`, of line L1."""
    fields = {**fields_of(page), **ways_in(page), "faire": "valider"}
    if shares:
        fields |= {name: "0" for name in fields if name.startswith("pris|")}
    for depot, text in shares.items():
        quantity, _, way = text.partition(" ")
        fields[f"pris|L1|{depot}|1"] = quantity
        fields |= {f"voie|L1|{depot}|1": way} if way else {}
    return fields


def send(browser: Browser, number: str, **shares: str) -> Answer:
    return browser.post(f"/ventes/{number}/affectation", form_of(page_of(browser, number), **shares))


@pytest.mark.parametrize(
    ("stock", "need", "proposed"),
    [
        ("10 10 10", "6", {"AB": "6", "RD": "0", "ABL": "0"}),
        ("1 2 10", "6", {"AB": "1", "RD": "0", "ABL": "5"}),
        ("1 2 3", "6", {"AB": "1", "RD": "2", "ABL": "3"}),
        ("1 2 3", "9", {"AB": "1", "RD": "2", "ABL": "3"}),
    ],
)
def test_the_window_shows_the_proposal(desk: Desk, stock: str, need: str, proposed: dict[str, str]) -> None:
    """A32, D45: the rows of the table of proposals; *Valider* takes it as it stands."""
    depots = Depots(desk.site, stock)
    number = depots.enter(f"ALB0002={need}").number
    carl = desk.browser("carl")
    page = page_of(carl, number)
    rows = {row[0]: row for row in page.rows()}
    lying = dict(zip(("AB", "RD", "ABL"), stock.split(), strict=True))
    assert {depot: row[2:6] for depot, row in rows.items()} == {
        depot: [lying[depot], "0", lying[depot], proposed[depot]] for depot in lying
    }
    assert [row[1] for row in page.rows()] == ["1", "2", "3"]
    rest = max(0, int(need) - sum(map(int, proposed.values())))
    assert f"Demandé {need} · Prélevé {int(need) - rest} · Reliquat {rest}" in page.said
    for label in ("Dépôt", "En stock", "Réservé", "Disponible", "Proposé", "Prélevé", "Livraison par dépôt", "directe"):
        assert label in page.said
    assert send(carl, number).status == 303
    taken = re.findall(r"(\w+) \d+/([1-9]\d*) direct", depots.shown(number))
    assert dict(taken) == {depot: quantity for depot, quantity in proposed.items() if quantity != "0"}
    assert ("il reste quelque chose" in carl.get(f"/ventes/{number}").said) is bool(rest)


def test_one_line_from_three_depots_once(desk: Desk) -> None:
    """A05, A33: 6 of which 1, 2 and 3 come from three depots; two clicks are one."""
    depots = Depots(desk.site)
    number = depots.enter("ALB0002=6").number
    carl = desk.browser("carl")
    assert f"/ventes/{number}/affectation" in carl.get(f"/ventes/{number}").text
    fields = form_of(page_of(carl, number), AB="1", RD="2", ABL="3")
    assert [carl.post(f"/ventes/{number}/affectation", fields).status for _ in range(2)] == [303, 303]
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 direct, ABL 3/3 direct"
    assert len(desk.site.rows(Reservation)) == 3
    again = page_of(carl, number)
    assert fields_of(again)["pris|L1|RD|1"] == "2"
    assert send(carl, number, RD="6").status == 303
    assert depots.shown(number) == "L1: RD 6/6 direct"
    assert depots.stand() == "AB 10/0, RD 10/6, ABL 10/0"


def test_a_part_comes_by_way_of_the_own_depot(desk: Desk) -> None:
    """A37: 1 from AB, and 2 from RD, indirecte; the window shows it so afterwards."""
    depots = Depots(desk.site)
    number = depots.enter("ALB0002=3").number
    carl = desk.browser("carl")
    assert send(carl, number, AB="1", RD="2 indirect").status == 303
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 indirect"
    page = page_of(carl, number)
    assert ways_in(page)["voie|L1|RD|1"] == "indirect"
    assert send(carl, number).status == 303
    assert depots.shown(number) == "L1: AB 1/1 direct, RD 2/2 indirect"


def test_another_company_delivers_by_way_of_the_own_depot_alone(desk: Desk) -> None:
    """D46: the way is said, not offered, and a forged one is refused with its sentence."""
    depots = Depots(desk.site)
    depots.gives_company("RD")
    number = depots.enter("ALB0002=3").number
    carl = desk.browser("carl")
    page = page_of(carl, number)
    assert "voie|L1|RD|1" not in ways_in(page)
    forged = carl.post(f"/ventes/{number}/affectation", form_of(page, RD="3 direct"))
    assert (forged.status, "choisissez « indirecte »" in forged.said) == (422, True), forged.said
    assert send(carl, number, RD="3").status == 303
    assert depots.shown(number) == "L1: RD 3/3 indirect"


@pytest.mark.parametrize(("typed", "said"), [("7", "7"), ("x", "x"), ("-1", "-1"), ("0,5", "0,5")])
def test_what_cannot_be_is_said_and_stays(desk: Desk, typed: str, said: str) -> None:
    depots = Depots(desk.site)
    number = depots.enter("ALB0002=6").number
    answer = send(desk.browser("carl"), number, ABL=typed)
    assert answer.status == 422, answer.said
    assert fields_of(answer)["pris|L1|ABL|1"] == said
    assert desk.site.rows(Allocation) == []


def test_who_reserves_nothing_waits(desk: Desk) -> None:
    """All of it is a remainder, and the proposal can be taken again."""
    depots = Depots(desk.site)
    number = depots.enter("ALB0002=6").number
    carl = desk.browser("carl")
    path = f"/ventes/{number}/affectation"
    assert carl.post(path, {**form_of(page_of(carl, number)), "faire": "rien"}).status == 303
    assert depots.shown(number) == "L1: AB 6/0 direct, rest 6"
    shown = carl.post(path, {**form_of(page_of(carl, number), ABL="6"), "faire": "proposition"})
    assert (shown.status, fields_of(shown)["pris|L1|AB|1"]) == (200, "6")
    assert depots.shown(number) == "L1: AB 6/0 direct, rest 6"
    foot = carl.post(f"{path}/calcul", form_of(page_of(carl, number), ABL="2"), hx_request="true")
    assert "Demandé 6 · Prélevé 2 · Reliquat 4" in foot.said


def test_two_clerks_and_the_last_unit(desk: Desk) -> None:
    """A32: one gets it; the other reads so, with the new figure, what was typed, and a proposal to take."""
    depots = Depots(desk.site, "0 1 4")
    first, second = depots.enter("ALB0002=1").number, depots.enter("ALB0002=3").number
    browsers = [desk.browser("carl"), desk.browser("adam")]
    forms = [
        form_of(page_of(browsers[0], first), RD="1"),
        form_of(page_of(browsers[1], second), RD="1", ABL="2"),
    ]
    answers: dict[int, Answer] = {}
    together = Barrier(2)

    def press(n: int) -> None:
        together.wait()
        answers[n] = browsers[n].post(f"/ventes/{(first, second)[n]}/affectation", forms[n])

    threads = [Thread(target=press, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.status for each in answers.values()) == [303, 409]
    assert depots.stand().startswith("AB 0/0, RD 1/1")
    (loser,) = [n for n, each in answers.items() if each.status == 409]
    told = answers[loser]
    assert "Il ne reste que 0 ALB0002 au dépôt RD, 1 demandés ; rien n'a été réservé." in told.said, told.said
    assert "changé, était 1" in told.said
    assert fields_of(told)["pris|L1|RD|1"] == "1"
    number = (first, second)[loser]
    path = f"/ventes/{number}/affectation"
    proposal = browsers[loser].post(path, {**fields_of(told), "faire": "proposition"})
    assert proposal.status == 200
    assert fields_of(proposal)["pris|L1|RD|1"] == "0"
    assert browsers[loser].post(path, {**fields_of(proposal), "faire": "valider"}).status == 303
    assert depots.shown(number) == f"L1: ABL {'13'[loser]}/{'13'[loser]} direct"


def test_two_clerks_and_one_order(desk: Desk) -> None:
    """Another's choice stands: the second is told what it is, and keeps what was typed."""
    depots = Depots(desk.site)
    number = depots.enter("ALB0002=6").number
    carl, adam = desk.browser("carl"), desk.browser("adam")
    form = form_of(page_of(adam, number), ABL="6")
    assert send(carl, number, RD="6").status == 303
    told = adam.post(f"/ventes/{number}/affectation", form)
    assert (told.status, fields_of(told)["pris|L1|ABL|1"]) == (409, "6")
    assert "réservé à présent : 6" in told.said
    assert depots.shown(number) == "L1: RD 6/6 direct"
    assert adam.post(f"/ventes/{number}/affectation", {**form_of(told), "pris|L1|RD|1": "0"}).status == 303
    assert depots.shown(number) == "L1: ABL 6/6 direct"


def test_what_is_off_says_so(desk: Desk) -> None:
    """A10: neither the dossier nor a depot that sets nothing aside is offered."""
    depots = Depots(desk.site)
    number = depots.enter("ALB0002=6").number
    carl = desk.browser("carl")
    with desk.site.database.transaction() as connection:
        connection.execute(update(Depot).where(Depot.code == "ABL").values(manage_reservations=False))
    assert [row[0] for row in page_of(carl, number).rows()] == ["AB", "RD"]
    with desk.site.database.transaction() as connection:
        connection.execute(update(Dossier).values(manage_reservations=False))
    answer = carl.get(f"/ventes/{number}/affectation")
    assert answer.status == 422
    assert "Le dossier 1 ne gère pas les réservations. Rien n'a été réservé." in answer.said
    assert f"/ventes/{number}/affectation" not in carl.get(f"/ventes/{number}").text
    assert carl.get("/ventes/RIEN/affectation").status == 404
