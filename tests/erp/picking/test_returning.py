"""Goods come back: into stock at their cost, off the next invoice or on a credit note, once (D44)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from intergestan_db.enums import Part
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import CreditNote, CreditNoteLine, GoodsReturnLine, Invoice, InvoiceLine, Stock, StockMove
from intergestan_erp.agencies.places import in_depot
from intergestan_erp.credit.exposure import read_delivered, read_exposure, read_exposures_by_establishment
from intergestan_erp.listing.sales import WhichSales, list_sales_page
from intergestan_erp.listing.uninvoiced import count_uninvoiced
from intergestan_erp.picking.counts import count_waiting
from intergestan_erp.picking.returning import Returned, credit_return, enter_return
from intergestan_erp.picking.returns import ListedReturn, list_returns
from intergestan_erp.selling import credit_notes, invoicing
from intergestan_erp.selling.invoice_runs import run
from intergestan_erp.selling.open_goods import NotesWanted
from intergestan_msg.money import plain
from tests.erp.picking.preparing import Preparing
from tests.site_factories import NOW, SiteToTest


class Returning(Preparing):
    """Agencies to which goods come back."""

    def back(self, note: str, here: str = "AB", *, credit: bool = False, **lines: Any) -> Returned:
        """Return so much of lines: `l1="2"`."""
        wanted = {int(line[1:]): Decimal(quantity) for line, quantity in lines.items()}
        with self.site.database.transaction() as connection:
            place = in_depot(connection, here)
            how = {"credit": credit, "by": "paul", "at": NOW}
            return enter_return(connection, note, wanted, "Too many", place, **how)  # type: ignore[arg-type]

    def invoice(self, *refs: str) -> str:
        with self.site.database.transaction() as connection:
            return invoicing.invoice(connection, list(refs), by="marie", at=NOW)

    def owes(self) -> str:
        with self.site.database.read() as connection:
            exposure = read_exposure(connection, self.customer_id, NOW.date(), by_payment_due=True)
            by_place = read_exposures_by_establishment(connection, [self.customer_id], NOW.date(), by_payment_due=True)
            delivered = read_delivered(connection, [self.customer_id])[self.customer_id]
        assert sum(each.total for each in by_place.values()) == exposure.total
        return f"{exposure.total:.2f}, delivered {delivered:.2f}"

    def credit(self, invoice: str, quantity: int) -> None:
        """Credit so much of the first line of an invoice by hand."""
        with self.site.database.transaction() as connection:
            credit_notes.credit(connection, invoice, "Geste", {1: Decimal(quantity)}, by="marie", at=NOW)

    def credited_by(self) -> dict[str, str | None]:
        with self.site.database.read() as connection:
            return {row.number: row.credit_note for row in list_returns(connection).rows}

    def waiting(self) -> Sequence[ListedReturn]:
        with self.site.database.read() as connection:
            rows = list_returns(connection, uncredited=True).rows
            count = len({row.number for row in rows})
            assert count_waiting(connection).uncredited == count
        return rows

    def uncredited(self) -> list[str]:
        rows = self.waiting()
        return [f"{row.number} {row.delivery_note}/{row.line} {plain(row.quantity)} {row.invoice}" for row in rows]


@pytest.fixture
def agencies(a_site: SiteToTest) -> Returning:
    return Returning(a_site)


def test_before_the_invoice(agencies: Returning) -> None:
    """D44, I7: case 1 with 1 of 3 back: the invoice takes what was kept, at the running totals; exposure follows."""
    price = agencies.enter("ALB0002=1").total_ttc
    agencies.cancel("CCL1")
    number = agencies.for_customer("ALB0002=3")
    assert agencies.owes() == f"{3 * price:.2f}, delivered 0.00"
    agencies.send(number)
    with agencies.site.database.transaction() as connection:
        connection.execute(update(Stock).values(average_cost=Decimal(9)))
    returned = agencies.back("BL1", "RD", l1="1")
    assert (returned.number, returned.is_to_credit, returned.credit_notes) == ("RT1", False, ())
    assert returned.freed.products
    assert agencies.stand() == "AB 7/0, RD 11/0, ABL 10/0"
    back = agencies.site.rows(StockMove)[-1]
    assert (back.quantity, back.reason, back.document, back.unit_cost) == (1, "return", "RT1", Decimal(6))
    assert agencies.owes() == f"{2 * price:.2f}, delivered {2 * price:.2f}"
    assert agencies.invoice(number) == "FA1"
    assert agencies.site.row(InvoiceLine).quantity == 2
    assert agencies.owes() == f"{2 * price:.2f}, delivered 0.00"
    with agencies.site.database.read() as connection:
        (order,) = list_sales_page(connection, WhichSales(), newest_first=False).rows[1:]
    assert (order.delivered, order.invoiced) == (Part.ALL, Part.ALL)
    assert agencies.uncredited() == []


def test_what_came_back_wholly_is_on_no_invoice(agencies: Returning) -> None:
    """D44: nothing at 0; a run does not find the note, and nobody waits for it."""
    number = agencies.for_customer("ALB0002=3")
    agencies.send(number)
    agencies.back("BL1", l1="2")
    agencies.back("BL1", l1="1")
    database = agencies.site.database
    assert list(run(database, 1, NotesWanted(), by="marie", at=NOW)) == [] or not agencies.site.rows(Invoice)
    with pytest.raises(Problem, match="is invoiced already"):
        agencies.invoice(number)
    assert agencies.owes() == "0.00, delivered 0.00"
    with database.read() as connection:
        assert not any(count_uninvoiced(connection).values())


def test_after_the_invoice(agencies: Returning) -> None:
    """D44: the credit note is made at once, or later; the invoice stays as it is; what is listed is what lacks one."""
    number = agencies.for_customer("ALB0002=4", "VRAC=2", "POSE=1")
    agencies.comes("AB", "5", "VRAC")
    agencies.send(number)
    agencies.invoice(number)
    first = agencies.back("BL1", l1="1", l3="1", credit=True)
    assert (first.credit_notes, agencies.uncredited()) == (("AV1",), [])
    second = agencies.back("BL1", l1="2", l2="0.5")
    assert second.is_to_credit
    assert agencies.uncredited() == ["RT2 BL1/1 2 FA1", "RT2 BL1/2 0.5 FA1"]
    with agencies.site.database.transaction() as connection:
        assert credit_return(connection, "RT2", by="marie", at=NOW) == ("AV2",)
    assert agencies.uncredited() == []
    with agencies.site.database.transaction() as connection, pytest.raises(Problem, match="Nothing of RT2"):
        credit_return(connection, "RT2", by="marie", at=NOW)
    invoice = agencies.site.row(Invoice)
    kept = agencies.back("BL1", l1="1", l2="1.5", credit=True)
    assert kept.credit_notes == ("AV3",)
    assert sum(row.total_ttc for row in agencies.site.rows(CreditNote)) == invoice.total_ttc
    assert agencies.owes() == "0.00, delivered 0.00"
    assert agencies.stand() == "AB 10/0, RD 10/0, ABL 10/0"


def test_what_is_credited_otherwise(agencies: Returning) -> None:
    """D44: what its line of the invoice is credited by hand, before or after, counts for the oldest return first."""
    agencies.send(agencies.for_customer("ALB0002=6"))
    agencies.invoice("CCL1")
    assert agencies.back("BL1", l1="2").is_to_credit
    assert agencies.back("BL1", l1="1").is_to_credit
    agencies.credit("FA1", 2)
    assert agencies.uncredited() == ["RT2 BL1/1 1 FA1"]
    assert agencies.credited_by() == {"RT1": "AV1", "RT2": None}
    with agencies.site.database.transaction() as connection, pytest.raises(Problem, match="Nothing of RT1"):
        credit_return(connection, "RT1", by="marie", at=NOW)
    agencies.credit("FA1", 2)
    assert agencies.uncredited() == []
    returned = agencies.back("BL1", l1="1", credit=True)
    assert (returned.credit_notes, returned.is_to_credit) == ((), False)
    third = agencies.back("BL1", l1="2", credit=True)
    assert (third.credit_notes, agencies.uncredited()) == (("AV3",), [])
    assert agencies.site.row(Invoice).total_ttc == sum(row.total_ttc for row in agencies.site.rows(CreditNote))
    assert agencies.owes() == "0.00, delivered 0.00"


def test_a_part_is_credited_otherwise(agencies: Returning) -> None:
    """D44: of 3 that came back 1 is credited by hand, so that 2 are to be: no more than came back is credited."""
    agencies.send(agencies.for_customer("ALB0002=6"))
    agencies.invoice("CCL1")
    agencies.back("BL1", l1="3")
    agencies.credit("FA1", 1)
    (row,) = agencies.waiting()
    assert (int(row.quantity), int(row.to_credit), row.credit_note) == (3, 2, "AV1")
    with agencies.site.database.transaction() as connection:
        assert credit_return(connection, "RT1", by="marie", at=NOW) == ("AV2",)
    assert agencies.uncredited() == []
    assert agencies.credited_by() == {"RT1": "AV2"}
    assert sum(row.quantity for row in agencies.site.rows(CreditNoteLine)) == 3
    agencies.credit("FA1", 3)


@pytest.mark.parametrize(
    ("lines", "code"),
    [
        ({"l1": "3"}, ProblemCode.RETURN_TOO_MUCH),
        ({"l1": "0"}, ProblemCode.NO_AMOUNT),
        ({"l1": "0.5"}, ProblemCode.NO_AMOUNT),
        ({"l1": "0.0000001"}, ProblemCode.NO_AMOUNT),
        ({"l7": "1"}, ProblemCode.NO_LINE),
        ({}, ProblemCode.NO_LINE),
    ],
)
def test_what_cannot_come_back(agencies: Returning, lines: dict[str, Any], code: ProblemCode) -> None:
    """D44, I4, I13: returned is at most what was delivered; nothing is entered otherwise."""
    agencies.send(agencies.for_customer("ALB0002=3"))
    agencies.back("BL1", l1="1")
    before = agencies.stand()
    with pytest.raises(Problem) as refused:
        agencies.back("BL1", **lines)
    assert refused.value.code is code
    assert agencies.stand() == before
    with pytest.raises(Problem, match="no delivery note BL9"):
        agencies.back("BL9", l1="1")


def test_between_agencies_and_companies(agencies: Returning) -> None:
    """D44: what an agency sends back is not received; goods of a company come back to it."""
    number = agencies.for_customer("ALB0002=2", L1="RD=2:indirect")
    agencies.order_pairs(order=number)
    agencies.send("CCL2")
    with pytest.raises(Problem) as refused:
        agencies.back("BL1", "RD", l1="1")
    assert refused.value.code is ProblemCode.OF_A_PAIR
    agencies.send(agencies.for_customer("ALB0002=1"))
    agencies.gives_company("RD")
    with pytest.raises(Problem) as elsewhere:
        agencies.back("BL2", "RD", l1="1")
    assert elsewhere.value.code is ProblemCode.WRONG_PLACE


def test_returns_are_written_once(agencies: Returning) -> None:
    """D39, D44: nobody alters a return; its credit note is tied to it once."""
    agencies.send(agencies.for_customer("ALB0002=3"))
    agencies.invoice("CCL1")
    agencies.back("BL1", l1="1", credit=True)
    for values in ({"quantity": Decimal(2)}, {"credit_note_line_id": None}):
        with pytest.raises(DBAPIError), agencies.site.database.transaction() as connection:
            connection.execute(update(GoodsReturnLine).values(**values))
