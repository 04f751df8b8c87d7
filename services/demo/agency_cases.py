"""The cases of the demonstration of agencies: what is typed, and what must be there after it.

In each one a customer orders from the head office, establishment 1 with the depot AB; what it lacks, 2 with RD and 3
with ABL have. Each begins on the same morning: ten of the article in each depot, bought at 6,00 and sold at 10,00.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from services.demo import agency_facts as facts
from services.demo.agency_site import ARTICLE, CUSTOMER, AgencySite, end_year, month, today

Text = tuple[str, str]
"""English and French."""


@dataclass(frozen=True, slots=True)
class Row:
    """What must be there `after` something was done, and what was found."""

    after: Text
    what: Text
    expected: str
    found: str

    @property
    def is_right(self) -> bool:
        """Whether they are the same."""
        return self.expected == self.found


@dataclass
class Story:
    """What was found so far; `language` is that of the site's answers."""

    language: str
    rows: list[Row] = field(default_factory=list)
    _after: Text = ("", "")

    def after(self, english: str, french: str) -> None:
        """What was done now."""
        self._after = (english, french)

    def row(self, english: str, french: str, expected: str, found: object) -> None:
        """Compare what must be with what is."""
        self.rows.append(Row(self._after, (english, french), expected, str(found)))


PRICES: Final = f"""Tarif;Sens;Établissement;Tiers;Valable du;Article;Prix
INTER;vente;2;AG1;01/01/2020;{ARTICLE};8,00
"""
"""What the head office pays to RD."""
Play = Callable[[AgencySite, Story], None]
BLOCKED: Final[Mapping[str, str]] = {
    "en": "Deferred invoicing of delivery notes cannot be started from establishment 2 (Agence RD): in dossier 1 "
    "establishment 1 (Siège) invoices them. No invoice was made. Other invoices remain possible here.",
    "fr": "La facturation différée des BL ne peut pas être lancée depuis l'établissement 2 (Agence RD) : dans le "
    "dossier 1, c'est l'établissement 1 (Siège) qui facture les BL. Aucune facture n'a été faite. Les autres factures "
    "restent possibles ici.",
}


def one_invoices_for_all(site: AgencySite, story: Story) -> None:
    """Case 1: one company, direct, the head office invoices for all."""
    site.type("dossier set --invoicing 1")
    _ship_from_three(site, story)
    story.after("run at 2/RD", "facturation en 2/RD")
    refused = site.type(f"invoices run {_period()} --here 2/RD", code=1)
    said = " ".join(refused.err.replace("\u00a0", " ").replace("\u202f", " ").replace("’", "'").split())
    wanted = BLOCKED[story.language]
    story.row("the message, exit code 1", "le message, code de sortie 1", wanted, said[: len(wanted)])
    story.row("invoices", "factures", facts.NONE, facts.invoices(site))
    story.after("preview", "aperçu")
    seen = site.ask(f"invoices run {_period()} --preview --here 1/AB")
    story.row("delivery notes, invoices", "BL, factures", "3, 1", f"{seen['notes']}, {len(seen['invoices'])}")
    story.row("amount", "montant", "60.00 + 12.00 = 72.00 (BL1, BL2, BL3)", facts.invoiced(seen))
    story.row("invoices", "factures", facts.NONE, facts.invoices(site))
    story.after("run at 1/AB", "facturation en 1/AB")
    made = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoices", "factures", "FA1 60.00 + 12.00 = 72.00 (BL1, BL2, BL3)", facts.invoiced(made))
    invoice = site.ask("sales show FA1")
    lines = ", ".join(facts.figure(line["quantity"]) for line in invoice["lines"])
    story.row("lines", "lignes", "1, 2, 3", lines)
    story.row("establishment, folder", "établissement, dossier", "1, 1", _whose(invoice))
    wanted = f"VE1: D 411000/411{CUSTOMER} 72.00 · C 707000 60.00 · C 445710 12.00"
    story.row("entry", "écriture", wanted, facts.listed(facts.entries(site)))
    story.after("run again", "encore une fois")
    again = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoices", "factures", facts.NONE, facts.invoiced(again))
    _paid_and_closed(site, story)


def each_invoices_its_own(site: AgencySite, story: Story) -> None:
    """Case 2: the same, and each agency invoices what left from it."""
    _ship_from_three(site, story)
    amounts = {
        "1/AB": ("FA1 10.00 + 2.00 = 12.00 (BL1)", "VE1", "12.00", "10.00", "2.00"),
        "2/RD": ("FA2 20.00 + 4.00 = 24.00 (BL2)", "VE2", "24.00", "20.00", "4.00"),
        "3/ABL": ("FA3 30.00 + 6.00 = 36.00 (BL3)", "VE3", "36.00", "30.00", "6.00"),
    }
    for here, (invoice, entry, ttc, ht, vat) in amounts.items():
        story.after(f"run at {here}", f"facturation en {here}")
        made = site.ask(f"invoices run {_period()} --here {here}")
        story.row("invoice", "facture", invoice, facts.invoiced(made))
        wanted = f"{entry}: D 411000/411{CUSTOMER} {ttc} · C 707000 {ht} · C 445710 {vat}"
        story.row("entry", "écriture", wanted, facts.entries(site)[-1])
    story.row("exposure", "encours", "72.00", facts.exposure(site))


def each_is_a_company(site: AgencySite, story: Story) -> None:
    """Case 2 with a company for each agency: numbers and books of its own."""
    site.type("dossier set --companies")
    for folder, siren in ((2, "802954785"), (3, "552100554")):
        site.type(f"folders add {folder} --siren {siren} --name", f"Agence {folder} SARL")
        site.type(f"agencies set {folder} --folder {folder}")
    _ship_from_three(site, story)
    amounts = {
        "1/AB": ("FA1 10.00 + 2.00 = 12.00 (BL1)", 1, "12.00", "10.00", "2.00"),
        "2/RD": ("FA2-1 20.00 + 4.00 = 24.00 (BL2)", 2, "24.00", "20.00", "4.00"),
        "3/ABL": ("FA3-1 30.00 + 6.00 = 36.00 (BL3)", 3, "36.00", "30.00", "6.00"),
    }
    for here, (invoice, folder, ttc, ht, vat) in amounts.items():
        story.after(f"run at {here}", f"facturation en {here}")
        made = site.ask(f"invoices run {_period()} --here {here}")
        story.row("invoice", "facture", invoice, facts.invoiced(made))
        wanted = f"VE1: D 411000/411{CUSTOMER} {ttc} · C 707000 {ht} · C 445710 {vat}"
        of_folder = facts.listed(facts.entries(site, folder=folder))
        story.row(f"books of {folder}", f"comptes de {folder}", wanted, of_folder)


def results_by_agency(site: AgencySite, story: Story) -> None:
    """Case 1 with results by establishment; unpaid, and something bought: what the next year opens with."""
    site.type("dossier set --invoicing 1 --axis")
    _ship_from_three(site, story)
    story.after("run at 1/AB", "facturation en 1/AB")
    site.type(f"invoices run {_period()} --here 1/AB")
    sold = "C 707000 10.00 [1] · C 707000 20.00 [2] · C 707000 30.00 [3]"
    wanted = f"VE1: D 411000/411{CUSTOMER} 72.00 · {sold} · C 445710 12.00"
    story.row("entry", "écriture", wanted, facts.listed(facts.entries(site)))
    wanted = "1: 10.00 - 6.00 = 4.00, 2: 20.00 - 12.00 = 8.00, 3: 30.00 - 18.00 = 12.00"
    story.row("sales, stock, result", "ventes, stock, résultat", wanted, facts.results(site))
    lines = "--line 607000=40 --line 445660=8 --line 401000/AG2=-48"
    site.type(f"books enter AC {lines} --piece F42 --label Achats --here 1/AB")
    day = today()
    year = end_year(site, day)
    story.after("closing", "clôture")
    story.row("result", "résultat", "20.00", site.ask(f"books close {year} --yes")["result"])
    wanted = (
        f"AN1: C 120000 20.00 · C 401000/401AG2 48.00 · D 411000/411{CUSTOMER} 72.00 · D 445660 8.00 · C 445710 12.00"
    )
    opened = facts.listed(facts.entries(site, journal="AN"))
    story.row("the next year opens with", "l'exercice suivant s'ouvre avec", wanted, opened)


def by_way_of_the_head_office(site: AgencySite, story: Story) -> None:
    """Case 3: what RD has is ordered there, comes to AB, and leaves from there; nothing is invoiced in between."""
    _order_indirect(site, story)
    story.after("preview", "aperçu")
    seen = site.ask("agency preview CCL1")
    story.row("pair", "couple", f"1 < 2: CCL1/L1 {ARTICLE} 2 × 6.00", facts.pairs(seen))
    story.row("codes", "codes", "C0/F0", facts.codes(seen))
    _order_pair(site, story, "12.00 + 0.00 = 12.00")
    story.after("make CCL1", "génération pour CCL1")
    made = site.ask("slips make CCL1 --here 1/AB")
    story.row("slips", "BP", facts.NONE, facts.listed(made["slips"]))
    story.row("it waits for", "en attente de", f"CCL1 2 {ARTICLE} CFR1", facts.waiting(made))
    story.after("slips of CCL2 at 2/RD", "BP de CCL2 en 2/RD")
    story.row("delivery note", "BL", "BP1 BL1", _ship(site, "CCL2", "2/RD"))
    story.row("stock", "stock", "AB 10/1, RD 8/0, ABL 10/0", facts.stock(site))
    story.row("on its way", "en transit", "BL1 RD>AB 2", facts.transit(site))
    story.row("to be invoiced at 2/RD", "à facturer en 2/RD", facts.NONE, _to_invoice(site, "2/RD"))
    _receive(site, story, "AB 12/3, RD 8/0, ABL 10/0", "6")
    story.after("slips of CCL1 at 1/AB", "BP de CCL1 en 1/AB")
    story.row("delivery note", "BL", "BP2 BL2", _ship(site, "CCL1", "1/AB"))
    story.row("stock", "stock", "AB 9/0, RD 8/0, ABL 10/0", facts.stock(site))
    story.after("run at 1/AB", "facturation en 1/AB")
    made = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoice", "facture", "FA1 30.00 + 6.00 = 36.00 (BL2)", facts.invoiced(made))


def what_is_there_leaves_first(site: AgencySite, story: Story) -> None:
    """Case 3 with `pick`: what AB has leaves at once, the rest once it came; one invoice of both."""
    _order_indirect(site, story, incomplete="pick")
    _order_pair(site, story, "12.00 + 0.00 = 12.00")
    story.after("slips of CCL1 at 1/AB", "BP de CCL1 en 1/AB")
    story.row("delivery note", "BL", "BP1 BL1", _ship(site, "CCL1", "1/AB"))
    story.row("stock", "stock", "AB 9/0, RD 10/2, ABL 10/0", facts.stock(site))
    story.after("slips of CCL2 at 2/RD", "BP de CCL2 en 2/RD")
    story.row("delivery note", "BL", "BP2 BL2", _ship(site, "CCL2", "2/RD"))
    story.row("stock", "stock", "AB 9/0, RD 8/0, ABL 10/0", facts.stock(site))
    story.after("receive CFR1 at 1/AB", "réception de CFR1 en 1/AB")
    site.type("agency receive CFR1 --here 1/AB")
    story.row("stock", "stock", "AB 11/2, RD 8/0, ABL 10/0", facts.stock(site))
    story.after("slips of CCL1 at 1/AB", "BP de CCL1 en 1/AB")
    story.row("delivery note", "BL", "BP3 BL3", _ship(site, "CCL1", "1/AB"))
    story.row("stock", "stock", "AB 9/0, RD 8/0, ABL 10/0", facts.stock(site))
    story.after("preview, an invoice for each note", "aperçu, une facture par BL")
    by_note = "10.00 + 2.00 = 12.00 (BL1), 20.00 + 4.00 = 24.00 (BL3)"
    story.row("invoices", "factures", by_note, _to_invoice(site, "1/AB"))
    site.type(f"parties set {CUSTOMER} --invoice-grouping customer")
    story.after("run at 1/AB", "facturation en 1/AB")
    made = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoice", "facture", "FA1 30.00 + 6.00 = 36.00 (BL1, BL3)", facts.invoiced(made))


def comes_back_before_the_invoice(site: AgencySite, story: Story) -> None:
    """D44: one of three comes back to ABL, and is not invoiced."""
    _one_comes_back(site, story)
    story.after("run at 1/AB", "facturation en 1/AB")
    made = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoice", "facture", "FA1 50.00 + 10.00 = 60.00 (BL1, BL2, BL3)", facts.invoiced(made))


def comes_back_after_the_invoice(site: AgencySite, story: Story) -> None:
    """D44: the same once it was invoiced: a credit note."""
    _one_comes_back(site, story, invoiced=True)
    credited = site.ask("sales show AV1")
    story.row("credit note", "avoir", "10.00 + 2.00 = 12.00", facts.sums(credited))
    left = site.ask("invoices list")["invoices"][0]["open"]
    story.row("left of FA1", "reste de FA1", "60.00", left)


def _one_comes_back(site: AgencySite, story: Story, *, invoiced: bool = False) -> None:
    site.type("dossier set --invoicing 1")
    _ship_from_three(site, story)
    if invoiced:
        site.type(f"invoices run {_period()} --here 1/AB")
    story.after("return", "retour")
    line = "stock return BL3 --line 1=1 --reason Casse --here 3/ABL"
    made = site.ask(f"{line} --credit" if invoiced else line)
    wanted = "RT1 AV1" if invoiced else "RT1"
    story.row("return", "retour", wanted, " ".join([made["return"], *made["credit_notes"]]))
    story.row("stock", "stock", "AB 9/0, RD 8/0, ABL 8/0", facts.stock(site))
    story.row("exposure", "encours", "60.00", facts.exposure(site))


def between_two_companies(site: AgencySite, story: Story) -> None:
    """Case 3 billable: RD is a company of its own, and invoices what it delivers to AB."""
    site.type("dossier set --companies")
    site.type("folders add 2 --siren 802954785 --name", "Agence RD SARL")
    site.type("agencies set 2 --folder 2")
    prices = site.folder / "prices.csv"
    prices.write_text(PRICES, encoding="utf-8")
    site.type("prices import", str(prices))
    _order_indirect(site, story)
    story.after("preview", "aperçu")
    seen = site.ask("agency preview CCL1")
    story.row("pair", "couple", f"1 < 2: CCL1/L1 {ARTICLE} 2 × 8.00", facts.pairs(seen))
    story.row("codes", "codes", "C+/F+", facts.codes(seen))
    _order_pair(site, story, "16.00 + 3.20 = 19.20")
    _ship(site, "CCL2", "2/RD")
    _receive(site, story, "AB 12/3, RD 8/0, ABL 10/0", "6.333333")
    story.after("run at 2/RD", "facturation en 2/RD")
    made = site.ask(f"invoices run {_period()} --here 2/RD")
    story.row("invoice", "facture", "FA2-1 16.00 + 3.20 = 19.20 (BL1)", facts.invoiced(made))
    wanted = "VE1: D 411000/411AG1 19.20 · C 707000 16.00 · C 445710 3.20"
    story.row("books of 2", "comptes de 2", wanted, facts.listed(facts.entries(site, folder=2)))
    wanted = "AC1: D 607000 16.00 · D 445660 3.20 · C 401000/401AG2 19.20"
    story.row("books of 1", "comptes de 1", wanted, facts.listed(facts.entries(site, folder=1)))
    story.after("slips of CCL1, run at 1/AB", "BP de CCL1, facturation en 1/AB")
    _ship(site, "CCL1", "1/AB")
    made = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoice", "facture", "FA1 30.00 + 6.00 = 36.00 (BL2)", facts.invoiced(made))
    for folder in (1, 2):
        site.type(f"books check --folder {folder}")


def _order_indirect(site: AgencySite, story: Story, incomplete: str = "wait") -> None:
    story.after("enter", "saisie")
    shares = "L1:AB=1,RD=2:indirect"
    site.type(
        f"sales enter --customer {CUSTOMER} --line {ARTICLE}=3 --from {shares} --incomplete {incomplete} --here 1/AB"
    )
    story.row("CCL1", "CCL1", "30.00 + 6.00 = 36.00", facts.order(site, "CCL1"))
    story.row("from", "depuis", "AB 1 direct, RD 2 indirect", facts.allocated(site, "CCL1"))
    story.row("stock", "stock", "AB 10/1, RD 10/2, ABL 10/0", facts.stock(site))


def _order_pair(site: AgencySite, story: Story, total: str) -> None:
    story.after("order", "commande")
    made = site.ask("agency order CCL1 --yes")
    story.row("requesting, supplying", "demandeuse, fournisseuse", "1, 2", facts.sides(made))
    numbers = facts.listed(f"{pair['purchase_order']}, {pair['sales_order']}" for pair in made["pairs"])
    story.row("orders", "commandes", "CFR1, CCL2", numbers)
    bought, sold = site.ask("orders show CFR1"), site.ask("sales show CCL2")
    story.row("CFR1", "CFR1", total, facts.sums(bought))
    story.row("CCL2", "CCL2", total, facts.sums(sold))
    whose = ", ".join(str(bought[name]) for name in ("establishment", "supplier_code", "delivery_name"))
    story.row("CFR1 is of", "CFR1 est de", "1, AG2, Dépôt AB", whose)
    named = ("establishment", "customer_code", "customer_order_number", "delivery_name")
    whose = ", ".join(str(sold[name]) for name in named)
    story.row("CCL2 is of", "CCL2 est de", "2, AG1, CFR1, Dépôt AB", whose)
    story.row("set aside for CCL1", "réservé pour CCL1", "AB 1 stock, RD 2 inbound", facts.set_aside(site, "CCL1"))
    story.row("set aside for CCL2", "réservé pour CCL2", "RD 2 stock", facts.set_aside(site, "CCL2"))
    story.row("stock", "stock", "AB 10/1, RD 10/2, ABL 10/0", facts.stock(site))
    story.after("order again", "encore une fois")
    story.row("orders", "commandes", facts.NONE, facts.pairs(site.ask("agency order CCL1 --yes")))


def _receive(site: AgencySite, story: Story, stock: str, cost: str) -> None:
    story.after("receive BL1 at 1/AB", "réception de BL1 en 1/AB")
    received = site.ask("agency receive BL1 --here 1/AB")
    story.row("receipt", "réception", "BR1", received["receipt"])
    story.row("stock", "stock", stock, facts.stock(site))
    story.row("average cost in AB", "coût moyen à AB", cost, facts.cost(site, "AB"))
    story.row("set aside for CCL1", "réservé pour CCL1", "AB 1 stock, RD 2 stock", facts.set_aside(site, "CCL1"))
    story.row("on its way", "en transit", facts.NONE, facts.transit(site))


def _to_invoice(site: AgencySite, here: str) -> str:
    return facts.invoiced(site.ask(f"invoices run {_period()} --preview --here {here}"))


def _ship_from_three(site: AgencySite, story: Story) -> None:
    """Six are ordered, one from AB, two from RD, three from ABL, and leave."""
    site.type(f"parties set {CUSTOMER} --invoice-grouping customer")
    shares = "L1:AB=1,RD=2,ABL=3"
    story.after("enter", "saisie")
    site.type(f"sales enter --customer {CUSTOMER} --line {ARTICLE}=6 --from {shares} --here 1/AB")
    story.row("CCL1", "CCL1", "60.00 + 12.00 = 72.00", facts.order(site, "CCL1"))
    story.row("from", "depuis", "AB 1 direct, RD 2 direct, ABL 3 direct", facts.allocated(site, "CCL1"))
    story.row("set aside", "réservé", "AB 1 stock, RD 2 stock, ABL 3 stock", facts.set_aside(site, "CCL1"))
    story.row("stock", "stock", "AB 10/1, RD 10/2, ABL 10/3", facts.stock(site))
    story.row("exposure", "encours", "72.00", facts.exposure(site))
    story.after("make", "génération")
    site.type("slips make CCL1 --here 1/AB")
    made = "BP1 AB generated, BP2 RD generated, BP3 ABL generated"
    story.row("slips", "BP", made, facts.slips(site))
    story.after("validate", "validation")
    notes = [_validate(site, slip, here) for slip, here in (("BP1", "1/AB"), ("BP2", "2/RD"), ("BP3", "3/ABL"))]
    story.row("delivery notes", "BL", "BL1, BL2, BL3", ", ".join(notes))
    story.row("slips", "BP", made.replace("generated", "expired"), facts.slips(site))
    story.row("stock", "stock", "AB 9/0, RD 8/0, ABL 7/0", facts.stock(site))
    story.row("moves", "mouvements", "AB -1, RD -2, ABL -3", facts.moved(site))
    story.row("set aside", "réservé", facts.NONE, facts.set_aside(site, "CCL1"))
    story.row("exposure", "encours", "72.00", facts.exposure(site))


def _paid_and_closed(site: AgencySite, story: Story) -> None:
    """The customer pays, the year is closed, and the tax office gets its file."""
    story.after("payment", "règlement")
    site.type(f"payments add --customer {CUSTOMER} --amount 72 --method transfer --here 1/AB")
    wanted = f"BQ1: D 512000 72.00 · C 411000/411{CUSTOMER} 72.00"
    story.row("entry", "écriture", wanted, facts.listed(facts.entries(site, journal="BQ")))
    day = today()
    year = end_year(site, day)
    story.after("closing", "clôture")
    closed = site.ask(f"books close {year} --yes")
    story.row("result", "résultat", "60.00", closed["result"])
    wanted = "AN1: C 120000 60.00 · C 445710 12.00 · D 512000 72.00"
    opened = facts.listed(facts.entries(site, journal="AN"))
    story.row("the next year opens with", "l'exercice suivant s'ouvre avec", wanted, opened)
    folder = site.folder / "fec"
    folder.mkdir(mode=0o700)
    made = site.ask(f"books fec --year {year} --out {folder}")
    file = Path(made["file"])
    lines = len(file.read_bytes().splitlines()) - 1
    story.row("FEC", "FEC", f"732829320FEC{day:%Y%m%d}.txt, 5", f"{file.name}, {lines}")
    site.type("books check")


def _validate(site: AgencySite, slip: str, here: str) -> str:
    """Prepare what is proposed, and let it leave; its delivery note."""
    site.type(f"slips enter {slip} --accept --here {here}")
    site.type(f"slips finish {slip} --here {here}")
    (done,) = site.ask(f"slips validate {slip} --here {here}")["done"]
    return str(done["delivery_note"])


def _ship(site: AgencySite, number: str, here: str) -> str:
    """The slips of an order at a place, made and validated, each with its delivery note."""
    made = site.ask(f"slips make {number} --here {here}")["slips"]
    return facts.listed(f"{slip} {_validate(site, slip, here)}" for slip in made)


def _period() -> str:
    first, last = month()
    return f"--from {first:%d/%m/%Y} --to {last:%d/%m/%Y}"


def _whose(invoice: Mapping[str, Any]) -> str:
    return f"{invoice['establishment']}, {invoice['accounting_folder']}"


CASES: Final[Mapping[str, tuple[Text, Play]]] = {
    "1": (
        ("Case 1: one company, the head office invoices for all", "Cas 1 : une société, le siège facture pour toutes"),
        one_invoices_for_all,
    ),
    "1-axis": (
        ("Case 1 with results by establishment", "Cas 1 avec l'axe « établissement »"),
        results_by_agency,
    ),
    "2": (("Case 2: each agency invoices its own", "Cas 2 : chaque agence facture"), each_invoices_its_own),
    "2-companies": (
        ("Case 2: each agency is a company of its own", "Cas 2 : chaque agence est une société"),
        each_is_a_company,
    ),
    "3": (
        ("Case 3: by way of the head office, in one company", "Cas 3 : par le siège, dans une seule société"),
        by_way_of_the_head_office,
    ),
    "3-pick": (
        ("Case 3: what is there leaves first", "Cas 3 : ce qui est là part d'abord"),
        what_is_there_leaves_first,
    ),
    "3-billable": (
        ("Case 3: between two companies", "Cas 3 : entre deux sociétés"),
        between_two_companies,
    ),
    "return": (
        ("A return before the invoice", "Un retour avant la facture"),
        comes_back_before_the_invoice,
    ),
    "return-invoiced": (
        ("A return after the invoice", "Un retour après la facture"),
        comes_back_after_the_invoice,
    ),
}
