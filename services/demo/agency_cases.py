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
    story.after("deliver CCL2 at 2/RD", "livraison de CCL2 en 2/RD")
    story.row("delivery note", "BL", "BL1", _deliver(site, "CCL2", "2/RD", 2, line="1"))
    story.row("stock", "stock", "AB 10/1, RD 8/0, ABL 10/0", facts.stock(site))
    story.row("on its way", "en transit", "BL1 RD>AB 2", facts.transit(site))
    story.row("to be invoiced at 2/RD", "à facturer en 2/RD", facts.NONE, _to_invoice(site, "2/RD"))
    _receive(site, story, "AB 12/3, RD 8/0, ABL 10/0", "6")
    story.after("deliver CCL1 at 1/AB", "livraison de CCL1 en 1/AB")
    story.row("delivery note", "BL", "BL2", _deliver(site, "CCL1", "1/AB", 3))
    story.row("stock", "stock", "AB 9/0, RD 8/0, ABL 10/0", facts.stock(site))
    story.after("run at 1/AB", "facturation en 1/AB")
    made = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoice", "facture", "FA1 30.00 + 6.00 = 36.00 (BL2)", facts.invoiced(made))


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
    _deliver(site, "CCL2", "2/RD", 2, line="1")
    _receive(site, story, "AB 12/3, RD 8/0, ABL 10/0", "6.333333")
    story.after("run at 2/RD", "facturation en 2/RD")
    made = site.ask(f"invoices run {_period()} --here 2/RD")
    story.row("invoice", "facture", "FA2-1 16.00 + 3.20 = 19.20 (BL1)", facts.invoiced(made))
    wanted = "VE1: D 411000/411AG1 19.20 · C 707000 16.00 · C 445710 3.20"
    story.row("books of 2", "comptes de 2", wanted, facts.listed(facts.entries(site, folder=2)))
    wanted = "AC1: D 607000 16.00 · D 445660 3.20 · C 401000/401AG2 19.20"
    story.row("books of 1", "comptes de 1", wanted, facts.listed(facts.entries(site, folder=1)))
    story.after("deliver CCL1, run at 1/AB", "livraison de CCL1, facturation en 1/AB")
    _deliver(site, "CCL1", "1/AB", 3)
    made = site.ask(f"invoices run {_period()} --here 1/AB")
    story.row("invoice", "facture", "FA1 30.00 + 6.00 = 36.00 (BL2)", facts.invoiced(made))
    for folder in (1, 2):
        site.type(f"books check --folder {folder}")


def _order_indirect(site: AgencySite, story: Story) -> None:
    story.after("enter", "saisie")
    shares = "L1:AB=1,RD=2:indirect"
    site.type(f"sales enter --customer {CUSTOMER} --line {ARTICLE}=3 --from {shares} --here 1/AB")
    story.row("CCL1", "CCL1", "30.00 + 6.00 = 36.00", facts.order(site, "CCL1"))
    story.row("from", "depuis", "AB 1 direct, RD 2 indirect", facts.allocated(site, "CCL1"))
    story.row("stock", "stock", "AB 10/1, RD 10/2, ABL 10/0", facts.stock(site))


def _order_pair(site: AgencySite, story: Story, total: str) -> None:
    story.after("order", "commande")
    made = site.ask("agency order CCL1 --yes")
    numbers = facts.listed(f"{pair['purchase_order']}, {pair['sales_order']}" for pair in made["pairs"])
    story.row("orders", "commandes", "CFR1, CCL2", numbers)
    bought, sold = site.ask("orders show CFR1"), site.ask("sales show CCL2")
    story.row("CFR1", "CFR1", total, facts.sums(bought))
    story.row("CCL2", "CCL2", total, facts.sums(sold))
    whose = (sold["establishment_id"], sold["customer_code"], sold["customer_order_number"])
    story.row("CCL2 is of", "CCL2 est de", "2, AG1, CFR1", ", ".join(map(str, whose)))
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
    notes = [_deliver(site, "CCL1", here, n) for n, here in enumerate(("1/AB", "2/RD", "3/ABL"), start=1)]
    story.after("deliver", "livraison")
    story.row("delivery notes", "BL", "BL1, BL2, BL3", ", ".join(notes))
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


def _deliver(site: AgencySite, number: str, here: str, quantity: int, line: str = "L1") -> str:
    return str(site.ask(f"sales deliver {number} --line {line}={quantity} --here {here}")["delivery_note"])


def _period() -> str:
    first, last = month()
    return f"--from {first:%d/%m/%Y} --to {last:%d/%m/%Y}"


def _whose(invoice: Mapping[str, Any]) -> str:
    return f"{invoice['establishment_id']}, {invoice['accounting_folder_id']}"


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
    "3-billable": (
        ("Case 3: between two companies", "Cas 3 : entre deux sociétés"),
        between_two_companies,
    ),
}
