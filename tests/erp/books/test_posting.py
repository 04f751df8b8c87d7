"""Documents in the books: each by its own transaction, once, in its journal."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import insert, select, text, update
from sqlalchemy.exc import DBAPIError

from intergestan_db.database import Database
from intergestan_db.enums import Journal, PaymentMethod
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import AccountingFolder, Dossier, Entry, Event, NumberSeries, Payment
from intergestan_erp.books import folders
from intergestan_erp.books.chart import Account
from intergestan_erp.listing.entries import WhichEntries, earned, list_entries
from intergestan_erp.listing.payments import WhichPayments, list_payments
from intergestan_erp.paying import banking, payments
from intergestan_erp.paying.shares import Share
from intergestan_erp.selling.deliveries import deliver
from intergestan_erp.selling.invoicing import invoice
from intergestan_msg.money import AllowanceCharge, TaxCategory
from tests.clock import Clock
from tests.erp.books.keeping import Keeper
from tests.statements import noted

TODAY = date(2026, 11, 20)
PORT = AllowanceCharge(is_charge=True, amount=Decimal(5), reason="Port", tax=TaxCategory("S", Decimal(20)))
CHEQUE, BILL = PaymentMethod.CHEQUE, PaymentMethod.BILL


@pytest.fixture
def keeper(base: Database) -> Keeper:
    return Keeper(base)


def test_an_invoice_and_what_pays_it_are_lettered(keeper: Keeper) -> None:
    """A04, D60: case 1 paid by transfer; nothing is lettered before the whole is paid, and only then."""
    assert keeper.bill(("6", "10", "20")) == "FA1"
    assert keeper.entries() == {"VE1": ["D 411000/~ 72.00", "C 707000 60.00", "C 445710 12.00"]}
    keeper.pay("30")
    assert keeper.entries(Journal.BANK) == {"BQ1": ["D 512000 30.00", "C 411000/~ 30.00"]}
    keeper.pay("50")
    assert keeper.entries(Journal.SALES)["VE1"][0] == "D 411000/~ 72.00"  # 8 lie on account
    keeper.bill(("1", "8", "0"))
    keeper.act(payments.settle, "RG2")
    found = keeper.entries()
    assert [found[name][-1 if name < "C" else 0] for name in ("VE1", "BQ1", "BQ2", "VE2")] == [
        *("D 411000/~ 72.00 AA", "C 411000/~ 30.00 AA", "C 411000/~ 50.00 AA", "D 411000/~ 8.00 AA"),
    ]
    keeper.bill(("1", "5", "0"))
    keeper.pay("5")
    assert keeper.entries()["VE3"][0] == "D 411000/~ 5.00 AB"
    assert keeper.wrong() == []


def test_what_comes_back_unpaid_is_owed_again(keeper: Keeper) -> None:
    """T21, D60: its letters are gone, and what pays the invoice then gets the next one."""
    keeper.bill(("1", "100", "0"))
    keeper.pay("100")
    keeper.act(payments.fail, "RG1")
    found = keeper.entries()
    assert found["VE1"][0] == "D 411000/~ 100.00"
    assert found["BQ1"] == ["D 512000 100.00", "C 411000/~ 100.00 AA"]
    assert found["BQ2"] == ["D 411000/~ 100.00 AA", "C 512000 100.00"]
    keeper.pay("100", method=PaymentMethod.CASH)
    found = keeper.entries()
    assert found["VE1"][0] == "D 411000/~ 100.00 AB"
    assert found["CA1"] == ["D 530000 100.00", "C 411000/~ 100.00 AB"]
    assert keeper.wrong() == []


def test_a_payment_by_mistake_is_taken_back_in_the_books(keeper: Keeper) -> None:
    keeper.bill(("1", "100", "0"))
    keeper.pay("60", method=PaymentMethod.SET_OFF)
    keeper.act(payments.cancel, "RG1")
    found = keeper.entries(Journal.OTHER)
    whose = found["OD1"][0].split("/")[1].split(" ")[0]
    assert found["OD1"] == [f"D 401000/{whose} 60.00 AA", "C 411000/~ 60.00 AA"]
    assert found["OD2"] == ["D 411000/~ 60.00 AA", f"C 401000/{whose} 60.00 AA"]
    assert keeper.wrong() == []


def test_a_credit_note_is_posted_and_settles(keeper: Keeper) -> None:
    """T22: the mirror of its part of the invoice; what it settles needs no entry, only a letter."""
    keeper.bill(("6", "10", "20"), ("1", "1", "5.5"))
    keeper.credit("FA1", {1: Decimal(2)})
    found = keeper.entries()
    assert found["VE2"] == ["C 411000/~ 24.00", "D 707000 20.00", "D 445710 4.00"]
    keeper.credit("FA1")
    found = keeper.entries()
    assert found["VE3"] == ["C 411000/~ 49.06 AA", "D 707000 41.00", "D 445710 8.06"]
    assert found["VE1"][0] == "D 411000/~ 73.06 AA"
    assert keeper.wrong() == []


def test_cheques_and_bills_go_to_the_bank(keeper: Keeper, clock: Clock) -> None:
    """D60: by a person's act, a bill not before its day; then they fail there."""
    keeper.bill(("1", "100", "0"))
    due = TODAY + timedelta(days=10)
    keeper.pay("60", method=CHEQUE)
    keeper.pay("40", method=BILL, due_date=due)
    keeper.pay("1", method=PaymentMethod.CASH)
    with pytest.raises(Problem, match="2026-11-30 on at the earliest"):
        keeper.act(banking.bank, ["RG1", "RG2"])
    assert [each.number for each in keeper.act(banking.bank_due)] == ["RG1"]
    assert keeper.act(banking.bank_due) == []
    clock.move(days=10)
    assert [each.number for each in keeper.act(banking.bank, ["RG2", "RG2"], due)] == ["RG2"]
    for wrong in ("RG1", "RG3"):
        with pytest.raises(Problem) as caught:
            keeper.act(banking.bank, [wrong])
        assert caught.value.code is ProblemCode.NOT_TO_BANK
    with pytest.raises(Problem, match="no payment RG9"):
        keeper.act(banking.bank, ["RG9"])
    found = keeper.entries()
    assert found["OD1"][0] == "D 511200 60.00"
    assert found["OD2"][0] == "D 413000 40.00"
    assert found["BQ1"] == ["D 512000 60.00", "C 511200 60.00"]
    assert found["BQ2"] == ["D 512000 40.00", "C 413000 40.00"]
    keeper.act(payments.fail, "RG1")
    assert keeper.entries()["BQ3"] == ["D 411000/~ 60.00 AA", "C 512000 60.00"]
    with keeper.base.read() as connection:
        rows = list_payments(connection, WhichPayments()).rows
        names = connection.execute(select(Event.name).where(Event.subject == "payment")).scalars().all()
    assert [(row.number, row.banked_on) for row in rows] == [("RG3", None), ("RG2", due), ("RG1", TODAY)]
    assert names.count("bank") == 2
    assert keeper.wrong() == []


def test_what_the_bank_has_is_not_taken_back(keeper: Keeper) -> None:
    keeper.pay("60", method=CHEQUE)
    with pytest.raises(Problem, match="on a day to come"):
        keeper.act(banking.bank, ["RG1"], TODAY + timedelta(days=1))
    keeper.act(banking.bank, ["RG1"])
    with pytest.raises(Problem, match="The bank has RG1 since 2026-11-20"):
        keeper.act(payments.cancel, "RG1")
    with keeper.base.transaction() as connection, pytest.raises(DBAPIError, match="frozen"):
        connection.execute(update(Payment).values(banked_on=TODAY - timedelta(days=1)))


def test_results_by_establishment(keeper: Keeper) -> None:
    """A08, D58: sales bear the establishment of the delivery note, charges that of the order; nothing else does."""
    keeper.bill(("6", "10", "20"))
    keeper.by_establishment()
    keeper.bill(("1", "40", "20"))
    found = keeper.entries()
    assert found["VE1"][1] == "C 707000 60.00"
    assert found["VE2"] == ["D 411000/~ 48.00", "C 707000 40.00 [1]", "C 445710 8.00"]
    with keeper.base.read() as connection:
        by_place = earned(connection, keeper.folder.id, by_place=True)
        (whole,) = earned(connection, keeper.folder.id, TODAY, TODAY, by_place=False)
        (none,) = earned(connection, keeper.folder.id, TODAY + timedelta(days=1), by_place=False)
    assert [(each.establishment, each.result) for each in by_place] == [(1, Decimal(40)), (None, Decimal(60))]
    assert (whole.income, whole.expenses, none.result) == (Decimal(100), Decimal(0), Decimal(0))


def test_the_chart_of_the_folder_counts(keeper: Keeper) -> None:
    """A47: from the next document on; what stands in the books stays."""
    keeper.bill(("1", "10", "20"))
    keeper.act_in(folders.set_account, "sales_vat/vat/S:20", Account("445711", "TVA 20 %"))
    keeper.bill(("1", "10", "20"))
    keeper.act_in(folders.set_account, "sales_vat/vat/S:20", None)
    keeper.bill(("1", "10", "20"))
    assert [lines[2] for lines in keeper.entries().values()] == ["C 445710 2.00", "C 445711 2.00", "C 445710 2.00"]


def test_a_payment_of_another_folder_settles_nothing(keeper: Keeper) -> None:
    """D59: money that was entered in one company's books does not pay the invoice of another's."""
    keeper.bill(("1", "100", "0"))
    with keeper.base.transaction() as connection:
        added = insert(AccountingFolder).values(number=2, name="Two").returning(AccountingFolder.id)
        connection.execute(update(Dossier).values(accounting_folder_id=connection.execute(added).scalar_one()))
    assert keeper.pay("100").parts == ()
    with pytest.raises(Problem) as caught:
        keeper.act(payments.settle, "RG1", [Share("FA1", None, Decimal(5))])
    assert caught.value.code is ProblemCode.OTHER_FOLDER
    assert "RG1 is in the books of folder 2, FA1 in those of folder 1" in str(caught.value)
    with keeper.base.read() as connection:
        assert connection.execute(select(Entry.folder_id).order_by(Entry.id)).scalars().all() == [1, 2]


def test_nobody_changes_entries(keeper: Keeper) -> None:
    """D39: but for letters, nothing of them can be altered or deleted."""
    keeper.bill(("1", "10", "20"))
    for statement in (
        "UPDATE entry SET label = 'x'",
        "DELETE FROM entry_line",
        "DELETE FROM entry",
        "UPDATE entry_line SET debit = debit + 1 WHERE debit > 0",
        "UPDATE entry_line SET aux = NULL",
    ):
        with keeper.base.transaction() as connection, pytest.raises(DBAPIError, match="frozen"):
            connection.execute(text(statement))
    with keeper.base.transaction() as connection:
        connection.execute(text("UPDATE entry_line SET letter = 'AA'"))


def test_what_an_invoice_costs_in_statements(keeper: Keeper) -> None:
    """A04: six, however many lines it has: its head, its parts, the number, the year, the entry, its lines."""
    keeper.bill(("1", "10", "20"))
    order = keeper.order(("1", "10", "20"), ("1", "10", "5.5"), charges=[PORT])
    with keeper.base.transaction() as connection:
        deliver(connection, order, None, by="marie", at=keeper.base.now())
    with keeper.base.transaction() as connection, noted(connection) as asked:
        invoice(connection, [order], by="marie", at=keeper.base.now())
    statements = [statement for statement, _parameters in asked]
    first = next(place for place, statement in enumerate(statements) if "chart" in statement)
    (last,) = (place for place, statement in enumerate(statements) if "INTO entry_line" in statement)
    assert last - first == 5
    assert [line.split(" ")[1] for line in keeper.entries()["VE2"]] == ["411000/~", "707000", "708500", "445710"]


def test_numbers_of_journals_follow_validation(keeper: Keeper, clock: Clock) -> None:
    """I9: the day of validation never falls, whatever the clock says; documents of before may be entered later."""
    keeper.pay("1", received_on=TODAY)
    clock.move(days=-1)
    keeper.pay("1", received_on=TODAY - timedelta(days=3))
    with keeper.base.read() as connection:
        rows = connection.execute(select(Entry.day, Entry.validated_on, Entry.number).order_by(Entry.id)).all()
        series = connection.execute(select(NumberSeries.code).where(NumberSeries.code.startswith("e:"))).scalars().all()
    assert [tuple(row) for row in rows] == [(TODAY, TODAY, 1), (TODAY - timedelta(days=3), TODAY, 2)]
    assert series == ["e:1:BQ"]


def test_entries_are_listed_in_pages(keeper: Keeper) -> None:
    for _each in range(3):
        keeper.bill(("1", "10", "20"))
    keeper.pay("12")
    which = WhichEntries(folder_id=keeper.folder.id)
    with keeper.base.read() as connection:
        page = list_entries(connection, which, size=2)
        rest = list_entries(connection, which, size=2, after=page.after)
        sales = list_entries(connection, WhichEntries(folder_id=1, journal=Journal.SALES, account="7"))
        open_ = list_entries(connection, WhichEntries(folder_id=1, account="411", open=True))
        one = list_entries(connection, WhichEntries(folder_id=1, piece="FA2", first=TODAY, last=TODAY))
    assert [each.entry for each in (*page.rows, *rest.rows)] == ["BQ1", "VE3", "VE2", "VE1"]
    assert [line.account for line in page.rows[0].lines] == ["512000", "411000"]
    assert [each.entry for each in sales.rows] == ["VE3", "VE2", "VE1"]
    assert [each.entry for each in open_.rows] == ["VE3", "VE2"]
    assert [each.entry for each in one.rows] == ["VE2"]
