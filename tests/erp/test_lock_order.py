"""Every act locks rows in the one order of locks (ADR 0048): two of them can wait for each other, never in a circle."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import event

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod
from intergestan_erp.books.folders import Folder, folder_called, lock_until
from intergestan_erp.paying import banking, payments
from intergestan_erp.picking.delivering import deliver
from intergestan_erp.selling import credit_notes, invoice_runs
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_exchange.changes.change_sales_order import OwnChanges, change_sales_order
from tests.erp.pairs.agencies import Arrivals
from tests.erp.paying.till import Till
from tests.erp.picking.preparing import Preparing
from tests.erp.stock.depots import Depots
from tests.site_factories import SiteToTest

pytestmark = pytest.mark.mainly_on("postgresql")

RANKS = {
    "party": 1,
    "hold": 2,
    **dict.fromkeys(("sales_order", "sales_order_line", "sales_order_charge"), 3),
    **dict.fromkeys(("purchase_order", "purchase_order_line"), 4),
    "picking_slip": 5,
    "payment": 6,
    **dict.fromkeys(("credit_note", "invoice_due"), 7),
    "stock": 8,
    **dict.fromkeys(("party_code_counter", "account_counter"), 9),
    "number_series": 10,
    "ledger": 11,
    "inbound_mail": 12,
}
"""The order of locks; rows of one place are locked by their ids."""
_LOCKS = re.compile(
    r"^UPDATE (?P<changed>\w+)|^INSERT INTO (?P<taken>\w+) .*ON CONFLICT|"
    r"FROM (?P<read>\w+).*FOR (?:NO KEY )?UPDATE(?: OF (?P<of>\w+))?",
    re.DOTALL,
)
_SLIP = re.compile(r"^UPDATE picking_slip |FROM picking_slip .*FOR UPDATE", re.DOTALL)


PAYMENT = payments.NewPayment(amount=Decimal(5), method=PaymentMethod.CASH)
CHEQUE = payments.NewPayment(amount=Decimal(5), method=PaymentMethod.CHEQUE)


def in_order(statements: list[str]) -> list[str]:
    """The tables whose rows these statements lock, each once; what is locked already may be locked again.

    :raises AssertionError: they are not in the order of locks.
    """
    tables = list(dict.fromkeys(table for table in locked(statements) if table in RANKS))
    assert [RANKS[table] for table in tables] == sorted(RANKS[table] for table in tables), tables
    return tables


def locked(statements: list[str]) -> list[str]:
    """The tables whose rows these statements lock, in their order.

    A slip that a transaction makes itself is known to nobody else (D38): nobody waits for it.
    """
    makes_slip = any(statement.startswith("INSERT INTO picking_slip ") for statement in statements)
    found = [_LOCKS.search(statement) for statement in statements if not (makes_slip and _SLIP.search(statement))]
    return [each["changed"] or each["taken"] or each["of"] or each["read"] for each in found if each is not None]


def folder_called_first(base: Database) -> Folder:
    """The usual accounting folder."""
    with base.read() as connection:
        return folder_called(connection, None)


def asked_of(database: Database) -> list[list[str]]:
    """What a database is asked from now on, transaction by transaction."""
    asked: list[list[str]] = []

    def begin(_connection: Any) -> None:
        asked.append([])

    def note(_connection: Any, _cursor: Any, statement: str, *_others: Any) -> None:
        if asked:
            asked[-1].append(statement)

    event.listen(database.engine, "begin", begin)
    event.listen(database.engine, "before_cursor_execute", note)
    return asked


@pytest.fixture
def transactions(base: Database) -> list[list[str]]:
    """What the usual database is asked from now on, transaction by transaction."""
    return asked_of(base)


def locked_by(transactions: list[list[str]], acts: Mapping[str, Callable[[], object]]) -> dict[str, list[list[str]]]:
    """The tables that each act locks, transaction by transaction; all of them in the one order."""
    seen: dict[str, list[list[str]]] = {}
    for name, act in acts.items():
        transactions.clear()
        act()
        for statements in transactions:
            tables = [table for table in locked(statements) if table in RANKS]
            assert [RANKS[table] for table in tables] == sorted(RANKS[table] for table in tables), (name, tables)
            seen.setdefault(name, []).append(list(dict.fromkeys(tables)))
    return seen


def test_acts_lock_in_one_order(base: Database) -> None:
    """D21: each act by itself, and the series of numbers last of all but what the importer notes of its mail."""
    till = Till(base)
    order = till.order(("4", "10", "20"), unit="C62")
    acts: dict[str, Callable[[], object]] = {
        "change": lambda: till.act(change_sales_order, order, OwnChanges(quantities={"L1": Decimal(3)})),
        "book": lambda: till.order(("1", "10", "20")),
        "deliver": lambda: till.act(deliver, order, None),
        "invoice": lambda: till.act(invoice, [order]),
        "deliver more": lambda: till.act(deliver, till.order(("3", "10", "20"), unit="C62"), None),
        "run": lambda: list(invoice_runs.run(base, 1, NotesWanted(), by="marie", at=base.now())),
        "payment": lambda: till.act(payments.add, till.customer, PAYMENT),
        "credit": lambda: till.act(credit_notes.credit, "FA1", "Damaged", {1: Decimal(1)}),
        "settle": lambda: till.act(payments.settle, "RG1"),
        "fail": lambda: till.act(payments.fail, "RG1"),
        "second payment": lambda: till.act(payments.add, till.customer, PAYMENT),
        "cancel": lambda: till.act(payments.cancel, "RG2"),
        "third payment": lambda: till.act(payments.add, till.customer, CHEQUE),
        "bank": lambda: till.act(banking.bank_due),
        "close": lambda: till.act(lock_until, folder_called_first(base), None, till.base.now().date()),
    }
    seen = locked_by(asked_of(base), acts)
    if base.is_sqlite:
        return  # it locks the whole base, and is asked for no rows
    assert ["number_series", "inbound_mail"] in seen["book"]  # the ledger gets new rows
    assert ["sales_order", "sales_order_line"] in seen["change"]
    assert ["sales_order", "number_series"] in seen["deliver"]
    assert ["sales_order", "number_series"] in seen["invoice"]
    assert ["sales_order", "number_series"] in seen["run"]
    for name in ("payment", "credit"):
        assert ["party", "number_series"] in seen[name]
    assert ["party"] in seen["settle"]
    for name in ("fail", "cancel", "bank"):
        assert ["party", "payment", "number_series"] in seen[name]  # the entry takes a number
    assert ["number_series"] in seen["close"]


def test_what_sets_goods_aside_locks_in_that_order(a_site: SiteToTest) -> None:
    """D21, A11: stock comes behind the order and before the series of its number, whose lock is the last."""
    depots = Depots(a_site, "2 2 2", {"reserve_at_entry": True})
    acts: dict[str, Callable[[], object]] = {
        "enter": lambda: depots.enter("ALB0002=3"),
        "allocate": lambda: depots.allocate("CCL1", L1="RD=2"),
        "change": lambda: depots.change("CCL1", L1="5"),
        "cancel": lambda: depots.cancel("CCL1"),
    }
    seen = locked_by(asked_of(a_site.database), acts)
    if a_site.database.is_sqlite:
        return
    assert seen["enter"] == [["party", "stock", "number_series"]]
    assert seen["allocate"] == [["sales_order", "stock"]]
    assert seen["change"] == [["sales_order", "sales_order_line", "stock"]]
    assert seen["cancel"] == [["party", "sales_order", "stock"]]


def test_what_agencies_order_locks_in_that_order(a_site: SiteToTest) -> None:
    """D21, A43: both sales orders of a pair before its purchase order; stock before the series of a receipt.

    What an act writes of rows that it has locked is no further lock: each table counts where it is locked first.
    """
    agencies = Arrivals(a_site)
    first = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    second = agencies.for_customer("ALB0002=2", L1="ABL=2:indirect")
    acts: dict[str, Callable[[], object]] = {
        "order": lambda: agencies.order_pairs(order=first),
        "choose anew": lambda: agencies.allocate(first, L1="RD=1:indirect"),
        "order more": agencies.order_pairs,
        "send": lambda: agencies.send("CCL4"),
        "receive": lambda: agencies.receive("BL1"),
        "cancel": lambda: agencies.cancel_pair("CFR3"),
        "order anew": agencies.order_pairs,
        "deliver": lambda: agencies.send(second),
    }
    transactions, seen = asked_of(a_site.database), {}
    for name, act in acts.items():
        transactions.clear()
        act()
        tables = ([table for table in locked(each) if table in RANKS] for each in transactions)
        seen[name] = [list(dict.fromkeys(each)) for each in tables if each]
    if a_site.database.is_sqlite:
        return
    for name, each in seen.items():
        assert all(tables == sorted(tables, key=RANKS.__getitem__) for tables in each), (name, each)
    assert ["party", "sales_order", "number_series"] in seen["order"]
    assert seen["send"] == [["sales_order", "stock", "number_series"]]
    assert ["sales_order", "purchase_order", "stock", "number_series"] in seen["receive"]
    assert seen["deliver"] == [["sales_order", "purchase_order", "stock", "number_series"]]  # it empties a pair
    assert seen["cancel"] == [["party", "sales_order", "purchase_order"]]


def test_what_prepares_goods_locks_in_that_order(a_site: SiteToTest) -> None:
    """D21, A35: the order before its slip, both before stock, the number last; a change of the order, too."""
    agencies = Preparing(a_site)
    first = agencies.for_customer("ALB0002=3", L1="AB=3")
    second = agencies.for_customer("ALB0002=4", L1="AB=4")
    acts: dict[str, Callable[[], object]] = {
        "make": lambda: agencies.make(first),
        "make another": lambda: agencies.make(second),
        "enter": lambda: agencies.enter_found("BP1", {1: "2"}),
        "finish": lambda: agencies.finish("BP1"),
        "validate": lambda: agencies.validate("BP1"),
        "shrink": lambda: agencies.change(second, L1="2"),
        "cancel": lambda: agencies.cancel_slip("BP2"),
    }
    transactions, seen = asked_of(a_site.database), {}
    for name, act in acts.items():
        transactions.clear()
        act()
        tables = ([table for table in locked(each) if table in RANKS] for each in transactions)
        seen[name] = [list(dict.fromkeys(each)) for each in tables if each]
    if a_site.database.is_sqlite:
        return
    for name, each in seen.items():
        assert all(tables == sorted(tables, key=RANKS.__getitem__) for tables in each), (name, each)
    assert seen["make"] == [["sales_order", "number_series"]]
    assert seen["enter"] == [["picking_slip"]]
    assert seen["finish"] == [["sales_order", "picking_slip", "stock"]]
    assert seen["validate"] == [["sales_order", "picking_slip", "stock", "number_series"]]
    assert seen["shrink"] == [["sales_order", "sales_order_line", "picking_slip", "stock"]]
    assert seen["cancel"] == [["sales_order", "picking_slip"]]
