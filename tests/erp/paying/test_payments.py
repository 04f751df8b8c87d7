"""Payments: what they settle, what lies on account, and those that come back."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod, PaymentState
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, NumberSeries, Payment, Settlement, Site
from intergestan_erp.listing.invoices import WhichInvoices, list_due, list_invoices
from intergestan_erp.listing.payments import WhichPayments, list_payments
from intergestan_erp.parties.freed import Freed
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.paying import payments
from intergestan_erp.paying.open_amounts import OpenInstalment
from intergestan_erp.paying.settling import Settled
from intergestan_erp.paying.shares import Share, as_said, oldest_first
from intergestan_msg.money import ZERO
from tests.clock import Clock
from tests.erp.paying.till import Till
from tests.site_factories import add_party

DAY = date(2026, 11, 20)


@pytest.fixture
def till(base: Database) -> Till:
    return Till(base)


def share(ref: str, amount: str) -> Share:
    invoice, _slash, n = ref.partition("/")
    return Share(invoice, int(n) if n else None, Decimal(amount))


def parts(settled: Settled) -> dict[str, str]:
    return {f"{part.invoice}/{part.n}": str(part.amount) for part in settled.parts}


def test_the_oldest_due_come_first(till: Till) -> None:
    """D32: due date, then invoice, then instalment; what is left lies on account until somebody uses it."""
    till.owe("40", "60")
    till.owe("100")
    assert till.open() == {"FA1/1": "40.00", "FA2/1": "100.00", "FA1/2": "60.00"}
    settled = till.pay("120")
    assert (settled.number, parts(settled), settled.left) == ("RG1", {"FA1/1": "40.00", "FA2/1": "80.00"}, ZERO)
    assert settled.freed == Freed((till.customer,))
    assert till.open() == {"FA2/1": "20.00", "FA1/2": "60.00"}
    more = till.pay("100")
    assert (parts(more), more.left) == ({"FA2/1": "20.00", "FA1/2": "60.00"}, Decimal("20.00"))
    assert till.open() == {}
    till.owe("100")
    assert till.open() == {"FA3/1": "100.00"}  # nothing is used by itself
    used = till.act(payments.settle, "rg2")
    assert (parts(used), used.left) == ({"FA3/1": "20.00"}, 0)
    assert parts(till.act(payments.settle, "RG2")) == {}
    names = [(row.name, row.detail) for row in till.rows(Event, subject="payment")]
    assert names[-1] == ("settle", {"settled": {"FA3/1": "20.00"}})
    assert names[0] == ("enter", {"amount": "120.00", "settled": {"FA1/1": "40.00", "FA2/1": "80.00"}})


def test_as_a_person_says(till: Till) -> None:
    """D32: for an invoice, or for one of its instalments, in several goes too; never more than is open or left."""
    till.owe("40", "60")
    till.owe("100")
    settled = till.pay("90", share("FA1/2", "10"), share("fa2", "50"), share("FA1/2", "5"))
    assert (parts(settled), settled.left) == ({"FA2/1": "50.00", "FA1/2": "15.00"}, Decimal("25.00"))
    again = till.act(payments.settle, "RG1", [share("FA1/2", "20")])
    assert again.left == Decimal("5.00")
    assert till.open() == {"FA1/1": "40.00", "FA2/1": "50.00", "FA1/2": "25.00"}
    for shares, words, code in (
        ([share("FA1/2", "25.01")], r"FA1/2 has 25.00 open, less than 25.01", ProblemCode.SETTLE_TOO_MUCH),
        ([share("FA1", "65.01")], r"FA1 has 65.00 open, less than 65.01", ProblemCode.SETTLE_TOO_MUCH),
        ([share("FA1/1", "40"), share("FA1/1", "0.01")], r"FA1/1 has 0.00 open", ProblemCode.SETTLE_TOO_MUCH),
        ([share("FA1/3", "1")], r"FA1/3 has 0.00 open", ProblemCode.SETTLE_TOO_MUCH),
        ([share("FA9", "1")], r"no invoice FA9", ProblemCode.NO_INVOICE),
        ([share("FA2", "5.01")], r"5.00 can be settled, less than 5.01", ProblemCode.SETTLE_TOO_MUCH),
        ([share("FA2", "0")], r"0 is no amount", ProblemCode.NO_AMOUNT),
        ([share("FA2", "-1")], r"-1 is no amount", ProblemCode.NO_AMOUNT),
        ([share("FA2", "0.001")], r"0.001 is no amount", ProblemCode.NO_AMOUNT),
    ):
        with pytest.raises(Problem, match=words) as raised:
            till.act(payments.settle, "RG1", shares)
        assert raised.value.code is code
    assert till.open() == {"FA1/1": "40.00", "FA2/1": "50.00", "FA1/2": "25.00"}
    assert till.pay("65", share("FA1", "65")).left == 0
    assert till.open() == {"FA2/1": "50.00"}


@pytest.mark.mainly_on("sqlite")
def test_what_is_no_payment(till: Till) -> None:
    """D32: nothing is entered, and no number is used up."""
    till.owe("100")
    tomorrow = DAY + timedelta(1)
    with till.base.transaction() as connection:
        other = add_party(connection, NewParty(code="C2", name="Autre", is_customer=True))
    refused: list[tuple[str, dict[str, Any], str]] = [
        ("0", {}, "0 is no amount"),
        ("-5", {}, "-5 is no amount"),
        ("1.005", {}, "is no amount"),
        ("99999999999999999", {}, "is no amount"),
        ("5", {"received_on": tomorrow}, "has not come yet"),
        ("5", {"due_date": DAY.replace(year=2029)}, "is due within 2 years"),
        ("5", {"reference": "x" * 61}, "at most 60 characters"),
    ]
    for amount, said, words in refused:
        with pytest.raises(Problem, match=words):
            till.pay(amount, **said)
    new = payments.NewPayment(amount=Decimal(5), method=PaymentMethod.CASH)
    with pytest.raises(Problem, match="another customer"):
        till.act(payments.add, other, new, [share("FA1", "5")])
    with till.base.transaction() as connection:
        connection.execute(update(Site).values(currency="CHF"))
    with pytest.raises(Problem, match="FA1 is in EUR, and payments are in CHF"):
        till.pay("5", share("FA1", "5"))
    assert till.pay("5").left == 5  # the same without saying: nothing is converted
    assert [row.number for row in till.rows(Payment)] == ["RG1"]
    assert [row.next_number for row in till.rows(NumberSeries, code="payment")] == [2]
    for act in (payments.settle, payments.fail, payments.cancel):
        with pytest.raises(Problem, match="no payment RG9"):
            till.act(act, "RG9")


def test_a_payment_is_entered_once(till: Till) -> None:
    """D32: the same cheque twice is refused; one that was taken back may be entered again."""
    cheque: dict[str, Any] = {"method": PaymentMethod.CHEQUE, "reference": " 4711 "}
    till.pay("5", **cheque)
    with pytest.raises(Problem, match="RG1 of the same customer has the reference «4711»") as raised:
        till.pay("7", **cheque)
    assert raised.value.code is ProblemCode.PAYMENT_TWICE
    till.pay("5", method=PaymentMethod.BILL, reference="4711")
    till.act(payments.cancel, "RG1")
    assert till.pay("5", **cheque).number == "RG3"


def test_one_that_comes_back_unpaid(till: Till) -> None:
    """D32: what it settled is open again; the settlements stay as history."""
    clock = till.base.now
    assert isinstance(clock, Clock)
    till.owe("40", "60")
    till.pay("70", due_date=date(2027, 1, 31), method=PaymentMethod.BILL)
    clock.move(days=3)
    for day, words in ((DAY - timedelta(1), "cannot have come back"), (DAY + timedelta(4), "cannot have come back")):
        with pytest.raises(Problem, match=words):
            till.act(payments.fail, "RG1", day)
    taken = till.act(payments.fail, "rg1", DAY + timedelta(1))
    assert (taken.number, taken.reopened, taken.freed) == ("RG1", ("FA1",), Freed())
    assert till.open() == {"FA1/1": "40.00", "FA1/2": "60.00"}
    (payment,) = till.rows(Payment)
    assert (payment.state, payment.failed_on) == ("failed", DAY + timedelta(1))
    assert len(till.rows(Settlement)) == 2
    for act in (payments.fail, payments.cancel, payments.settle):
        with pytest.raises(Problem, match="RG1 came back unpaid on 2026-11-21"):
            till.act(act, "RG1")
    assert till.pay("100").left == 0
    assert till.open() == {}


def test_one_that_was_a_mistake(till: Till) -> None:
    """D32: on the day of its entry, as the site's calendar has it, and no later."""
    clock = till.base.now
    assert isinstance(clock, Clock)
    till.owe("100")
    till.pay("70")
    assert till.act(payments.cancel, "RG1").reopened == ("FA1",)
    assert till.open() == {"FA1/1": "100.00"}
    with pytest.raises(Problem, match="RG1 was taken back"):
        till.act(payments.cancel, "RG1")
    till.pay("70")
    clock.move(hours=14)  # 23:00 in UTC is the next day in Paris
    with pytest.raises(Problem, match="RG2 was entered on 2026-11-20"):
        till.act(payments.cancel, "RG2")
    assert till.open() == {"FA1/1": "30.00"}


@pytest.mark.mainly_on("sqlite")
def test_lists(till: Till) -> None:
    """D20, D32: invoices with what is open, what is due, and payments, page after page."""
    till.owe("40", "60")
    till.owe("100")
    till.pay("50", reference="A")
    till.credit("FA2")
    till.pay("500")
    till.act(payments.cancel, "RG2")
    with till.base.read() as connection:
        (first, second) = list_invoices(connection, WhichInvoices()).rows
        assert (first.number, first.credited, first.open) == ("FA2", Decimal(100), ZERO)
        assert (second.number, second.credited, second.open) == ("FA1", ZERO, Decimal(60))
        assert second.due_date == date(2026, 12, 20)
        only = list_invoices(connection, WhichInvoices(only_open=True, first=DAY, last=DAY, customer_id=till.customer))
        assert [row.number for row in only.rows] == ["FA1"]
        assert list_invoices(connection, WhichInvoices(last=DAY - timedelta(1))).rows == ()
        (due,) = list_due(connection, WhichInvoices(customer_id=till.customer)).rows
        assert (due.invoice, due.n, due.amount, due.open) == ("FA1", 2, Decimal(60), Decimal(60))
        assert list_due(connection, WhichInvoices(last=date(2026, 12, 19))).rows == ()
        assert list_due(connection, WhichInvoices(customer_id=999)).rows == ()
        (cancelled, entered) = list_payments(connection, WhichPayments()).rows
        assert (cancelled.state, cancelled.left) == (PaymentState.CANCELLED, ZERO)
        assert (entered.number, entered.reference, entered.left) == ("RG1", "A", ZERO)
        assert list_payments(connection, WhichPayments(on_account=True)).rows == ()
        assert list_payments(connection, WhichPayments(customer_id=999)).rows == ()
    till.owe("10", "20", "70")
    with till.base.read() as connection:
        pages, after = [], None
        while True:
            page = list_due(connection, WhichInvoices(), size=1, after=after)
            pages += [f"{row.invoice}/{row.n}" for row in page.rows]
            if (after := page.after) is None:
                break
        assert pages == ["FA3/1", "FA1/2", "FA3/2", "FA3/3"]
        for mark in ("x", "WyJ4IiwxXQ", "WzEsMV0", "WyIyMDI2LTAxLTAxIiwieCJd"):
            with pytest.raises(Problem, match="not where a page"):
                list_due(connection, WhichInvoices(), after=mark)


# -- any instalments, any amount ------------------------------------------------------------------------------


CENTS = st.integers(1, 10**6).map(lambda cents: Decimal(cents).scaleb(-2))


@given(opens=st.lists(CENTS, max_size=6), amount=CENTS)
def test_the_oldest_are_settled_whole(opens: list[Decimal], amount: Decimal) -> None:
    """D32: all before the last that is touched are settled whole, and all of the amount is used that can be."""
    there = [OpenInstalment(n, "FA1", n, DAY, each) for n, each in enumerate(opens, start=1)]
    made = oldest_first(there, amount)
    assert sum((part.amount for part in made), Decimal(0)) == min(amount, sum(opens, Decimal(0)))
    assert [part.n for part in made] == list(range(1, len(made) + 1))
    assert [part.amount for part in made[:-1]] == opens[: len(made)][:-1]
    assert all(Decimal(0) < part.amount <= opens[part.n - 1] for part in made)


@given(
    opens=st.lists(CENTS, min_size=1, max_size=4),
    wanted=st.lists(st.tuples(st.integers(0, 4), CENTS), min_size=1, max_size=4),
    left=CENTS,
)
def test_no_share_settles_too_much(opens: list[Decimal], wanted: list[tuple[int, Decimal]], left: Decimal) -> None:
    """D32: whatever is said, nothing is settled beyond what is open or left; or all that was said is settled."""
    there = [OpenInstalment(n, "FA1", n, DAY, each) for n, each in enumerate(opens, start=1)]
    shares = [Share("FA1", n or None, amount) for n, amount in wanted]
    whole = sum((amount for _n, amount in wanted), Decimal(0))
    still = dict(enumerate(opens, start=1))
    fits = whole <= left
    for n, asked in wanted:
        amount = asked
        meant = [n] if n in still else list(still) if n == 0 else []
        fits = fits and amount <= sum((still[each] for each in meant), Decimal(0))
        for each in meant:
            taken = min(still[each], amount)
            still[each] -= taken
            amount -= taken
    if not fits:
        with pytest.raises(Problem):
            as_said(there, shares, left)
        return
    made = as_said(there, shares, left)
    assert sum((part.amount for part in made), Decimal(0)) == whole <= left
    assert all(Decimal(0) < part.amount <= opens[part.n - 1] for part in made)


def test_the_base_holds_what_settles(till: Till) -> None:
    """D32: a settlement is of a payment or of a credit note, never of both or of none."""
    till.owe("100")
    till.pay("5")
    at = till.base.now()
    for payment_id, note_id in ((None, None), (1, 1)):
        row = {"payment_id": payment_id, "credit_note_id": note_id, "invoice_due_id": 1, "amount": Decimal(1)}
        with pytest.raises(Exception, match=r"ck_settlement_of_one|FOREIGN|foreign"):  # noqa: SIM117
            with till.base.transaction() as connection:
                connection.execute(insert(Settlement).values(**row, settled_on=DAY, created_at=at))
