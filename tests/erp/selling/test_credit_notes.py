"""Credit notes: whatever is taken back, in any split, in the end nothing is left; and never more than there was."""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from intergestan_db.database import Database
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import CreditNote, CreditNoteVat, Event, Invoice, NumberSeries
from intergestan_erp.paying import payments
from intergestan_erp.selling import credit_notes
from intergestan_erp.selling.sales import show_credit_note
from intergestan_msg.money import AllowanceCharge
from tests.clock import Clock
from tests.erp.paying.till import Till
from tests.examples import SPEED, share
from tests.factories import VAT_20

ZERO = Decimal(0)
PORT = AllowanceCharge(is_charge=True, amount=Decimal("12.50"), reason="Port", tax=VAT_20)
REBATE = AllowanceCharge(is_charge=False, amount=Decimal("2.00"), reason="Remise", tax=VAT_20)


@pytest.fixture
def till(base: Database) -> Till:
    return Till(base)


def test_an_invoice_is_taken_back(till: Till) -> None:
    """D32: a line in part, then all that is left; the invoice is as it was, and nothing of it is open."""
    assert till.bill(("3", "0.33", "20"), ("2", "10", "5.5"), charges=[PORT]) == "FA1"
    before = till.shown("FA1")
    made = till.credit("fa1", {1: Decimal(1), 2: Decimal("0.5")})
    assert (made.number, made.invoice, made.total_ttc) == ("AV1", "FA1", Decimal("5.68"))
    assert [(part.invoice, part.n, part.amount) for part in made.settled.parts] == [("FA1", 1, Decimal("5.68"))]
    assert till.open() == {"FA1/1": str(before.total_ttc - Decimal("5.68"))}
    rest = till.credit("FA1")
    assert rest.total_ttc == before.total_ttc - Decimal("5.68")
    assert till.open() == {}
    after = till.shown("FA1")
    assert replace(before, due=after.due, credit_notes=after.credit_notes) == after
    assert [note.number for note in after.credit_notes] == ["AV1", "AV2"]
    with till.base.read() as connection:
        note = show_credit_note(connection, "AV2")
    assert note is not None
    assert [(line.name, line.quantity) for line in note.lines][-1] == ("Port", None)
    assert note.invoice == "FA1"
    with pytest.raises(Problem, match="All of FA1 was credited already") as raised:
        till.credit("FA1")
    assert raised.value.code is ProblemCode.NO_CREDIT
    assert [row.name for row in till.rows(Event, subject="invoice")] == ["create", "credit", "credit"]


def test_the_vat_of_three_notes(till: Till) -> None:
    """D32: an invoice of 0.99 with VAT 0.20, taken back in three notes of 0.33, bears 0.07 + 0.06 + 0.07."""
    till.bill(("3", "0.33", "20"))
    for _ in range(3):
        till.credit("FA1", {1: Decimal(1)})
    assert [row.amount for row in till.rows(CreditNoteVat)] == [Decimal("0.07"), Decimal("0.06"), Decimal("0.07")]
    assert till.open() == {}


def test_what_was_paid_lies_on_account(till: Till) -> None:
    """D32: a note settles what is open of its own invoice, the oldest first; the rest waits for a person."""
    till.owe("40", "60")
    till.owe("100")
    till.pay("80")
    made = till.credit("FA1", {1: Decimal("0.5")})
    assert [(part.n, part.amount) for part in made.settled.parts] == [(2, Decimal("50.00"))]
    assert made.settled.left == 0
    more = till.credit("FA1")
    assert (more.settled.parts[0].amount, more.settled.left) == (Decimal("10.00"), Decimal("40.00"))
    assert till.open() == {"FA2/1": "60.00"}
    used = till.act(payments.settle, "AV2")
    assert (used.parts[0].invoice, used.left) == ("FA2", 0)
    assert till.open() == {"FA2/1": "20.00"}


@pytest.mark.mainly_on("sqlite")
def test_what_cannot_be_taken_back(till: Till) -> None:
    """D32: nothing is entered, and no number is used up."""
    till.bill(("3", "10", "20"), charges=[PORT, REBATE])
    for lines, charges, words, code in (
        ({1: Decimal("3.000001")}, (), r"FA1/1 has 3 left .* less than 3.000001", ProblemCode.CREDIT_TOO_MUCH),
        ({1: ZERO}, (), "no quantity of line 1", ProblemCode.NO_AMOUNT),
        ({1: Decimal(-1)}, (), "no quantity of line 1", ProblemCode.NO_AMOUNT),
        ({1: Decimal("0.0000001")}, (), "no quantity of line 1", ProblemCode.NO_AMOUNT),
        ({2: Decimal(1)}, (), "no line or charge 2 .* there are: 1", ProblemCode.NO_INVOICE),
        (None, (3,), "no line or charge 3 .* there are: 1, 2", ProblemCode.NO_INVOICE),
        (None, (2,), "takes back more than nothing; this one would be -2.40", ProblemCode.NO_CREDIT),
        ({1: Decimal("0.000001")}, (), "this one would be 0.00", ProblemCode.NO_CREDIT),
        ({1: Decimal(3)}, (1,), r"FA1 has 48.60 left .* less than 51.00", ProblemCode.CREDIT_TOO_MUCH),
    ):
        with pytest.raises(Problem, match=words) as raised:
            till.credit("FA1", lines, charges)
        assert raised.value.code is code
    with pytest.raises(Problem, match="no invoice FA9"):
        till.credit("FA9")
    for reason in (" ", "x" * 501):
        with pytest.raises(Problem, match="says why"):
            till.act(credit_notes.credit, "FA1", reason)
    assert till.rows(CreditNote) == []
    till.credit("FA1", None, (1,))
    with pytest.raises(Problem, match="FA1 has 0 left"):
        till.credit("FA1", None, (1,))
    assert [row.next_number for row in till.rows(NumberSeries, code="credit_note")] == [2]


@pytest.mark.mainly_on("sqlite")
def test_a_rate_is_not_taken_back_beyond_its_base(till: Till) -> None:
    """D32: what an allowance took off a rate cannot come back by that rate, even where the other has room."""
    till.bill(("1", "10", "20"), ("1", "100", "5.5"), charges=[REBATE])
    with pytest.raises(Problem, match=r"FA1 has 8.00 left .* less than 10.00"):
        till.credit("FA1", {1: Decimal(1)})
    till.credit("FA1", {1: Decimal(1)}, (1,))
    till.credit("FA1")
    assert till.open() == {}


@pytest.mark.mainly_on("sqlite")
def test_a_note_is_never_older_than_its_invoice(till: Till) -> None:
    """D21: also where the clock was set back."""
    clock = till.base.now
    assert isinstance(clock, Clock)
    till.bill(("1", "10", "20"))
    (head,) = till.invoices()
    clock.move(days=-40)
    till.credit("FA1")
    assert [row.issue_date for row in till.rows(CreditNote)] == [head.issue_date]


# -- any invoice, any split -----------------------------------------------------------------------------------

FINE = st.integers(1, 10**8).map(lambda digits: Decimal(digits).scaleb(-6))
RATES = st.sampled_from(["20", "10", "5.5", "2.1", "0"])


def vat_of_notes(bases: list[Decimal], rate: Decimal) -> list[Decimal]:
    """What the notes of one invoice and rate bear, one after the other: all up to each, less all before it."""
    sums = [sum(bases[:n], ZERO) for n in range(len(bases) + 1)]
    whole = [(each * rate / 100).quantize(Decimal("0.01"), ROUND_HALF_UP) for each in sums]
    return [after - before for before, after in pairwise(whole)]


@given(
    lines=st.lists(st.tuples(FINE.map(str), FINE.map(str), RATES), min_size=1, max_size=3),
    charges=st.sampled_from([(), (PORT,)]),
    data=st.data(),
)
@settings(max_examples=share(2), suppress_health_check=[*SPEED, HealthCheck.function_scoped_fixture])
def test_in_any_split_nothing_is_left(
    sqlite_base: Database,
    lines: list[tuple[str, str, str]],
    charges: tuple[AllowanceCharge, ...],
    data: st.DataObject,
) -> None:
    """D32: taken back line by line and in parts, an invoice leaves 0.00 of each sum, and each note is what it says."""
    if id(sqlite_base) not in TILLS:
        TILLS[id(sqlite_base)] = Till(sqlite_base)
    till = TILLS[id(sqlite_base)]
    number = till.bill(*lines, charges=charges)
    invoice = till.shown(number)
    if invoice.total_ttc == 0:
        return
    left = {line.position: line.quantity for line in invoice.lines}
    for _ in range(data.draw(st.integers(0, 4))):
        chosen = data.draw(st.sets(st.sampled_from(sorted(left)), min_size=1))
        part = data.draw(st.sampled_from([1, 2, 3, 7]))
        wanted = {n: (left[n] / part).quantize(Decimal("0.000001")) for n in chosen if left[n]}
        wanted = {n: quantity for n, quantity in wanted.items() if quantity}
        if not wanted:
            break
        if refused(till, number, wanted):
            continue
        for n, quantity in wanted.items():
            left[n] -= quantity
    refused(till, number)
    notes = till.rows(CreditNote, invoice_id=till.rows(Invoice, number=number)[0].id)
    for name in ("total_ht", "total_vat", "total_ttc"):
        assert sum((getattr(note, name) for note in notes), ZERO) == getattr(invoice, name)
    for vat in invoice.vat:
        same = {"vat_category": vat.vat_category, "vat_rate": vat.vat_rate}
        of_notes = [row for note in notes for row in till.rows(CreditNoteVat, credit_note_id=note.id, **same)]
        assert [row.amount for row in of_notes] == vat_of_notes([row.base for row in of_notes], vat.vat_rate)
        assert sum((row.base for row in of_notes), ZERO) == vat.base
    assert till.shown(number).due[0].open == 0


def refused(till: Till, number: str, wanted: dict[int, Decimal] | None = None) -> bool:
    """Take so much back; whether that was so little that it rounds to nothing."""
    try:
        till.credit(number, wanted)
    except Problem as problem:
        if problem.code is not ProblemCode.NO_CREDIT:
            raise
        return True
    return False


TILLS: dict[int, Till] = {}
