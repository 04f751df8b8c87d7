"""`sales`: deliver, invoice, list, show (G03)."""

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.tables import Product
from tests.desk import Desk
from tests.factories import an_order
from tests.services.cli.conftest import Run
from tests.site_factories import NOW


@pytest.fixture
def seller(stauber: Path) -> Path:
    """The supplier's site with the sales order CCL1: L1 and L2 of 1 and 2 pieces."""
    base = Database(f"sqlite:///{stauber / 'site.db'}", lambda: NOW)
    desk = Desk.at(base)
    order = an_order("CFR1", 2)
    desk.know_products_of(order)
    desk.book(order)
    base.dispose()
    return stauber


def test_an_order_becomes_a_delivery_note_and_an_invoice(seller: Path, run: Run) -> None:
    """G03: by the command line, in both languages."""
    delivered = run("sales", "deliver", "CCL1", "--line", "L2=1,0", "--note", "fragile", "--json", cwd=seller)
    assert delivered.json == {"delivery_note": "BL1"}, delivered.err
    (row,) = run("sales", "list", "--json", cwd=seller).json
    assert (row["number"], row["delivered"], row["invoiced"], row["customer"]) == ("CCL1", "some", "none", "Mulhouse")
    assert run("sales", "deliver", "CCL1", cwd=seller).code == 0
    made = run("--lang", "fr", "sales", "invoice", "CCL1", cwd=seller)
    assert made.code == 0, made.err
    assert "FA1" in made.out
    assert "33,50" in made.out
    assert "Taux de TVA" in made.out
    shown = run("--lang", "fr", "sales", "show", "CCL1", cwd=seller).out
    assert "CFR1" in shown
    assert "BL2" in shown
    assert "Facturée" in shown
    assert "fragile" in run("sales", "show", "BL1", cwd=seller).out
    assert run("sales", "show", "FA1", "--json", cwd=seller).json["total_ttc"] == "40.20"
    assert run("sales", "list", "--json", cwd=seller).json == []
    listed = run("--lang", "fr", "sales", "list", "--all", "--from", "15/11/2020", "--customer", "Mulhouse", cwd=seller)
    assert listed.out.split()[-2:] == ["oui", "oui"]


def test_what_is_refused(seller: Path, run: Run) -> None:
    for arguments, code, words in (
        (("deliver", "CCL1", "--line", "L1=2"), 1, "there remain 1"),
        (("deliver", "CCL1", "--line", "L1"), 2, "L1=2"),
        (("deliver", "CCL1", "--line", "L1=1", "--line", "L1=1"), 2, "twice"),
        (("deliver", "CCL9"), 1, "no sales order"),
        (("invoice", "CCL1"), 1, "was delivered"),
        (("show", "X"), 1, "no sales order"),
        (("list", "--customer", "X"), 2, "does not name exactly one third party"),
    ):
        ended = run("sales", *arguments, cwd=seller)
        assert (ended.code, words in ended.err) == (code, True), (arguments, ended.err)


def test_sales_orders_are_exported_once(seller: Path, run: Run, tmp_path: Path) -> None:
    exported = run("sales", "export", "--to", tmp_path, "--format", "csv", "--json", cwd=seller)
    assert exported.json == [{"number": "CCL1", "file": str(tmp_path / "CCL1.csv")}]
    assert run("sales", "export", "--to", tmp_path, "--json", cwd=seller).json == []
    assert run("sales", "export", "CCL1", "--again", "--to", tmp_path, "--json", cwd=seller).json != []


def test_a_code_is_matched_and_differences_are_reported(seller: Path, run: Run) -> None:
    """G26: a person says once what a partner's code means; what differed stands in the report."""
    matched = run("partner", "match", "Mulhouse", "ART-9", "CAS0001", cwd=seller)
    assert matched.code == 0, matched.err
    listed = run("partner", "match", "Mulhouse", "--json", cwd=seller).json
    assert listed == [{"their_code": "ART-9", "code": "CAS0001", "name": "CAS0001"}]
    assert "ART-9" in run("--lang", "fr", "partner", "match", "Mulhouse", cwd=seller).out
    for arguments, code in (
        (("Mulhouse", "X"), 2),
        (("Mulhouse", "X", "NONE"), 1),
        (("Nobody", "X", "CAS0001"), 1),
    ):
        assert run("partner", "match", *arguments, cwd=seller).code == code
    base = Database(f"sqlite:///{seller / 'site.db'}", lambda: NOW)
    desk = Desk.at(base)
    with base.transaction() as connection:
        connection.execute(update(Product).values(sale_price=Decimal(99)))
    desk.book(an_order("CFR2", 1))
    base.dispose()
    (row,) = run("report", "differences", "--from", "20/11/2020", "--to", "20/11/2020", "--json", cwd=seller).json
    assert (row["order"], row["outcome"], row["line"], row["theirs"], row["ours"]) == (
        "CFR2",
        "held",
        "L1",
        "10.5",
        "99",
    )
    shown = run("--lang", "fr", "report", "differences", "--partner", "Mulhouse", cwd=seller).out
    assert "notre prix est 99" in shown
    assert run("report", "differences", "--from", "21/11/2020", "--json", cwd=seller).json == []


def test_a_clerk_decides(stauber: Path, run: Run) -> None:
    """`design.md` §5: the policy `review`, and what the clerk says."""
    base = Database(f"sqlite:///{stauber / 'site.db'}", lambda: NOW)
    desk = Desk.at(base)
    orders = [an_order(f"CFR{n}", 2) for n in (1, 2, 3)]
    desk.know_products_of(orders[0])
    desk.set_policy(acceptance="review")
    for order in orders:
        desk.book(order)
    base.dispose()
    told = run("sales", "accept", "CCL1", "CCL2", "--json", cwd=stauber)
    assert (told.code, told.json["accepted"], len(told.json["answers"])) == (0, ["CCL1", "CCL2"], 2)
    refused = run("--lang", "fr", "sales", "refuse", "CCL3", "--reason", "Plus de stock.", cwd=stauber)
    assert (refused.code, "Refusé" in refused.err) == (0, True), refused.err
    listed = run("sales", "list", "--all", "--json", cwd=stauber).json
    assert [row["state"] for row in listed] == ["accepted", "accepted", "cancelled"]
    late = run("--lang", "fr", "sales", "accept", "CCL3", cwd=stauber)
    assert (late.code, "annulée" in late.err, "à vérifier" in late.err) == (1, True, True), late.err
    assert run("sales", "accept", "CCL1", "CCL2", "--product", "L1=X", cwd=stauber).code == 2
    assert run("sales", "accept", "NONE", cwd=stauber).code == 1
    assert run("sales", "refuse", "CCL1", "--json", cwd=stauber).code == 1
