"""Purchase orders by hand: judged as those of files, numbered by the site, changed and deleted as long as drafts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, update

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    Establishment,
    Event,
    NumberSeries,
    PriceLine,
    PriceList,
    Product,
    PurchaseOrder,
    PurchaseOrderCharge,
    PurchaseOrderLine,
)
from intergestan_erp.agencies.depots import add_depot
from intergestan_erp.agencies.establishments import add_establishment
from intergestan_erp.agencies.places import place_called
from intergestan_erp.ordering.draft_edits import DraftEdits
from intergestan_erp.ordering.drafts import change_order, copy_order, delete_orders, enter_order
from intergestan_erp.ordering.judging import price_order
from intergestan_erp.ordering.stored_order import read_stored
from intergestan_erp.ordering.typed_order import DeliveryPlace, TypedCharge, TypedLine, TypedOrder
from intergestan_erp.purchasing.purchase_orders import confirm
from tests.erp.ordering.conftest import Desk, a_line, an_order, faults_of
from tests.order_files import import_file
from tests.site_factories import NOW
from tests.statements import noted

PORT = TypedCharge(reason="Port", amount=Decimal("7.50"), vat_category="S", vat_rate=Decimal(20))


def change(desk: Desk, number: str, wanted: TypedOrder | DraftEdits, **how: Any) -> Any:
    return change_order(desk.database, number, wanted, by="paul", **how)


def delete(desk: Desk, *numbers: str, **how: Any) -> list[str]:
    with desk.database.transaction() as connection:
        return delete_orders(connection, numbers, by="paul", at=NOW, **how)


def problem_of(attempt: Callable[[], object]) -> Problem:
    with pytest.raises(Problem) as caught:
        attempt()
    return caught.value


def test_an_order_is_entered_under_the_next_number(desk: Desk) -> None:
    """G11: exact totals, VAT and all; a draft of today that its own site numbers."""
    saved = desk.enter(
        a_line("cas16", "3"),
        a_line("CAS20", "1.25", price=Decimal("4.123456")),
        charges=(PORT,),
        note="Matériel",
        followed_by="marie",
        wanted_date=date(2020, 12, 1),
        delivery=DeliveryPlace(name="Quai 3", city="Lyon", country="France"),
    )
    assert (saved.number, saved.version, saved.state) == ("CFR1", 1, "draft")
    shown = desk.show("CFR1")
    lines = [(line.line_id, line.product_code, line.total, line.price_from) for line in shown.lines]
    assert lines == [("1", "CAS16", Decimal("37.50"), "catalogue"), ("2", "CAS20", Decimal("5.15"), "hand")]
    assert (shown.total_ht, shown.total_vat, shown.total_ttc) == (
        Decimal("50.15"),
        Decimal("10.03"),
        Decimal("60.18"),
    )
    assert (saved.priced.total_ht, saved.priced.total_ttc) == (shown.total_ht, shown.total_ttc)
    assert (shown.issue_date, shown.supplier_code, shown.followed_by) == (NOW.date(), "F001", "marie")
    assert (shown.delivery_name, shown.delivery_country) == ("Quai 3", "FR")
    assert [(each.name, each.who, each.new) for each in shown.events] == [("enter", "marie", "draft")]
    assert desk.enter().number == "CFR2"


def test_an_order_may_be_confirmed_at_once(desk: Desk) -> None:
    assert desk.enter(confirm=True).state == "confirmed"
    assert desk.show("CFR1").state == "confirmed"


def test_a_number_that_a_file_brought_along_is_not_given_again(desk: Desk) -> None:
    rows = "ID Pièce;Date;Fournisseur;Produit;Quantité\nCFR1;15/11/2020;F001;CAS16;1\n"
    import_file(desk.database, "orders.csv", rows.encode(), by="marie")
    assert desk.enter().number == "CFR2"


def test_what_it_comes_to_is_known_before(desk: Desk) -> None:
    """A page shows totals as the person types: the same as those that are booked, and nothing is written."""
    with desk.database.read() as connection:
        priced = price_order(connection, replace(an_order(a_line("CAS16", "3")), charges=(PORT,)), NOW.date())
    assert (priced.total_ht, priced.total_ttc, priced.currency) == (Decimal(45), Decimal(54), "EUR")
    assert desk.site.rows(PurchaseOrder) == []
    assert desk.enter(a_line("CAS16", "3"), charges=(PORT,)).priced == priced


def test_a_price_list_counts_where_no_price_is_typed(desk: Desk) -> None:
    """A07, D42: as for a file."""
    with desk.database.transaction() as connection:
        product = connection.execute(select(Product.id).where(Product.code == "CAS16")).scalar_one()
        listed = insert(PriceList).values(code="A1", side="purchase", valid_from=date(2020, 1, 1))
        list_id = connection.execute(listed.returning(PriceList.id)).scalar_one()
        line = insert(PriceLine).values(
            price_list_id=list_id, product_id=product, price=Decimal(9), min_quantity=Decimal(0), discount=Decimal(0)
        )
        connection.execute(line)
    (line_,) = desk.enter(a_line("CAS16", "3")).priced.lines
    assert (line_.price, line_.price_from) == (Decimal(9), "list")


def test_a_line_that_is_added_later_has_the_price_of_the_place_of_its_order(desk: Desk) -> None:
    """A07: the list of the establishment that orders, also where somebody else changes the draft."""
    with desk.database.transaction() as connection:
        add_establishment(connection, 2, {"name": "Agence 2"}, by="marie", at=NOW)
        there = connection.execute(select(Establishment.id).where(Establishment.number == 2)).scalar_one()
        add_depot(connection, "RD", 2, {"name": "Réserve"}, by="marie", at=NOW)
        place = place_called(connection, "2/RD")
        listed = insert(PriceList).values(
            code="A2", side="purchase", valid_from=date(2020, 1, 1), establishment_id=there
        )
        list_id = connection.execute(listed.returning(PriceList.id)).scalar_one()
        line = {"price_list_id": list_id, "price": Decimal(9), "min_quantity": Decimal(0), "discount": Decimal(0)}
        connection.execute(insert(PriceLine).values(line))
    entered = enter_order(desk.database, an_order(a_line("CAS20")), by="marie", place=place)
    changed = change(desk, entered.number, DraftEdits(added=(a_line("CAS16"),)))
    assert [(each.price, each.price_from) for each in (*entered.priced.lines, *changed.priced.lines)] == [
        (Decimal(9), "list"),
        (Decimal(9), "list"),
        (Decimal(9), "list"),
    ]


@pytest.mark.mainly_on("sqlite")
@pytest.mark.parametrize(
    ("line", "column", "part"),
    [
        (a_line("GONE"), "product", "The product GONE is not in the base"),
        (a_line("CAS61"), "product", "Did you mean CAS1"),
        (a_line(" "), "product", "names no product"),
        (a_line("CAS16", "0"), "quantity", "more than 0"),
        (a_line("CAS16", "-1"), "quantity", "more than 0"),
        (a_line("CAS16", "1.5"), "quantity", "no number of pieces"),
        (a_line("CAS20", "0.0000001"), "quantity", "more than 6 decimals"),
        (a_line("CAS16", "NaN"), "quantity", "more than 6 decimals"),
        (a_line("CAS16", price=Decimal(-1)), "price", "negative"),
        (a_line("CAS16", price=Decimal("1E+13")), "price", "too large"),
        (a_line("CAS16", base_quantity=Decimal(0)), "base_quantity", "more than nothing"),
        (a_line("CAS16", allowance=Decimal("0.001")), "allowance", "more than 2 decimals"),
        (a_line("CAS16", unit="boisseau"), "unit", "is no unit"),
        (a_line("CAS16", vat_rate=Decimal(101)), "vat_rate", "between 0 and 100"),
        (a_line("CAS16", vat_category="X"), "vat_category", "is no VAT category"),
        (a_line("CAS16", gtin="123"), "gtin", "GTIN"),
        (a_line("CAS16", name="x" * 401), "name", "too long"),
    ],
)
def test_a_line_is_judged_as_that_of_a_file(desk: Desk, line: TypedLine, column: str, part: str) -> None:
    (fault,) = faults_of(lambda: desk.enter(a_line("CAS16"), line))
    assert fault[:2] == (2, column)
    assert part in fault[2]
    assert desk.site.rows(PurchaseOrder) == []
    assert desk.site.row(NumberSeries, code="purchase_order").next_number == 1, "no number was used up"


@pytest.mark.mainly_on("sqlite")
@pytest.mark.parametrize(
    ("head", "column", "part"),
    [
        ({"supplier": "NOBODY"}, "supplier", "No supplier has"),
        ({"supplier": ""}, "supplier", "names no supplier"),
        ({"lines": ()}, "product", "has no lines"),
        ({"followed_by": "nobody"}, "followed_by", "There is no user"),
        ({"issue_date": date(2019, 1, 1)}, "date", "at most a year old"),
        ({"wanted_date": date(2020, 11, 1)}, "wanted_date", "wanted on"),
        ({"currency": "ECU"}, "currency", "does not name one currency"),
        ({"currency": "USD"}, "currency", "give each line its price"),
        ({"delivery": DeliveryPlace(country="Utopie")}, "delivery_country", "is no country"),
        ({"charges": (replace(PORT, amount=Decimal("0.001")),)}, "charge", "no amount"),
        ({"charges": (replace(PORT, vat_category="Z"),)}, "charge", "does not have the rate"),
        ({"charges": (replace(PORT, amount=Decimal(-100)),)}, None, "more than the order is worth"),
    ],
)
def test_the_head_is_judged_too(desk: Desk, head: dict[str, Any], column: str | None, part: str) -> None:
    (fault, *_others) = faults_of(lambda: desk.enter(**head))
    assert fault[:2] == (None, column)
    assert part in fault[2]
    assert desk.site.rows(PurchaseOrder) == []


def test_all_faults_are_told_together(desk: Desk) -> None:
    found = faults_of(lambda: desk.enter(a_line("GONE"), a_line("CAS16", "0"), supplier="NOBODY"))
    assert [(row, column) for row, column, _text in found] == [(None, "supplier"), (1, "product"), (2, "quantity")]


def test_days_are_taken_where_they_are_meant(desk: Desk) -> None:
    desk.enter(issue_date=date(2019, 1, 1), any_dates=True)
    assert desk.show("CFR1").issue_date == date(2019, 1, 1)
    change(desk, "CFR1", DraftEdits(note="alte"))
    assert desk.show("CFR1").note == "alte", "a day that it had is not judged again"
    (fault,) = faults_of(lambda: change(desk, "CFR1", DraftEdits(wanted_date=date(2018, 1, 1))))
    assert fault[1] == "wanted_date"


def test_a_draft_is_changed_line_by_line(desk: Desk) -> None:
    desk.enter(a_line("CAS16", "3"), a_line("CAS18", "2"), charges=(PORT,), note="Alt")
    edits = DraftEdits(
        quantities={"1": Decimal(5)},
        removed=("2",),
        added=(a_line("CAS20", "1", price=Decimal(4)),),
        charges=(TypedCharge(reason="Port", amount=Decimal(10)),),
        supplier="muller",
        note="Neu",
    )
    saved = change(desk, "cfr1", edits)
    assert (saved.number, saved.version, saved.state) == ("CFR1", 2, "draft")
    shown = desk.show("CFR1")
    lines = [(line.line_id, line.product_code, line.quantity, line.price_from) for line in shown.lines]
    assert lines == [("1", "CAS16", 5, "catalogue"), ("3", "CAS20", 1, "hand")]
    (charge,) = shown.charges
    assert (charge.amount, charge.vat_rate) == (10, 20)
    assert (shown.supplier_code, shown.note, shown.version) == ("F002", "Neu", 2)
    assert shown.total_ht == Decimal("76.50")
    assert [(each.name, each.who) for each in shown.events] == [("enter", "marie"), ("edit", "paul")]


def test_a_charge_of_nothing_goes_away(desk: Desk) -> None:
    desk.enter(charges=(PORT,))
    change(desk, "CFR1", DraftEdits(charges=(TypedCharge(reason="Port", amount=Decimal(0)),)))
    assert desk.show("CFR1").charges == []


def test_a_page_changes_all_of_it(desk: Desk) -> None:
    """Whoever shows a draft hands all of it back: nothing that was there is lost on the way."""
    line = a_line("CAS20", "2", price=Decimal(3), base_quantity=Decimal(10), allowance=Decimal("-0.10"), note="Vrac")
    desk.enter(
        a_line("CAS16", "3", wanted_date=date(2020, 12, 2)), line, charges=(PORT,), wanted_date=date(2020, 12, 9)
    )
    before = desk.show("CFR1")
    with desk.database.read() as connection:
        stored = read_stored(connection, "CFR1")
    change(desk, "CFR1", stored.typed, version=stored.version)
    after = desk.show("CFR1")
    assert (before.version, after.version) == (1, 2)
    anew = {"version": 2, "updated_at": after.updated_at, "events": after.events}
    assert replace(before, **anew) == after


def test_what_a_file_said_beside_stays_with_the_draft(desk: Desk) -> None:
    rows = "ID Pièce;Date;Fournisseur;Produit;Quantité;Prix;Devis\nX7;15/11/2020;F001;CAS16;1;9;K-12\n"
    import_file(desk.database, "orders.csv", rows.encode(), by="marie", draft=True)
    assert desk.show("X7").taken["references"] == {"quotation": "K-12"}
    carried = desk.site.row(PurchaseOrder).carried
    assert carried
    change(desk, "X7", DraftEdits(quantities={"1": Decimal(2)}, added=(a_line("CAS18"),)))
    shown = desk.show("X7")
    assert shown.taken["references"] == {"quotation": "K-12"}
    assert [line.price_from for line in shown.lines] == ["file", "catalogue"]
    assert desk.site.row(PurchaseOrder).carried == carried
    change(desk, "X7", DraftEdits(prices={"1": Decimal(8)}))
    assert [line.price_from for line in desk.show("X7").lines] == ["hand", "catalogue"]


def test_a_draft_that_was_exported_before_is_exported_again(desk: Desk) -> None:
    desk.enter()
    with desk.database.transaction() as connection:
        connection.execute(update(PurchaseOrder).values(exported_at=NOW))
    change(desk, "CFR1", DraftEdits(note="autre"))
    assert desk.site.row(PurchaseOrder).exported_at is None


def test_of_two_clerks_the_second_is_told(desk: Desk) -> None:
    desk.enter()
    with desk.database.read() as connection:
        seen = read_stored(connection, "CFR1").version
    change(desk, "CFR1", DraftEdits(note="de Paul"), version=seen)
    told = problem_of(
        lambda: change_order(desk.database, "CFR1", DraftEdits(note="de Marie"), version=seen, by="marie")
    )
    assert (told.code, told.next, told.values["who"]) == (ProblemCode.CHANGED_MEANWHILE, (Act.SHOW_ORDER,), "paul")
    assert desk.show("CFR1").note == "de Paul"
    assert problem_of(lambda: delete(desk, "CFR1", versions={"CFR1": seen})).code is ProblemCode.CHANGED_MEANWHILE


def test_a_draft_that_is_confirmed_between_look_and_write_is_not_changed(desk: Desk) -> None:
    """The statement that writes decides, whatever was read before."""
    desk.enter()
    other = Database(desk.database.engine.url.render_as_string(hide_password=False))

    connections = []

    def meanwhile(connection: Connection) -> None:
        connections.append(connection)
        if len(connections) == 2:  # the first one reads, the second one writes
            with other.transaction() as theirs:
                confirm(theirs, ["CFR1"], by="paul", at=NOW)

    event.listen(desk.database.engine, "engine_connect", meanwhile)
    told = problem_of(lambda: change(desk, "CFR1", DraftEdits(note="trop tard")))
    event.remove(desk.database.engine, "engine_connect", meanwhile)
    other.dispose()
    assert (told.code, told.next) == (ProblemCode.OTHER_STATE, (Act.UNCONFIRM_ORDER,))
    assert desk.show("CFR1").note is None


@pytest.mark.parametrize("act", ["change", "delete"])
def test_only_drafts_are_changed_and_deleted(desk: Desk, act: str) -> None:
    desk.enter(confirm=True)
    told = problem_of(lambda: change(desk, "CFR1", DraftEdits(note="x")) if act == "change" else delete(desk, "CFR1"))
    assert (told.code, told.next) == (ProblemCode.OTHER_STATE, (Act.UNCONFIRM_ORDER,))
    with desk.database.transaction() as connection:
        connection.execute(update(PurchaseOrder).values(state="waiting"))
    told = problem_of(lambda: change(desk, "CFR1", DraftEdits(note="x")) if act == "change" else delete(desk, "CFR1"))
    assert told.next == (Act.CHANGE_ORDER, Act.CANCEL_ORDER, Act.COPY_ORDER)


def test_a_line_that_is_not_there(desk: Desk) -> None:
    desk.enter()
    told = problem_of(lambda: change(desk, "CFR1", DraftEdits(quantities={"9": Decimal(1)})))
    assert (told.code, told.values["lines"], told.values["known"]) == (ProblemCode.NO_LINE, "9", "1")
    assert problem_of(lambda: change(desk, "CFR9", DraftEdits(note="x"))).code is ProblemCode.NO_ORDER


def test_an_order_that_was_sent_is_copied_to_a_new_draft(desk: Desk) -> None:
    desk.enter(a_line("CAS16", "3", price=Decimal(11)), charges=(PORT,), note="Matériel", wanted_date=date(2020, 12, 1))
    with desk.database.transaction() as connection:
        answered = {"state": "accepted", "answer_code": "AP", "supplier_order_number": "CCL7"}
        connection.execute(update(PurchaseOrder).values(**answered, issue_date=date(2020, 1, 2)))
    saved = copy_order(desk.database, "cfr1", by="paul")
    assert (saved.number, saved.version, saved.state) == ("CFR2", 1, "draft")
    old, new = desk.show("CFR1"), desk.show("CFR2")
    assert (new.issue_date, new.wanted_date, new.supplier_order_number) == (NOW.date(), None, None)
    assert (new.note, new.total_ttc, new.lines[0].price) == (old.note, old.total_ttc, 11)
    assert new.events[0].detail["copied"] == "CFR1"
    assert (old.state, [each.name for each in old.events]) == ("accepted", ["enter"])
    other = copy_order(desk.database, "CFR1", DraftEdits(supplier="Muller", quantities={"1": Decimal(1)}), by="paul")
    assert (other.priced.total_ht, desk.show(other.number).supplier_code) == (Decimal("18.50"), "F002")


def test_a_copy_is_judged_as_an_order_of_today(desk: Desk) -> None:
    desk.enter()
    with desk.database.transaction() as connection:
        connection.execute(update(PurchaseOrderLine).values(product_code="GONE"))
    (fault,) = faults_of(lambda: copy_order(desk.database, "CFR1", by="paul"))
    assert fault[:2] == (1, "product")


def test_a_deleted_draft_leaves_its_number_unused_and_its_history(desk: Desk) -> None:
    desk.enter(charges=(PORT,))
    assert delete(desk, "cfr1") == ["CFR1"]
    for table in (PurchaseOrder, PurchaseOrderLine, PurchaseOrderCharge):
        assert desk.site.rows(table) == []
    *_entered, gone = desk.site.rows(Event, subject=states.PURCHASE_ORDER.name)
    assert (gone.name, gone.who, gone.old, gone.new, gone.detail["number"]) == ("delete", "paul", "draft", None, "CFR1")
    assert desk.enter().number == "CFR2"


def test_a_new_order_never_has_the_history_of_a_deleted_one(desk: Desk) -> None:
    """SQLite gives the id of the last row again once it is gone."""
    desk.enter()
    old = desk.site.row(PurchaseOrder).id
    delete(desk, "CFR1")
    desk.enter()
    assert desk.site.row(PurchaseOrder).id > old
    assert [each.name for each in desk.show("CFR2").events] == ["enter"]


def test_drafts_are_deleted_all_or_none(desk: Desk) -> None:
    desk.enter()
    desk.enter(confirm=True)
    assert problem_of(lambda: delete(desk, "CFR1", "CFR2")).code is ProblemCode.OTHER_STATE
    assert problem_of(lambda: delete(desk, "CFR1", "CFR3")).code is ProblemCode.NO_ORDER
    assert len(desk.site.rows(PurchaseOrder)) == 2
    assert delete(desk, "CFR1", "CFR1") == ["CFR1"]


def test_an_order_that_was_sent_once_is_never_deleted(desk: Desk) -> None:
    desk.enter(confirm=True)
    (order_id,) = (row.id for row in desk.site.rows(PurchaseOrder))
    with desk.database.transaction() as connection:
        for each in ("request", "transmit", "reject", "revise"):
            states.move(connection, states.PURCHASE_ORDER, [order_id], each, by="test", at=NOW)
    told = problem_of(lambda: delete(desk, "CFR1"))
    assert (told.code, told.next) == (ProblemCode.SENT_BEFORE, (Act.COPY_ORDER,))
    assert desk.show("CFR1").state == "draft"


def test_a_draft_is_read_in_as_many_statements_however_many_lines(desk: Desk) -> None:
    counts = []
    for number, lines in (("CFR1", 1), ("CFR2", 60)):
        desk.enter(*(a_line("CAS16") for _ in range(lines)))
        with desk.database.read() as connection, noted(connection) as asked:
            read_stored(connection, number)
        counts.append(len(asked))
    assert counts[0] == counts[1]
    with desk.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(PurchaseOrderLine)).scalar_one() == 61
