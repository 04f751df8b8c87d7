"""Whether the promise was kept: plain SQL over the bases of sites at rest. It imports nothing of ours.

It compares the buyer's belief with the seller's truth, never one side alone.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_ORDERS = """
    SELECT o.*, p.site_code AS seller FROM purchase_order o JOIN partner p ON p.party_id = o.supplier_id
    WHERE o.state NOT IN ('draft', 'confirmed') ORDER BY o.id
"""
_SALES = """
    SELECT s.*, p.site_code AS buyer FROM sales_order s JOIN partner p ON p.id = s.partner_id
    WHERE s.partner_id IS NOT NULL ORDER BY s.id
"""
_ANSWERS = """
    SELECT a.*, m.epoch, t.jti AS quoted, p.site_code AS buyer FROM answer a JOIN partner p ON p.id = a.partner_id
    JOIN outbound_mail m ON m.id = a.outbound_mail_id JOIN inbound_transfer t ON t.id = m.in_reply_to_id
    ORDER BY a.partner_id, a.order_number, m.epoch, a.n
"""
_BOUGHT = "SELECT * FROM purchase_order_line WHERE purchase_order_id = ? ORDER BY line_id"
_SOLD = "SELECT * FROM sales_order_line WHERE sales_order_id = ? ORDER BY line_id"
_SENT = """
    SELECT m.epoch, m.seq, m.state, m.kind, m.transfer_id, m.transfer_digest, p.site_code AS receiver, p.out_epoch
    FROM outbound_mail m JOIN partner p ON p.id = m.partner_id WHERE m.seq IS NOT NULL AND m.sent_at IS NOT NULL
"""
_GOT = "SELECT t.*, p.site_code AS sender FROM inbound_transfer t JOIN partner p ON p.id = t.partner_id"
_RESTING = (
    (
        """
        SELECT id, state, kind FROM outbound_mail WHERE state NOT IN ('sent', 'answered', 'abandoned')
            AND NOT (kind = 'heartbeat' AND state = 'unknown')
        """,  # a heartbeat that was cut is never sent again
        "our mail",
    ),
    (
        "SELECT id, state, kind FROM outbound_mail WHERE kind = 'orders' AND state = 'sent'",
        "our mail of orders without an answer",
    ),
    ("SELECT id, state, reason FROM inbound_mail WHERE state IN ('archived', 'held')", "a mail that came"),
    ("SELECT id, type, number, reason FROM hold WHERE closed_at IS NULL", "a hold"),
    ("SELECT number, state FROM purchase_order WHERE state IN ('transmitting', 'waiting')", "a purchase order"),
    ("SELECT id, state FROM purchase_order_change WHERE state IN ('transmitting', 'waiting')", "a change"),
    ("SELECT number, state FROM sales_order WHERE state = 'review'", "a sales order"),
    ("SELECT id, outcome, number FROM ledger WHERE outcome IN ('held', 'waiting')", "a document"),
    ("SELECT site_code, paused_at FROM partner WHERE paused_at IS NOT NULL", "booking that rests"),
)
_NUMBERED = (
    ("sales_order", "number"),
    ("delivery_note", "number"),
    ("invoice", "number"),
    ("purchase_order", "number"),
)
_LINE = ("line_id", "product_code", "quantity", "unit", "price", "base_quantity", "total", "vat_rate")
_HEAD = ("total_ht", "total_vat", "total_ttc", "note")


Ask = Callable[..., Sequence[Mapping[str, Any]]]


@dataclass(frozen=True)
class AtRest:
    """A site whose faults stopped.

    :ivar rows: runs a query on its base, with values for `?`; rows by the names of their columns.
    :ivar sent: the orders whose sending a person was told is under way.
    """

    code: str
    rows: Ask
    sent: Sequence[str]


def complaints(sites: Sequence[AtRest]) -> list[str]:
    """Every way in which the promise is broken; empty where it was kept."""
    by_code = {site.code: site for site in sites}
    return [
        complaint
        for site in sites
        for check in (_nothing_rests, _numbers_once, _nothing_forgotten, _every_mail_arrived)
        for complaint in check(site, by_code)
    ] + [complaint for site in sites for complaint in _orders_agree(site, by_code)]


def _nothing_rests(site: AtRest, _sites: Mapping[str, AtRest]) -> Iterator[str]:
    for query, what in _RESTING:
        for row in site.rows(query):
            yield f"{site.code}: {what} rests: {row}"


def _numbers_once(site: AtRest, _sites: Mapping[str, AtRest]) -> Iterator[str]:
    for table, column in _NUMBERED:
        for row in site.rows(f"SELECT {column} AS number, count(*) AS n FROM {table} GROUP BY 1 HAVING count(*) > 1"):
            yield f"{site.code}: {table} {row['number']} is there {row['n']} times"
    query = "SELECT supplier_id, supplier_order_number AS number, count(*) AS n FROM purchase_order"
    for row in site.rows(f"{query} WHERE supplier_order_number IS NOT NULL GROUP BY 1, 2 HAVING count(*) > 1"):
        yield f"{site.code}: {row['n']} orders bear the seller's number {row['number']}"


def _nothing_forgotten(site: AtRest, _sites: Mapping[str, AtRest]) -> Iterator[str]:
    known = {row["number"] for row in site.rows("SELECT number FROM purchase_order")}
    for number in site.sent:
        if number not in known:
            yield f"{site.code}: order {number} was sent and is forgotten"


def _every_mail_arrived(site: AtRest, sites: Mapping[str, AtRest]) -> Iterator[str]:
    for mail in site.rows(_SENT):
        got = [
            row
            for row in sites[mail["receiver"]].rows(_GOT)
            if row["sender"] == site.code and (row["epoch"], row["seq"]) == (mail["epoch"], mail["seq"])
        ]
        for row in got if mail["epoch"] == mail["out_epoch"] else ():  # else: given twice before `restored` was typed
            if (row["jti"], row["transfer_digest"]) != (mail["transfer_id"], mail["transfer_digest"]):
                yield f"{site.code}: mail {mail['epoch']}/{mail['seq']} is another one at {mail['receiver']}"
        if not got and mail["state"] == "answered":
            yield f"{site.code}: mail {mail['epoch']}/{mail['seq']} ({mail['kind']}) was answered and never came"


def _orders_agree(buyer: AtRest, sites: Mapping[str, AtRest]) -> Iterator[str]:
    orders = {(row["seller"], row["number"]): row for row in buyer.rows(_ORDERS)}
    mails = {row["transfer_id"] for row in buyer.rows("SELECT transfer_id FROM outbound_mail")}
    for (code, number), order in orders.items():
        seller = sites[code]
        sales = [
            row for row in seller.rows(_SALES) if (row["buyer"], row["customer_order_number"]) == (buyer.code, number)
        ]
        answers = [
            row
            for row in seller.rows(_ANSWERS)  # those to mails that a restored buyer does not know, it cannot believe
            if (row["buyer"], row["order_number"]) == (buyer.code, number) and row["quoted"] in mails
        ]
        for complaint in _one_order(buyer, seller, order, sales, answers):
            yield f"{buyer.code} → {code}, {number}: {complaint}"
    for code, seller in sites.items():
        for sale in seller.rows(_SALES):
            if sale["buyer"] == buyer.code and (code, sale["customer_order_number"]) not in orders:
                yield f"{code}: {sale['number']} for {sale['customer_order_number']}, which {buyer.code} never sent"


def _one_order(
    buyer: AtRest,
    seller: AtRest,
    order: Mapping[str, Any],
    sales: Sequence[Mapping[str, Any]],
    answers: Sequence[Mapping[str, Any]],
) -> Iterator[str]:
    if not answers:
        yield f"it is {order['state']}, and the seller never said a word"
        return
    believed, said = _believed(buyer, order), (answers[-1]["epoch"], answers[-1]["n"])
    if believed != said:
        yield f"the buyer believes answer {believed}, the seller's newest is {said}"
    if order["state"] in {"rejected", "cancelled"}:
        for sale in sales:
            if sale["state"] != "cancelled":
                yield f"it is {order['state']}, and {sale['number']} is {sale['state']}"
        return
    if len(sales) != 1:
        yield f"it is {order['state']}, and there are {len(sales)} sales orders"
        return
    (sale,) = sales
    if sale["state"] != "accepted":
        yield f"it is {order['state']}, and {sale['number']} is {sale['state']}"
    if order["supplier_order_number"] != sale["number"]:
        yield f"the buyer calls it {order['supplier_order_number']}, the seller {sale['number']}"
    if order["state"] == "accepted":
        yield from _same(order, sale, _HEAD, "head")
        bought, sold = buyer.rows(_BOUGHT, order["id"]), seller.rows(_SOLD, sale["id"])
        if [line["line_id"] for line in bought] != [line["line_id"] for line in sold]:
            yield f"lines {[line['line_id'] for line in bought]} and {[line['line_id'] for line in sold]}"
            return
        for ours, theirs in zip(bought, sold, strict=True):
            yield from _same(ours, theirs, _LINE, f"line {ours['line_id']}")
    else:
        yield from _told(buyer.rows(_BOUGHT, order["id"]), seller.rows(_SOLD, sale["id"]))


def _believed(buyer: AtRest, order: Mapping[str, Any]) -> tuple[int, int]:
    """The newest answer that the buyer applied to the order or to a change of it: the seller's series, and its n."""
    changes = buyer.rows(
        "SELECT answer_epoch, answer_n FROM purchase_order_change WHERE purchase_order_id = ?", order["id"]
    )
    return max((int(row["answer_epoch"]), int(row["answer_n"])) for row in (order, *changes))


def _same(ours: Mapping[str, Any], theirs: Mapping[str, Any], names: Sequence[str], what: str) -> Iterator[str]:
    for name in names:
        if ours[name] != theirs[name]:
            yield f"{what}: {name} is {ours[name]} at the buyer's, {theirs[name]} at the seller's"


def _told(bought: Sequence[Mapping[str, Any]], sold: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """What the seller changed himself stands at the buyer's as he said it."""
    said = {line["line_id"]: _parsed(line["said"]) for line in sold if line["said"]}
    for line in bought:
        if line["line_id"] in said:
            told = _parsed(line["answer"])
            if told != said[line["line_id"]]:
                yield f"line {line['line_id']}: the seller said {said[line['line_id']]}, the buyer read {told}"


def _parsed(stored: Any) -> Any:
    """PostgreSQL's driver parses JSON itself."""
    return json.loads(stored) if isinstance(stored, str) else stored
