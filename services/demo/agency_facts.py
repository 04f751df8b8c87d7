"""What a site says of itself, in a few characters: read by its own commands."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from services.demo.agency_site import ARTICLE, CUSTOMER, DEPOTS, AgencySite

NONE = "–"
_ORDER = list(DEPOTS.values())


def order(site: AgencySite, number: str) -> str:
    """`60.00 + 12.00 = 72.00`: without VAT, VAT, with it."""
    return sums(site.ask(f"sales show {number}"))


def sums(row: Mapping[str, Any]) -> str:
    """The same of any document."""
    return f"{row['total_ht']} + {row['total_vat']} = {row['total_ttc']}"


def allocated(site: AgencySite, number: str) -> str:
    """`AB 1 direct, RD 2 indirect`: from where an order comes."""
    parts = [part for line in site.ask(f"sales allocations {number}")["lines"] for part in line["allocations"]]
    return listed(f"{part['depot']} {figure(part['quantity'])} {part['route']}" for part in _first_of_each(parts))


def set_aside(site: AgencySite, number: str) -> str:
    """`AB 1 stock, AB 2 inbound`: what is set aside for an order, and whether it lies there."""
    parts = [part for line in site.ask(f"sales allocations {number}")["lines"] for part in line["allocations"]]
    return listed(
        f"{part['depot']} {figure(part['reserved'])} {part['kind']}" for part in parts if Decimal(part["reserved"])
    )


def stock(site: AgencySite) -> str:
    """`AB 10/1, RD 10/2, ABL 10/3`: on hand and reserved, by depot."""
    rows = {row["depot"]: row for row in site.ask(f"stock show {ARTICLE}")["stock"]}
    return listed(f"{code} {rows[code]['on_hand']}/{rows[code]['reserved']}" for code in _ORDER)


def cost(site: AgencySite, depot: str) -> str:
    """What one of them costs in a depot, on the average."""
    (row,) = site.ask(f"stock show {ARTICLE} --depot {depot}")["stock"]
    return str(row["average_cost"])


def moved(site: AgencySite) -> str:
    """`AB -1, RD -2`: what came and left since the morning, oldest first."""
    rows = site.ask("stock moves")["moves"]
    return listed(f"{row['depot']} {row['quantity']}" for row in reversed(rows) if row["reason"] != "opening")


def transit(site: AgencySite) -> str:
    """`BL1 RD>AB 2`: what is on its way between agencies."""
    rows = site.ask("stock show --transit")["transit"]
    return listed(
        f"{row['delivery_note']} {row['source']}>{row['destination']} {figure(row['quantity'])}" for row in rows
    )


def slips(site: AgencySite) -> str:
    """`BP1 AB generated`: all picking slips, oldest first."""
    rows = site.ask("slips list --all")["slips"]
    return listed(f"{row['slip']} {row['depot']} {row['state']}" for row in rows)


def waiting(answer: Mapping[str, Any]) -> str:
    """`CCL1 2 ALB0002 CFR1`: what an order waits for, and where that comes from."""
    return listed(
        f"{row['order']} {figure(row['quantity'])} {row['product']} {row['from']}" for row in answer["waiting"]
    )


def exposure(site: AgencySite) -> str:
    """What the customer owes or has ordered, in all."""
    return str(site.ask(f"credit show {CUSTOMER}")["exposure"]["total"])


def invoiced(answer: Mapping[str, Any]) -> str:
    """`FA1 60.00 + 12.00 = 72.00 (BL1, BL2, BL3)`: what a run made, or would make."""
    return listed(
        f"{each.get('number', '')} {sums(each)} ({', '.join(each['delivery_notes'])})".strip()
        for each in answer["invoices"]
    )


def invoices(site: AgencySite) -> str:
    """The numbers of all invoices."""
    return listed(sorted(row["number"] for row in site.ask("invoices list")["invoices"]))


def entries(site: AgencySite, folder: int = 1, journal: str | None = None) -> list[str]:
    """`VE1: D 411000/411C0000004 72.00 · C 707000 60.00`: the entries of a folder, oldest first."""
    chosen = "" if journal is None else f" --journal {journal}"
    rows = site.ask(f"books entries --folder {folder}{chosen}")["entries"]
    return [f"{row['entry']}: {' · '.join(map(_line, row['lines']))}" for row in reversed(rows)]


def results(site: AgencySite) -> str:
    """`1: 10.00 - 6.00 = 4.00`: income, change of stock and result of each establishment."""
    rows = site.ask("books result --by-establishment")
    return listed(
        f"{row['establishment']}: {row['income']} - {-Decimal(row['stock']):.2f} = {row['result']}" for row in rows
    )


def pairs(answer: Mapping[str, Any]) -> str:
    """`1 < 2: CFR1, CCL2 (F0/C0)`: pairs of orders, or what they would be."""
    return listed(
        f"{pair['requesting']} < {pair['supplying']}: "
        + "; ".join(
            f"{line['order']}/{line['line']} {line['product']} {figure(line['quantity'])} × {money(line['price'])}"
            for line in pair["lines"]
        )
        for pair in answer["pairs"]
    )


def sides(answer: Mapping[str, Any]) -> str:
    """`1, 2`: who orders, and who delivers, of each pair."""
    return listed(f"{pair['requesting']}, {pair['supplying']}" for pair in answer["pairs"])


def codes(answer: Mapping[str, Any]) -> str:
    """`C0/F0`: the operation codes that the orders of the pairs will bear."""
    return listed(f"{pair['customer_operation']}/{pair['supplier_operation']}" for pair in answer["pairs"])


def figure(text: str) -> str:
    """A quantity without zeros at the end."""
    return f"{Decimal(text).normalize():f}"


def money(text: str) -> str:
    """A price with the two decimals that it needs, and no more zeros."""
    amount = Decimal(text)
    return f"{amount:.2f}" if amount == amount.quantize(Decimal("0.01")) else figure(text)


def listed(parts: Iterable[str]) -> str:
    """What there is, or a dash."""
    return ", ".join(parts) or NONE


def _first_of_each(parts: Iterable[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    """An allocation stands once for each kind of what is set aside for it."""
    return {(part["depot"], part["route"]): part for part in parts}.values()


def _line(line: Mapping[str, Any]) -> str:
    side, amount = ("D", line["debit"]) if Decimal(line["debit"]) else ("C", line["credit"])
    whose = f"/{line['aux']}" if line["aux"] else ""
    place = f" [{line['establishment']}]" if line["establishment"] else ""
    return f"{side} {line['account']}{whose} {amount}{place}"
