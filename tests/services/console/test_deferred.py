"""*Facturation différée des BLs* in the browser: blocked, looked at, run, interrupted and gone on with; over ASGI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.database import Database
from intergestan_db.tables import Invoice, InvoiceLine, InvoiceRun
from intergestan_erp.people.passwords import set_password
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.deferred import in_batches
from intergestan_erp.selling.invoicing import invoice
from intergestan_runtime.settings import ConsoleSettings
from services.console.pages.deferred import packed, unpacked
from services.console.worker import Console
from tests.databases import as_service
from tests.erp.selling.agencies import Agencies
from tests.patience import eventually
from tests.services.console.browser import Answer, Browser
from tests.services.console.desk import HASH, PEOPLE, Desk, let_in
from tests.site_factories import NOW, make_site

pytestmark = pytest.mark.mainly_on("postgresql")

PAGE, LOOK = "/facturation-differee", "/facturation-differee/apercu"
ALL = f"{LOOK}?tableau=1&ici=1/PRINCIPAL"
BLOCKED = (
    "La facturation différée des BL ne peut pas être lancée depuis l'établissement 2 (Agence 2) : dans le dossier 1, "
    "c'est l'établissement 1 (Arts de la Table) qui facture les BL. Aucune facture n'a été faite. Les autres factures "
    "restent possibles ici."
)


@dataclass
class Deliveries(Desk):
    """A desk before agencies 1/PRINCIPAL, 2/RD and 3/ABL that deliver."""

    agencies: Agencies

    def seen(self, who: str = "carl", path: str = ALL) -> tuple[Browser, dict[str, str]]:
        """What the form of a preview sends, if nobody touches it."""
        browser = self.browser(who)
        page = browser.get(path)
        assert page.status == 200, page.said
        return browser, page.form_at(LOOK)

    def by_hand(self, *notes: str) -> str:
        with self.site.database.transaction() as connection:
            return invoice(connection, notes, by="nadia", at=NOW)

    def invoices(self) -> list[str]:
        return [row.number for row in sorted(self.site.rows(Invoice), key=lambda row: row.id)]

    def each_once(self) -> bool:
        """Whether no line of a delivery note is on two invoices."""
        lines = [row.delivery_note_line_id for row in self.site.rows(InvoiceLine)]
        return len(lines) == len(set(lines))


@pytest.fixture
def office(database: Database, portal: BlockingPortal) -> Iterator[Deliveries]:
    site = make_site(database)
    agencies = Agencies(site)
    agencies.grouping("customer")
    with database.transaction() as connection:
        let_in(connection, PEOPLE, "{}@bl.test", by="marie", at=NOW)
        set_password(connection, site.user_id, HASH, by="marie", at=NOW)
    console = Console(as_service(database, "console"), ConsoleSettings(), answer_hours=4)
    yield Deliveries(site, console, portal, agencies)
    console.end_runs()


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """A transaction of a run writes one invoice."""
    monkeypatch.setattr(invoice_runs, "in_batches", partial(in_batches, most_invoices=1))


def follow(browser: Browser, answer: Answer) -> Answer:
    assert answer.status == 303, answer.said
    return browser.get(answer.headers["location"])


def plain(text: str) -> str:
    """With one kind of space and apostrophe."""
    return re.sub(r"[\u00a0\u202f]", " ", text).replace("’", "'")


def test_elsewhere_it_is_said_who_invoices(office: Deliveries) -> None:
    """A25, A27, A31: in place of the form; a forged form gets the same, and no number is used."""
    office.agencies.invoicing(1)
    office.agencies.delivered_from_all()
    carl, fields = office.seen()
    page = carl.get(f"{PAGE}?ici=2/RD")
    assert BLOCKED in plain(page.said)
    assert 'role="alert"' in page.text
    assert f'action="{LOOK}"' not in page.text
    assert ('href="/bl"' in page.text, f'href="{PAGE}?ici=1/PRINCIPAL"' in page.text) == (True, True)
    looked = carl.get(f"{LOOK}?ici=2/RD")
    forged = carl.post(LOOK, {**fields, "etablissement": "2", "depot": "RD"})
    assert [(each.status, BLOCKED in plain(each.said)) for each in (looked, forged)] == [(409, True)] * 2
    assert (office.invoices(), office.site.rows(InvoiceRun)) == ([], [])
    assert "Aller en" not in office.browser("nadia").get(f"{PAGE}?ici=2/RD").said
    made = follow(carl, carl.post(LOOK, fields))
    assert ("FA1" in made.said, office.invoices()) == (True, ["FA1"])


def test_what_was_shown_is_made_once(office: Deliveries) -> None:
    """A20, A28 to A30, A36: the preview is the run, however often its form comes."""
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    carl, fields = office.seen()
    page = carl.get(ALL)
    assert "3 BL → 1 facture, 72,00 TTC" in plain(page.said)
    assert [row[0] for row in page.rows() if row[0].startswith("BL")] == ["BL1", "BL2", "BL3"] or "BL3" in page.said
    assert office.invoices() == []
    answers = [carl.post(LOOK, fields) for _ in range(2)]
    assert len({each.headers["location"] for each in answers}) == 1
    run = carl.get(answers[0].headers["location"])
    assert "Terminée : 1 facture. 3 BL" in plain(run.said)
    assert (office.invoices(), office.site.row(InvoiceRun).notes) == (["FA1"], 3)
    empty = carl.get(ALL)
    assert "3 déjà facturés" in plain(empty.said)
    assert 'name="empreinte"' not in empty.text
    assert "72,00" in carl.get(PAGE).said


def test_without_the_table_only_the_totals_stand_there(office: Deliveries) -> None:
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    carl = office.browser("carl")
    form = carl.get(PAGE)
    assert re.search(r'name="tableau" value="1" checked', form.text), "ticked by default"
    assert "Afficher en tableau avant impression" in form.said
    page = carl.get(f"{LOOK}?ici=1/PRINCIPAL")
    assert ("72,00 TTC" in plain(page.said), "<table" in page.text) == (True, False)
    assert follow(carl, carl.post(LOOK, page.form_at(LOOK))).status == 200
    assert office.invoices() == ["FA1"]


def test_a_note_is_taken_out(office: Deliveries) -> None:
    """A29: × leaves it for another run."""
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    carl = office.browser("carl")
    (address,) = re.findall(r'href="([^"]+)" aria-label="Retirer BL2', carl.get(ALL).text)
    page = carl.get(address.replace("&amp;", "&"))
    assert "2 BL → 1 facture, 48,00 TTC" in plain(page.said)
    carl.post(LOOK, page.form_at(LOOK))
    assert "1 BL → 1 facture, 24,00 TTC" in plain(carl.get(ALL).said)


def test_what_changed_meanwhile_is_said_before_anything_is_made(office: Deliveries) -> None:
    """A run against «Facturer ce BL»: 409 with what came and what went, nothing invoiced; then what is there now."""
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    carl, fields = office.seen()
    assert office.by_hand("BL2") == "FA1"
    office.agencies.deliver(office.agencies.order(), 1)
    answer = carl.post(LOOK, fields)
    said = plain(answer.said)
    assert (answer.status, "Nouveaux : BL4" in said, "BL2 est facturé entre-temps : FA1" in said) == (409, True, True)
    assert office.invoices() == ["FA1"]
    run = follow(carl, carl.post(LOOK, answer.form_at(LOOK)))
    assert "FA2" in run.said
    assert office.each_once()


def test_two_runs_at_once_make_what_one_would(office: Deliveries) -> None:
    """And a clerk who invoices one of the delivery notes by hand at the same moment: nothing twice, all are told."""
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    forms = [office.seen(who) for who in ("carl", "adele", "adam")]
    by_hand = office.browser("carl")
    page = by_hand.get("/factures/nouvelle?de=BL2")
    with ThreadPoolExecutor(4) as pool:
        runs = [pool.submit(browser.post, LOOK, fields) for browser, fields in forms]
        one = pool.submit(by_hand.post, "/factures/nouvelle", page.form_at("/factures/nouvelle"))
        found = sorted(each.result().status for each in runs)
        hand = one.result().status
    assert found in ([303, 409, 409], [409, 409, 409])
    assert (hand, office.each_once()) == (422 if 303 in found else 303, True)
    assert office.invoices() == ["FA1"]


@pytest.mark.usefixtures("small")
def test_a_large_run_goes_on_beside_the_pages(office: Deliveries) -> None:
    """What was invoiced by hand before its turn came is told, and not invoiced twice."""
    office.agencies.grouping("note")
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    carl, fields = office.seen()
    start, later = office.console.runs.start, list[Any]()
    office.console.runs.start = lambda *values: later.append(values)  # type: ignore[method-assign]
    answer = carl.post(LOOK, fields)
    it = answer.headers["location"]
    assert "0 de 3" in plain(carl.get(it).said)
    assert office.by_hand("BL2") == "FA1"
    office.console.runs.start = start  # type: ignore[method-assign]
    start(*later[0])
    eventually(lambda: "Terminée : 2 factures" in plain(carl.get(it).said))
    assert "1 BL de l'aperçu a été facturé par quelqu'un d'autre" in plain(carl.get(it).said)
    assert (office.invoices(), office.each_once()) == (["FA1", "FA2", "FA3"], True)


@pytest.mark.usefixtures("small")
def test_a_run_that_was_killed_goes_on(office: Deliveries) -> None:
    """Each delivery note once, numbers without a gap; what came later is another run's."""
    office.agencies.grouping("note")
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    carl, fields = office.seen()
    office.console.runs.start = lambda *_values: None  # type: ignore[method-assign]
    it = carl.post(LOOK, fields).headers["location"]
    dying = invoice_runs.go_on(office.console.database, office.site.row(InvoiceRun).id, by="carl")
    next(dying)
    dying.close()
    office.agencies.deliver(office.agencies.order(), 1)
    del office.console.runs
    assert "1 de 3" in plain(carl.get(it).said)
    office.move(seconds=31)
    page = carl.get(it)
    assert "Interrompue après 1 facture ; rien n'est perdu. 1 BL" in plain(page.said)
    assert f"{it}/continuer" not in office.browser("nadia").get(it).text
    carl.post(f"{it}/continuer", page.form_at(f"{it}/continuer"))
    eventually(lambda: "Terminée : 3 factures" in plain(carl.get(it).said))
    assert (office.invoices(), office.each_once()) == (["FA1", "FA2", "FA3"], True)
    assert "1 BL → 1 facture" in plain(carl.get(ALL).said)


@pytest.mark.parametrize(
    "query", ["du=32/13/2020", "date=01/01/2199", "client=personne", "categorie=RIEN", "du=02/02/2020&au=01/02/2020"]
)
def test_what_cannot_be_read_is_said_and_stays(office: Deliveries, query: str) -> None:
    carl = office.browser("carl")
    answer = carl.get(f"{LOOK}?{query}&tableau=1&ici=1/PRINCIPAL")
    assert answer.status == 422
    name, value = query.rpartition("&")[2].split("=")
    assert f'value="{value}"' in answer.text or name == "categorie"


def test_all_of_a_preview_is_in_its_file(office: Deliveries) -> None:
    office.agencies.delivered_from_all()
    office.agencies.invoicing(1)
    (address,) = re.findall(r'href="(/facturation-differee/apercu\.csv[^"]*)"', office.browser("carl").get(ALL).text)
    text = office.browser("carl").get(address.replace("&amp;", "&")).text
    assert [f"BL{n};" in text for n in (1, 2, 3)] == [True] * 3


def test_who_sees_and_who_invoices(office: Deliveries) -> None:
    """Readers see the runs; the form is for who invoices."""
    for who, may in (("nadia", False), ("odile", False), ("carl", True), ("adele", True), ("adam", True)):
        page = office.browser(who).get(PAGE)
        assert (page.status, f'action="{LOOK}"' in page.text) == (200, may)


@given(st.lists(st.one_of(st.integers(0, 50).map("BL{}".format), st.text(max_size=6)), max_size=30))
def test_numbers_are_packed_and_unpacked(numbers: list[str]) -> None:
    assert unpacked(packed(numbers)) == numbers


@pytest.mark.parametrize("text", ["", "x", "{}", '[["BL",1]]', "[1]", '[["BL","x",2]]', "null"])
def test_what_is_no_list_of_numbers_is_none(text: str) -> None:
    assert unpacked(text) == []
