"""Deferred invoicing (A20, A23 to A31, A36): who may, what makes one invoice, and that a preview is the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert, select, update

from intergestan_db.database import Moment
from intergestan_db.enums import InvoiceGrouping
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import (
    AccountingFolder,
    Allocation,
    DeliveryNote,
    Depot,
    Dossier,
    Entry,
    EntryLine,
    Invoice,
    InvoiceCharge,
    InvoiceLine,
    InvoiceRun,
    NumberSeries,
    OperationCode,
    Party,
    SalesOrder,
    SalesOrderCharge,
    SalesOrderLine,
)
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.selling import invoice_runs
from intergestan_erp.selling.deferred import OpenNote, group_notes, in_batches, late_doubts
from intergestan_erp.selling.invoice_runs import FutureInvoice, NotInvoiced, Outcome
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_erp.selling.verifying import verify
from intergestan_erp.site.preferences import set_preference
from tests.erp.selling.acting import told
from tests.erp.selling.agencies import Agencies
from tests.erp.selling.by_hand import a_line
from tests.examples import share
from tests.site_factories import NOW, SiteToTest, add_party

ALL = NotesWanted()


@pytest.fixture
def agencies(a_site: SiteToTest) -> Agencies:
    found = Agencies(a_site)
    found.grouping("customer")
    return found


def preview(agencies: Agencies, at: int = 1, wanted: NotesWanted = ALL, **values: Any) -> list[Outcome]:
    return list(invoice_runs.preview(agencies.database, agencies.ids[at], wanted, **values))


def run(agencies: Agencies, at: int = 1, wanted: NotesWanted = ALL, **values: Any) -> list[Outcome]:
    own: dict[str, Any] = {"by": "marie", "at": agencies.now} | values
    return list(invoice_runs.run(agencies.database, agencies.ids[at], wanted, **own))


def plain(outcomes: Sequence[Outcome]) -> list[tuple[Any, ...]]:
    """Number, delivery notes and totals of each invoice."""
    made = [each for each in outcomes if isinstance(each, FutureInvoice)]
    return [
        (each.number, " ".join(note.number for note in each.notes), str(each.total_ht), str(each.total_ttc))
        for each in made
    ]


def unnumbered(outcomes: Sequence[Outcome]) -> list[Outcome]:
    return [
        replace(each, number=None, issue_date=None) if isinstance(each, FutureInvoice) else each for each in outcomes
    ]


def test_case_1_one_establishment_invoices(agencies: Agencies) -> None:
    """A20, A25, A27, A29, A30: elsewhere nothing is made and no number used; there one invoice names all three."""
    agencies.invoicing(1)
    agencies.delivered_from_all()
    with pytest.raises(Problem) as caught:
        run(agencies, at=2)
    assert str(caught.value) == (
        "Deferred invoicing of delivery notes cannot be started from establishment 2 (Agence 2): in dossier 1 "
        "establishment 1 (Arts de la Table) invoices them. No invoice was made. Other invoices remain possible here."
    )
    assert caught.value.code is ProblemCode.OTHER_INVOICES
    with pytest.raises(Problem):
        preview(agencies, at=2)
    assert agencies.site.rows(Invoice) == []
    shown = preview(agencies)
    assert plain(shown) == [(None, "BL1 BL2 BL3", "60.00", "72.00")]
    assert isinstance(shown[0], FutureInvoice)
    assert [(n.number, n.establishment, n.orders, str(n.total_ht)) for n in shown[0].notes] == [
        ("BL1", 1, ("CCL1",), "10.00"),
        ("BL2", 2, ("CCL1",), "20.00"),
        ("BL3", 3, ("CCL1",), "30.00"),
    ]
    assert agencies.site.rows(Invoice) == []
    made = run(agencies)
    assert plain(made) == [("FA1", "BL1 BL2 BL3", "60.00", "72.00")]
    assert unnumbered(made) == shown
    (row,) = agencies.site.rows(Invoice)
    assert (row.establishment_id, row.kind, str(row.total_vat)) == (agencies.ids[1], "customer", "12.00")
    assert run(agencies) == []
    (only,) = agencies.site.rows(InvoiceRun)
    assert (only.id, only.invoices, only.notes) == (row.invoice_run_id, 1, 3)


def test_case_2_each_its_own(agencies: Agencies) -> None:
    """A31, A36: every agency invoices what left from it."""
    agencies.delivered_from_all()
    assert plain(run(agencies, at=1)) == [("FA1", "BL1", "10.00", "12.00")]
    assert plain(run(agencies, at=2)) == [("FA2", "BL2", "20.00", "24.00")]
    assert plain(run(agencies, at=3)) == [("FA3", "BL3", "30.00", "36.00")]


def test_case_2_with_books_of_their_own(agencies: Agencies) -> None:
    """D54: a series for each accounting folder, none restarts, and each has its own chain."""
    for place in (2, 3):
        agencies.folder(place, f"Agence {place}")
    agencies.delivered_from_all()
    numbers = [plain(run(agencies, at=place))[0][0] for place in (1, 2, 3)]
    assert numbers == ["FA1", "FA2-1", "FA3-1"]
    assert len({row.accounting_folder_id for row in agencies.site.rows(Invoice)}) == 3


def test_single_invoices_are_free(agencies: Agencies) -> None:
    """A26, D51: also of what the run would take, and by the agency itself; the run then takes the others."""
    agencies.invoicing(1)
    agencies.delivered_from_all()
    with agencies.database.transaction() as connection:
        assert invoice(connection, ["BL2"], place=in_depot(connection, "RD"), by="m", at=NOW) == "FA1"
    assert plain(run(agencies)) == [("FA2", "BL1 BL3", "40.00", "48.00")]
    (first, _second) = agencies.site.rows(Invoice)
    assert (first.establishment_id, first.invoice_run_id) == (agencies.ids[2], None)


def test_bounded_by_period_and_customer(agencies: Agencies) -> None:
    """A28: both days are included, open ends too."""
    other = agencies.a_customer("B1")
    number = agencies.order()
    days = [NOW + timedelta(days=n) for n in range(3)]
    for each in days[:2]:
        agencies.deliver(number, 1, on=each)
    agencies.deliver(agencies.order(customer_id=other), on=days[1])
    agencies.deliver(number, 1, on=days[2])
    agencies.now = days[2]

    def notes(**values: Any) -> str:
        found = preview(agencies, wanted=NotesWanted(**values))
        return " ".join(note.number for each in found if isinstance(each, FutureInvoice) for note in each.notes)

    _first, second, third = (each.date() for each in days)
    agencies.site.database.now = lambda: days[2]
    assert notes(first=second, last=second) == "BL3 BL2"
    assert notes(first=second) == "BL3 BL2 BL4"
    assert notes(last=second) == "BL3 BL1 BL2"
    assert notes(customer_id=other) == "BL3"
    assert notes(first=third, customer_id=other) == ""


def test_what_is_plain_is_never_invoiced(agencies: Agencies) -> None:
    """A14: delivery notes whose operation code is not billable."""
    number = agencies.order()
    agencies.deliver(number, 1)
    agencies.deliver(number, 2)
    with agencies.database.transaction() as connection:
        plain_code = select(OperationCode.id).where(OperationCode.code == "C0").scalar_subquery()
        connection.execute(
            update(DeliveryNote).where(DeliveryNote.number == "BL1").values(operation_code_id=plain_code)
        )
    assert plain(run(agencies)) == [("FA1", "BL2", "20.00", "24.00")]


def test_one_for_each_note_unless_they_are_grouped(agencies: Agencies) -> None:
    """A20: and the numbers go by customer, month and delivery note."""
    agencies.grouping("note")
    other = agencies.a_customer("B1")
    number, theirs = agencies.order(), agencies.order(customer_id=other)
    for each in (number, theirs, number, theirs):
        agencies.deliver(each, 1)
    assert plain(run(agencies)) == [
        ("FA1", "BL2 BL4", "20.00", "24.00"),
        ("FA2", "BL1", "10.00", "12.00"),
        ("FA3", "BL3", "10.00", "12.00"),
    ]


def test_a_calendar_month(agencies: Agencies) -> None:
    """D52: an invoice of several deliveries is of one month, unless the site wants the seed's words literally."""
    number = agencies.order()
    june, july = datetime(2026, 6, 30, 9, tzinfo=UTC), datetime(2026, 7, 1, 9, tzinfo=UTC)
    for day in (june, june, july):
        agencies.deliver(number, 1, on=day)
    agencies.site.database.now = lambda: july
    agencies.now = july
    assert plain(preview(agencies)) == [(None, "BL1 BL2", "20.00", "24.00"), (None, "BL3", "10.00", "12.00")]
    with agencies.database.transaction() as connection:
        set_preference(connection, "invoicing.split_months", "false", by="m", at=NOW)
    assert plain(preview(agencies)) == [(None, "BL1 BL2 BL3", "30.00", "36.00")]
    made = run(agencies)
    said = [str(doubt) for doubt in invoice_runs.doubts([m for m in made if isinstance(m, FutureInvoice)], july.date())]
    assert said == []
    assert late_doubts([june.date(), june.date()], july.date()) != []
    assert late_doubts([june.date()], july.date()) == []


def test_terms_divide(agencies: Agencies) -> None:
    """A20: a payment term is an invoice's own."""
    first, second = agencies.order(), agencies.order()
    with agencies.database.transaction() as connection:
        term = connection.exec_driver_sql("SELECT id FROM payment_term WHERE code = '60J'").scalar_one()
        connection.execute(update(SalesOrder).where(SalesOrder.number == second).values(payment_term_id=term))
    for number in (first, second, first):
        agencies.deliver(number, 1)
    assert plain(run(agencies)) == [("FA1", "BL1 BL3", "20.00", "24.00"), ("FA2", "BL2", "10.00", "12.00")]
    rows = agencies.site.rows(Invoice)
    assert [(row.due_date - row.issue_date).days for row in rows] == [30, 60]


def test_the_day(agencies: Agencies) -> None:
    """D21: not ahead, not before the series' last, and what somebody makes meanwhile goes before."""
    number = agencies.order()
    yesterday = NOW.date() - timedelta(days=1)
    agencies.deliver(number, 1)
    with pytest.raises(Problem, match="lies ahead"):
        run(agencies, day=NOW.date() + timedelta(days=1))
    made = run(agencies, day=yesterday)
    assert isinstance(made[0], FutureInvoice)
    assert made[0].issue_date == yesterday
    agencies.deliver(number, 1)
    run(agencies)
    agencies.deliver(number, 1)
    with pytest.raises(Problem, match=r"is before it\. No invoice was made"):
        run(agencies, day=yesterday)
    with agencies.database.transaction() as connection:
        ahead = NOW.date() + timedelta(days=3)
        connection.execute(update(NumberSeries).where(NumberSeries.code == "invoice").values(last_date=ahead))
    late = run(agencies)
    assert isinstance(late[0], FutureInvoice)
    assert late[0].issue_date == ahead, "a clock that was set back"


def test_what_costs_nothing(agencies: Agencies) -> None:
    """A25: a sample is invoiced, too: nothing is due, and it is on no further run."""
    agencies.deliver(agencies.order(a_line("ALB0002", 1, "0")))
    shown = preview(agencies)
    assert plain(shown) == [(None, "BL1", "0.00", "0.00")]
    assert plain(run(agencies)) == [("FA1", "BL1", "0.00", "0.00")]
    assert run(agencies) == []


def test_books_that_are_closed(agencies: Agencies) -> None:
    """D61: a preview says so, too, and nothing is made; on an open day it is."""
    agencies.deliver(agencies.order())
    yesterday = NOW.date() - timedelta(days=1)
    with agencies.database.transaction() as connection:
        connection.execute(update(AccountingFolder).values(locked_until=yesterday))
    for act in (preview, run):
        with pytest.raises(Problem) as caught:
            act(agencies, day=yesterday)
        assert caught.value.code is ProblemCode.BOOKS_CLOSED
    assert agencies.site.rows(Invoice) == []
    assert plain(run(agencies)) == [("FA1", "BL1", "60.00", "72.00")]


def a_charge(agencies: Agencies, number: str, amount: str = "5", vat: str | None = "S") -> None:
    with agencies.database.transaction() as connection:
        order = select(SalesOrder.id).where(SalesOrder.number == number).scalar_subquery()
        values = {"reason": "Port", "amount": Decimal(amount), "vat_category": vat}
        values |= {"vat_rate": None if vat is None else Decimal(20)}
        connection.execute(insert(SalesOrderCharge).values(sales_order_id=order, **values))


def test_charges_go_with_the_orders_own(agencies: Agencies) -> None:
    """D53: not on the invoice of whoever comes first, if something leaves from the order's own establishment."""
    number = agencies.delivered_from_all()
    a_charge(agencies, number)
    for place in (3, 2):
        run(agencies, at=place)
    assert agencies.site.rows(InvoiceCharge) == []
    assert plain(run(agencies, at=1))[0][3] == "18.00"


def test_charges_go_on_the_first_where_nothing_leaves_from_there(agencies: Agencies) -> None:
    """D53: all of the order leaves from another establishment."""
    number = agencies.order()
    agencies.deliver(number, at=2)
    a_charge(agencies, number)
    assert plain(run(agencies, at=2)) == [("FA1", "BL1", "65.00", "78.00")]


@pytest.mark.parametrize(("route", "invoices"), [("direct", ["FA1"]), ("indirect", [])])
def test_charges_look_at_what_is_allocated(agencies: Agencies, route: str, invoices: list[str]) -> None:
    """D53: the rest leaves from elsewhere, too; or by way of the order's own establishment, which takes the charge."""
    number = agencies.order()
    agencies.deliver(number, 2, at=2)
    a_charge(agencies, number)
    with agencies.database.transaction() as connection:
        line = connection.execute(select(SalesOrderLine.id)).scalar_one()
        own = {"sales_order_line_id": line, "depot_id": agencies.depots[2], "route": route}
        connection.execute(insert(Allocation).values(**own, quantity=Decimal(4), remainder=Decimal(4)))
    run(agencies, at=2)
    charged = {row.invoice_id for row in agencies.site.rows(InvoiceCharge)}
    assert [row.number for row in agencies.site.rows(Invoice) if row.id in charged] == invoices


def test_charges_of_a_central_one(agencies: Agencies) -> None:
    """D53: the first invoice of who invoices for all takes them, once."""
    agencies.invoicing(1)
    agencies.grouping("note")
    number = agencies.delivered_from_all()
    a_charge(agencies, number)
    shown = preview(agencies)
    assert [row[2] for row in plain(shown)] == ["15.00", "20.00", "30.00"]
    assert unnumbered(run(agencies)) == shown
    assert len(agencies.site.rows(InvoiceCharge)) == 1


def test_who_cannot_be_billed_is_left_out(agencies: Agencies) -> None:
    """D33, T20: with the reason, and all others are invoiced; a second run makes what can be made then."""
    rich = agencies.a_customer("B1")
    poor = agencies.a_customer("B2")
    bad = agencies.order()
    a_charge(agencies, bad, vat=None)
    for number in (bad, agencies.order(customer_id=rich), agencies.order(customer_id=poor)):
        agencies.deliver(number)
    with agencies.database.transaction() as connection:
        set_preference(connection, "credit.block_from", "invoice", by="m", at=NOW)
        connection.execute(update(Party).where(Party.id == poor).values(credit_max=Decimal(10)))
    shown = preview(agencies)
    refused = [each for each in shown if isinstance(each, NotInvoiced)]
    assert [(each.customer, each.notes, each.why.code) for each in refused] == [
        ("B2", ("BL3",), ProblemCode.CREDIT_BLOCKED),
        ("C4", ("BL1",), ProblemCode.CHARGE_WITHOUT_VAT),
    ]
    made = run(agencies)
    assert [type(each) for each in made] == [type(each) for each in shown]
    assert plain(made) == [("FA1", "BL2", "60.00", "72.00")]
    with agencies.database.transaction() as connection:
        connection.execute(update(Party).where(Party.id == poor).values(credit_max=None))
    assert plain(run(agencies)) == [("FA2", "BL3", "60.00", "72.00")]


def test_inside_the_company_no_vat(agencies: Agencies) -> None:
    """A48, D57: to a depot's party of the same books: its own series, category O, no VAT, and no sale in the books."""
    number = agencies.order()
    agencies.deliver(number)
    with agencies.database.transaction() as connection:
        connection.execute(
            update(Depot).where(Depot.id == agencies.depots[2]).values(customer_party_id=agencies.customer_id)
        )
    assert plain(run(agencies)) == [("FI1", "BL1", "60.00", "60.00")]
    (row,) = agencies.site.rows(Invoice)
    assert row.kind == "internal"
    assert {line.vat_category for line in agencies.site.rows(InvoiceLine)} == {"O"}
    posted = [(line.account, line.debit, line.credit) for line in agencies.site.rows(EntryLine)]
    assert posted == [("186000", Decimal(60), Decimal(0)), ("187000", Decimal(0), Decimal(60))]
    agencies.folder(2, "Agence 2")
    agencies.deliver(agencies.order())
    with agencies.database.transaction() as connection:
        seller = add_party(connection, NewParty(code="AG1", name="AG1", is_supplier=True))
        connection.execute(update(Depot).where(Depot.id == agencies.depots[1]).values(supplier_party_id=seller))
    assert plain(run(agencies)) == [("FA1", "BL2", "60.00", "72.00")]
    assert [row.kind for row in agencies.site.rows(Invoice)] == ["internal", "agency"]
    sold, bought = agencies.site.rows(Entry)[1:]
    assert (sold.folder_id != bought.folder_id, bought.journal_code, bought.piece) == (True, "AC", "FA1")
    mirror = [row for row in agencies.site.rows(EntryLine) if row.entry_id == bought.id]
    assert [(row.account, row.aux, row.debit - row.credit) for row in mirror] == [
        *(("607000", None, Decimal(60)), ("445660", None, Decimal(12)), ("401000", "401AG1", Decimal(-72))),
    ]


def test_who_invoices_is_asked_again_within(agencies: Agencies, monkeypatch: pytest.MonkeyPatch) -> None:
    """A25: between two transactions of a run somebody says that another establishment invoices."""
    agencies.grouping("note")
    number = agencies.order()
    for _ in range(3):
        agencies.deliver(number, 1)
    monkeypatch.setattr(invoice_runs, "in_batches", lambda groups: in_batches(groups, most_invoices=1))
    going = invoice_runs.run(agencies.database, agencies.ids[1], ALL, by="m", at=NOW)
    next(going)
    agencies.invoicing(2)
    with pytest.raises(Problem, match="in dossier 1 establishment 2"):
        next(going)
    assert len(agencies.site.rows(Invoice)) == 1
    agencies.invoicing(None)
    assert [row[0] for row in plain(run(agencies))] == ["FA2", "FA3"], "a run that ended is started again"
    assert [(row.invoices, row.notes) for row in agencies.site.rows(InvoiceRun)] == [(1, 1), (2, 2)]


def test_what_others_invoice_meanwhile_is_left_out(agencies: Agencies) -> None:
    """A25: between the search and the transaction a part of a group is invoiced; the run makes the rest."""
    agencies.delivered_from_all()
    agencies.invoicing(1)
    going = invoice_runs.run(agencies.database, agencies.ids[1], ALL, by="m", at=NOW)
    real = agencies.database.transaction
    done: list[str] = []

    def first_somebody_else() -> Any:
        agencies.database.transaction = real  # type: ignore[method-assign]
        with real() as connection:
            done.append(invoice(connection, ["BL2"], by="m", at=NOW))
        return real()

    agencies.database.transaction = first_somebody_else  # type: ignore[method-assign]
    assert plain(list(going)) == [("FA2", "BL1 BL3", "40.00", "48.00")]
    assert done == ["FA1"]


class Died(Exception):
    """The process ends here."""


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_run_that_died_is_started_again(agencies: Agencies, monkeypatch: pytest.MonkeyPatch, moment: Moment) -> None:
    """A25: around any commit; what was committed stands, the rest is made then, and no number is left out."""
    agencies.grouping("note")
    number = agencies.order()
    for _ in range(3):
        agencies.deliver(number, 1)
    monkeypatch.setattr(invoice_runs, "in_batches", lambda groups: in_batches(groups, most_invoices=1))
    left = [2]

    def die(at: Moment) -> None:
        left[0] -= at == moment
        if at == moment and left[0] == 0:
            raise Died

    monkeypatch.setattr(agencies.database, "at_commit", die)
    with pytest.raises(Died):
        run(agencies)
    monkeypatch.undo()
    made = 1 if moment == "before" else 2
    assert [row.number for row in agencies.site.rows(Invoice)] == [f"FA{n}" for n in range(1, made + 1)]
    run(agencies)
    assert [row.number for row in agencies.site.rows(Invoice)] == ["FA1", "FA2", "FA3"]
    assert [row.invoices for row in agencies.site.rows(InvoiceRun)] == [made, 3 - made]


@pytest.mark.race
def test_two_runs_and_a_single_invoice_at_once(agencies: Agencies) -> None:
    """A25, D51: every line is invoiced once, numbers have no gap, and the chain holds."""
    agencies.grouping("note")
    orders = [agencies.order() for _ in range(3)]
    for number in orders * 4:
        agencies.deliver(number, 1)
    runs = [("run", agencies.ids[1])] * 2
    assert len(told(agencies.database, agencies.now, *runs, ("invoice", orders[1]))) == 3
    assert run(agencies) == []
    rows = agencies.site.rows(Invoice)
    assert sorted(int(row.number.removeprefix("FA")) for row in rows) == list(range(1, len(rows) + 1))
    assert len(agencies.site.rows(InvoiceLine)) == 12
    with agencies.database.read() as connection:
        assert [each.broken for each in verify(connection)] == [()]


@given(data=st.data())
@settings(max_examples=share(1))
def test_groups(data: st.DataObject) -> None:
    """A20, D52: every note is in one group; those of a group agree; batches keep the order and divide no group."""
    notes = data.draw(
        st.lists(
            st.builds(
                OpenNote,
                id=st.integers(1, 10_000),
                number=st.just("BL"),
                issue_date=st.sampled_from([date(2026, 1, 31), date(2026, 2, 1), date(2025, 2, 3)]),
                establishment=st.just(1),
                customer_id=st.integers(1, 3),
                customer_code=st.just(""),
                grouping=st.sampled_from(list(InvoiceGrouping)),
                currency=st.sampled_from(["EUR", "USD"]),
                term_id=st.sampled_from([None, 1]),
                lines=st.integers(1, 4),
            ).map(lambda note: note._replace(customer_code=f"C{note.customer_id}")),
            unique_by=lambda note: note.id,
        )
    )
    groups = group_notes(notes)
    assert sorted(note.id for group in groups for note in group.notes) == sorted(note.id for note in notes)
    for group in groups:
        assert len({(n.customer_id, n.currency, n.term_id, n.issue_date.replace(day=1)) for n in group.notes}) == 1
        assert len(group.notes) == 1 or {note.grouping for note in group.notes} == {"customer"}
        assert [note.id for note in group.notes] == sorted(note.id for note in group.notes)
    places = [(group.customer_code, group.notes[0].issue_date.replace(day=1), group.notes[0].id) for group in groups]
    assert places == sorted(places)
    batches = list(in_batches(groups, most_invoices=3, most_lines=7))
    assert [group for batch in batches for group in batch] == groups
    for batch in batches:
        assert len(batch) == 1 or (len(batch) <= 3 and sum(group.lines for group in batch) <= 7)


def test_any_split_adds_up(agencies: Agencies) -> None:
    """I10: however an order is delivered and invoiced, its HT is its own to the cent, and TTC but for roundings."""
    agencies.grouping("note")
    number = agencies.order(a_line("ALB0002", "7", "0.333333"), a_line("ALB0002", "1", "0.99"))
    for quantity in ("0.5", "1.25", "3", "2.25"):
        with agencies.database.transaction() as connection:
            connection.exec_driver_sql("UPDATE sales_order_line SET unit = 'KGM'")
        agencies.deliver(number, quantity, at=1)
    agencies.deliver(number, 1, line="L2")
    shown = preview(agencies)
    made = run(agencies)
    assert unnumbered(made) == shown
    total = agencies.scalar(select(SalesOrder.total_ht).where(SalesOrder.number == number))
    ttc = agencies.scalar(select(SalesOrder.total_ttc).where(SalesOrder.number == number))
    invoices = [each for each in made if isinstance(each, FutureInvoice)]
    assert sum((each.total_ht for each in invoices), Decimal(0)) == total
    assert abs(sum((each.total_ttc for each in invoices), Decimal(0)) - ttc) <= Decimal("0.01") * len(invoices)


def test_the_dossier_is_the_limit(agencies: Agencies) -> None:
    """D35: who invoices for all, does so for one dossier."""
    agencies.invoicing(1)
    agencies.deliver(agencies.order(), at=2)
    with agencies.database.transaction() as connection:
        first = connection.execute(select(Dossier.__table__)).mappings().one()
        values = {name: value for name, value in first.items() if name not in {"id", "number"}}
        made = insert(Dossier).values(**values, number=2).returning(Dossier.id)
        other = connection.execute(made).scalar_one()
        connection.exec_driver_sql(f"UPDATE establishment SET dossier_id = {other} WHERE number = 2")
    assert run(agencies) == []
