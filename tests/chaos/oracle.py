"""The judge: what two databases, two archives and two mailboxes say, held against what people typed.

It asks none of the programs that wrote them. Each sentence that it finds is one thing that must never be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.chaos.books import Books
from tests.chaos.known import CANCELLED, Content, KnownOrders, Line, Order, totals
from tests.chaos.letters import DAMAGED, FORGED, has_mark, signed
from tests.chaos.stranger import WANTED

FINAL = ("accepted", "changed", "rejected", "cancelled", "abandoned")
"""States in which a purchase order or a change of one waits for nothing more."""

NOT_KEPT = ("alien", "foreign")
"""States of mails that are none of the sites' business: their bytes are dropped after some days."""


@dataclass(frozen=True)
class Evidence:
    """Where to look at one site.

    :ivar spoiled: archive files that a fault damaged on purpose.
    """

    name: str
    books: Books
    archive: Path
    maildir: Path
    spoiled: frozenset[str] = frozenset()


@dataclass
class Verdict:
    """What was found, by order number or name of a mail; all is well where nothing is.

    :ivar waiting: what waits for a person, though nobody but us did anything wrong; it is told, and fails nothing.
    """

    lost: dict[str, str] = field(default_factory=dict)
    doubled: dict[str, str] = field(default_factory=dict)
    altered: dict[str, str] = field(default_factory=dict)
    injected: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        return not (self.lost or self.doubled or self.altered or self.injected)

    def sentences(self) -> Iterator[str]:
        """All that is wrong, one a line."""
        for word in ("lost", "doubled", "altered", "injected", "waiting"):
            for subject, text in getattr(self, word).items():
                yield f"{word}: {subject}: {text}"


def unfinished(buyer: Evidence, seller: Evidence) -> list[str]:
    """What is still on its way: orders and changes without their answer, mails that nobody has taken in."""
    mails = [
        f"{site.name}: {count} mails archived"
        for site in (buyer, seller)
        for (count,) in site.books.rows("SELECT count(*) FROM inbound_mail WHERE state = 'archived'")
        if count
    ]
    return [*unfinished_orders(buyer), *mails]


def unfinished_orders(buyer: Evidence) -> list[str]:
    """Orders and changes that wait for their answer, or to be sent."""
    marks = ", ".join(f"'{state}'" for state in FINAL)
    orders = buyer.books.rows(f"SELECT number, state FROM purchase_order WHERE state NOT IN ('draft', {marks})")
    changes = buyer.books.rows(
        "SELECT o.number, c.state FROM purchase_order_change c JOIN purchase_order o ON o.id = c.purchase_order_id"
        f" WHERE c.state NOT IN ({marks})"
    )
    return [f"{number}: {state}" for number, state in (*orders, *changes)]


Look = Callable[[], Evidence]


class Judge:
    """Judges one world again and again; a file that was read once is not read twice.

    :param buyer, seller: where to look, each time anew.
    :param signers: the public keys by which the buyer has signed, raw.
    """

    def __init__(self, buyer: Look, seller: Look, known: KnownOrders, signers: Sequence[bytes]) -> None:
        self._look_at_buyer = buyer
        self._look_at_seller = seller
        self._known = known
        self._signers = signers
        self._files: dict[tuple[str, int, int], str] = {}
        self._proven: set[tuple[str, str]] = set()

    def judge(self, left: Sequence[str] = ()) -> Verdict:
        """Look at everything. To be asked when both sites are at rest; what is not finished then counts as lost, and so
        does what is `left` of the time before.
        """
        found = Verdict()
        self._buyer, self._seller = self._look_at_buyer(), self._look_at_seller()
        bought, sold = _Bought.read(self._buyer.books), _Sold.read(self._seller.books)
        for order in self._known:
            self._judge_order(order, bought, sold, found)
        for number in sold.orders.keys() - self._known.orders.keys():
            found.injected[number] = "a sales order that nobody ordered"
        for number in bought.orders.keys() - self._known.orders.keys():
            found.injected[number] = "a purchase order that nobody typed"
        _judge_numbers(sold, found)
        for text in (*left, *unfinished_orders(self._buyer)):
            found.lost.setdefault(text.partition(":")[0], f"not finished: {text}")
        self._judge_proofs(sold, found)
        for site in (self._buyer, self._seller):
            self._judge_files(site, found)
            _judge_holds(site, found)
        return found

    def _judge_order(self, order: Order, bought: _Bought, sold: _Sold, found: Verdict) -> None:
        number, sales = order.number, sold.orders.get(order.number, [])
        purchase = bought.orders.get(number)
        if purchase is None:
            if order.entered:
                found.lost[number] = "the buyer's database has forgotten it, though the command said that it is entered"
            elif sales:
                found.injected[number] = "the seller has it, and the buyer does not"
            return
        if len(sales) > 1:
            found.doubled[number] = f"{len(sales)} sales orders: {', '.join(sale.number for sale in sales)}"
            return
        if not sales:
            found.lost[number] = f"no sales order; the buyer says {purchase.state}"
            return
        sale = sales[0]
        theirs, ours = sold.contents.get(sale.id, CANCELLED), bought.contents.get(purchase.id, CANCELLED)
        if any(line.quantity >= WANTED for line in (*theirs.values(), *ours.values())):
            found.injected[number] = f"bears the quantity of a forged mail: {theirs} / {ours}"
            return
        for possible in order.may_be:
            wrong = _difference(possible, purchase, sale, ours, theirs)
            if wrong is None:
                order.may_be = [possible]  # now we know whether the command that was cut off had been done
                return
        found.altered[number] = _difference(order.may_be[-1], purchase, sale, ours, theirs) or ""

    def _judge_proofs(self, sold: _Sold, found: Verdict) -> None:
        """Each sales order was booked from an archived mail that the buyer has signed."""
        for number, sha256 in sold.proofs:
            if (number, sha256) in self._proven or sha256 in self._seller.spoiled:
                continue
            file = _file(self._seller.archive, sha256)
            manifest = signed(file.read_bytes(), self._signers) if file.exists() else None
            if manifest is None or not manifest.vouches_for("order", number):
                found.injected[number] = (
                    f"booked from mail {sha256[:12]}, which does not prove that the buyer ordered it"
                )
            else:
                self._proven.add((number, sha256))
        without = {sale.number for sales in sold.orders.values() for sale in sales} - sold.proven_sales
        for sale in without:
            found.injected[sale] = "a sales order that no document of the ledger explains"

    def _judge_files(self, site: Evidence, found: Verdict) -> None:
        rows = site.books.rows("SELECT sha256, state FROM inbound_mail")
        there = set()
        for file in site.archive.glob("??/*.eml"):
            there.add(file.stem)
            if file.stem not in site.spoiled and self._digest(file) != file.stem:
                found.altered[f"{site.name}, archive {file.stem[:12]}"] = "its bytes are not what its name says"
        for sha256, state in rows:
            if state not in NOT_KEPT and sha256 not in there | site.spoiled:
                found.lost[f"{site.name}, archive {sha256[:12]}"] = f"a mail that is {state} has no file"
        taken = {row[0] for row in rows}
        for folder in ("new", "cur"):
            for file in (site.maildir / folder).glob("*"):
                if not _is_taken(file, taken):
                    found.lost[f"{site.name}, mailbox {file.name[:30]}"] = "a mail that the site has never taken"

    def _digest(self, file: Path) -> str:
        stat = file.stat()
        key = (str(file), stat.st_mtime_ns, stat.st_size)
        if key not in self._files:
            self._files[key] = hashlib.sha256(file.read_bytes()).hexdigest()
        return self._files[key]


def _is_taken(file: Path, taken: set[str]) -> bool:
    """Whether these bytes, or what a mail server makes of their line ends, are among the mails of the site."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:  # moved to cur/ or removed a moment ago
        return True
    sent = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return not taken.isdisjoint(hashlib.sha256(each).hexdigest() for each in (raw, sent))


@dataclass(frozen=True)
class _Purchase:
    id: int
    state: str
    answer: str | None
    sales_number: str | None
    totals: tuple[Decimal, Decimal]


@dataclass(frozen=True)
class _Sale:
    id: int
    number: str
    state: str
    totals: tuple[Decimal, Decimal]


@dataclass(frozen=True)
class _Bought:
    orders: Mapping[str, _Purchase]
    contents: Mapping[int, Content]

    @classmethod
    def read(cls, books: Books) -> _Bought:
        rows = books.rows(
            "SELECT number, id, state, answer_code, supplier_order_number, total_ht, total_ttc FROM purchase_order"
        )
        orders = {row[0]: _Purchase(row[1], row[2], row[3], row[4], (_cents(row[5]), _cents(row[6]))) for row in rows}
        return cls(orders, _contents(books, "purchase_order"))


@dataclass(frozen=True)
class _Sold:
    """The sales orders by the buyer's number, their lines; and the mail that each was booked from."""

    orders: Mapping[str, list[_Sale]]
    contents: Mapping[int, Content]
    proofs: Sequence[tuple[str, str]]
    proven_sales: frozenset[str]

    @classmethod
    def read(cls, books: Books) -> _Sold:
        orders: dict[str, list[_Sale]] = {}
        for row in books.rows(
            "SELECT customer_order_number, id, number, state, total_ht, total_ttc FROM sales_order ORDER BY id"
        ):
            sale = _Sale(row[1], row[2], row[3], (_cents(row[4]), _cents(row[5])))
            orders.setdefault(row[0] or f"none of {sale.number}", []).append(sale)
        proofs = books.rows(
            "SELECT l.number, m.sha256, s.number FROM ledger l JOIN sales_order s ON s.id = l.sales_order_id"
            " JOIN inbound_transfer t ON t.id = l.inbound_transfer_id JOIN inbound_mail m ON m.id = t.inbound_mail_id"
            " WHERE l.type = 'order'"
        )
        return cls(
            orders,
            _contents(books, "sales_order"),
            [(number, sha256) for number, sha256, _sale in proofs],
            frozenset(sale for _number, _sha256, sale in proofs),
        )


def _contents(books: Books, table: str) -> dict[int, Content]:
    found: dict[int, dict[str, Line]] = {}
    for order, line, product, quantity, price in books.rows(
        f"SELECT {table}_id, line_id, product_code, quantity, price FROM {table}_line"
    ):
        found.setdefault(order, {})[line] = Line(product, _millionths(quantity), _millionths(price))
    return dict(found)


def _difference(wanted: Content, purchase: _Purchase, sale: _Sale, ours: Content, theirs: Content) -> str | None:
    """Why this is not what both sides have; None where it is."""
    if purchase.sales_number != sale.number:
        return f"the buyer knows it as {purchase.sales_number}, the seller calls it {sale.number}"
    if not wanted:
        states = (purchase.state, sale.state)
        return None if states == ("cancelled", "cancelled") else f"cancelled, and it is {states}"
    if (purchase.state, sale.state) != ("accepted", "accepted") or purchase.answer not in {"AP", "CA"}:
        return f"the buyer says {purchase.state} (answer {purchase.answer}), the seller {sale.state}"
    for name, content, found in (("buyer", ours, purchase.totals), ("seller", theirs, sale.totals)):
        if content != wanted:
            return f"the {name} has {_shown(content)} in place of {_shown(wanted)}"
        if found != totals(wanted):
            return f"the {name} sums it up to {found} in place of {totals(wanted)}"
    return None


def _judge_numbers(sold: _Sold, found: Verdict) -> None:
    given: dict[str, str] = {}
    for number, sales in sold.orders.items():
        for sale in sales:
            if sale.number in given:
                found.doubled[sale.number] = f"the number of two sales orders, for {given[sale.number]} and {number}"
            given[sale.number] = number


def _judge_holds(site: Evidence, found: Verdict) -> None:
    """What waits for a person, but for the mails that a stranger forged or a fault damaged."""
    mails = site.books.rows(
        "SELECT sha256, reason FROM inbound_mail WHERE state = 'held' UNION ALL"
        " SELECT m.sha256, h.reason FROM hold h JOIN inbound_mail m ON m.id = h.inbound_mail_id"
        " WHERE h.closed_at IS NULL"
    )
    for sha256, reason in mails:
        file = _file(site.archive, sha256)
        raw = file.read_bytes() if file.exists() else b""
        if not (has_mark(raw, FORGED) or has_mark(raw, DAMAGED)):
            found.waiting[f"{site.name}, mail {sha256[:12]}"] = str(reason)
    for kind, reason in site.books.rows("SELECT kind, reason FROM outbound_mail WHERE state = 'held'"):
        found.waiting[f"{site.name}, a mail of {kind} to send"] = str(reason)


def _file(archive: Path, sha256: str) -> Path:
    return archive / sha256[:2] / f"{sha256}.eml"


def _shown(content: Content) -> str:
    return ", ".join(f"{key}: {line.quantity} x {line.product}" for key, line in sorted(content.items()))


def _cents(stored: Any) -> Decimal:
    return Decimal(stored) / 100


def _millionths(stored: Any) -> Decimal:
    return Decimal(stored) / 10**6
