"""`here`, `dossier`, `agencies`, `depots`, `folders`, `operations`, `categories` and `stock`, by the command line."""

from __future__ import annotations

from pathlib import Path

import pytest

from intergestan_db.database import Database
from intergestan_db.tables import DeliveryNote, Depot, Invoice, Payment, Product, PurchaseOrder, SalesOrder, StockMove
from tests.at_once import at_once
from tests.services.cli.conftest import Ran, Run
from tests.services.cli.test_invoices import seller
from tests.site_factories import rows_of

__all__ = ["seller"]

NO = 1
WRONG = 2


def done(ran: Ran) -> Ran:
    assert ran.code == 0, ran.err
    return ran


def with_agencies(folder: Path, run: Run) -> Path:
    """A second establishment with the depot RD, stock managed."""
    for words in (
        ("dossier", "set", "--stock", "--reservations"),
        ("agencies", "add", "2", "--name", "Agence 2", "--city", "Lyon"),
        ("depots", "add", "rd", "--agency", "2", "--name", "Dépôt RD", "--reservations"),
    ):
        done(run("--as", "jean", *words, cwd=folder))
    return folder


def test_where_one_is(stauber: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """A24, A49: an establishment brings its folder; the call says where, else the environment, else the user."""
    folder = with_agencies(stauber, run)
    assert run("here", "--json", cwd=folder).json == {
        "establishment": 1,
        "depot": "PRINCIPAL",
        "dossier": 1,
        "folder": 1,
    }
    done(run("dossier", "set", "--companies", cwd=folder))
    done(run("folders", "add", "2", "--name", "Lyon SARL", "--siren", "732 829 320", cwd=folder))
    done(run("agencies", "set", "2", "--folder", "2", cwd=folder))
    chosen = done(run("--as", "jean", "--lang", "fr", "here", "2/rd", cwd=folder))
    assert chosen.err == "Établissement 2 (Agence 2), dépôt RD, dossier comptable 2.\n"
    assert run("here", "--json", "--as", "jean", cwd=folder).json["depot"] == "RD"
    monkeypatch.setenv("INTERGESTAN_HERE", "1/PRINCIPAL")
    assert run("here", "--json", "--as", "jean", cwd=folder).json["depot"] == "PRINCIPAL"
    assert run("here", "--json", "--as", "jean", "--here", "2/RD", cwd=folder).json["folder"] == 2
    for place in ("1/RD", "RD", "1/", "9/NONE"):
        assert run("here", "--here", place, cwd=folder).code == NO


@pytest.mark.race
def test_another_place_is_chosen_meanwhile(seller: Path, run: Run) -> None:
    """D62: two people enter goods, each where their form said, while the place that is proposed to them changes."""
    folder = with_agencies(seller, run)
    base = database(folder)
    product = rows_of(base, Product)[0].code
    came = [
        ("stock", "receive", f"{product}={n}", "--here", place) for place in ("1/PRINCIPAL", "2/RD") for n in (1, 2)
    ]
    chosen = [("here", place) for place in ("2/RD", "1/PRINCIPAL", "2/RD")]
    at_once("tests.services.cli.typed_at_once", *((folder, "--as", "jean", *words) for words in (*came, *chosen)))
    depots = {row.id: row.code for row in rows_of(base, Depot)}
    moves = sorted((depots[row.depot_id], row.quantity) for row in rows_of(base, StockMove))
    assert moves == [("PRINCIPAL", 1), ("PRINCIPAL", 2), ("RD", 1), ("RD", 2)]
    base.dispose()


def test_what_is_done_is_done_there(seller: Path, run: Run) -> None:
    """D62: every act carries its place: what is delivered, invoiced, paid and entered stands where it was done."""
    folder = with_agencies(seller, run)
    rd = ("--here", "2/RD")
    done(run("depots", "set", "RD", "--negative", cwd=folder))  # nothing lies there
    done(run("sales", "deliver", "CCL2", *rd, cwd=folder))
    wrong = run("sales", "invoice", "BL1", *rd, cwd=folder)
    assert (wrong.code, "BL1 is of establishment 1, and this was done at 2/RD." in wrong.err) == (NO, True)
    done(run("sales", "invoice", "BL2", *rd, cwd=folder))
    done(run("sales", "invoice", "BL1", cwd=folder))
    pay = ("payments", "add", "--customer", "Mulhouse", "--amount", "1", "--method", "cash")
    done(run(*pay, *rd, cwd=folder))
    base = database(folder)
    line = ("--line", f"{rows_of(base, Product)[0].code}=1")
    done(run("sales", "enter", "--customer", "Mulhouse", *line, *rd, cwd=folder))
    depots = {row.id: row.code for row in rows_of(base, Depot)}
    notes = [(row.establishment_id, depots[row.depot_id]) for row in rows_of(base, DeliveryNote)]
    assert notes == [(1, "PRINCIPAL"), (2, "RD")]
    assert [row.establishment_id for row in rows_of(base, Invoice)] == [2, 1]
    assert [row.establishment_id for row in rows_of(base, Payment)] == [2]
    assert [depots[row.depot_id] for row in rows_of(base, SalesOrder)] == ["PRINCIPAL", "PRINCIPAL", "RD"]
    base.dispose()


def test_orders_of_a_file_are_entered_there(paired_shop: Path, run: Run) -> None:
    """D62: purchase orders, too; a place that is none enters nothing."""
    folder = with_agencies_of(paired_shop, run)
    file = folder / "orders.csv"
    file.write_text("number;date;supplier;product;quantity\nCFR1;20/11/2020;STAUBER;CAS-16;2\n")
    options = ("orders", "import", file, "--dates", "any")
    assert run(*options, "--here", "2/NONE", cwd=folder).code == NO
    done(run(*options, "--here", "2/RD", cwd=folder))
    base = database(folder)
    (order,) = rows_of(base, PurchaseOrder)
    assert rows_of(base, Depot, id=order.depot_id)[0].code == "RD"
    base.dispose()


def with_agencies_of(folder: Path, run: Run) -> Path:
    done(run("agencies", "add", "2", "--name", "Agence 2", cwd=folder))
    done(run("depots", "add", "RD", "--agency", "2", "--name", "RD", cwd=folder))
    return folder


def database(folder: Path) -> Database:
    return Database(f"sqlite:///{folder / 'site.db'}")


def test_goods(paired_shop: Path, run: Run) -> None:
    """A32: what is there, what came, what was counted, what went elsewhere."""
    folder = with_agencies_of(paired_shop, run)
    refused = run("stock", "receive", "CAS-16=3", cwd=folder)
    assert (refused.code, "`intergestan dossier set`" in refused.err) == (NO, True)
    done(run("dossier", "set", "--stock", cwd=folder))
    came = run("stock", "receive", "cas-16=10", "--cost", "6,00", "--opening", "--json", cwd=folder)
    (row,) = came.json["stock"]
    assert (row["product"], row["depot"], row["on_hand"], row["average_cost"]) == ("CAS-16", "PRINCIPAL", "10", "6")
    done(run("stock", "move", "CAS-16=2", "--to", "rd", "--document", "Camion", cwd=folder))
    done(run("stock", "count", "CAS-16=7", cwd=folder))
    shown = run("stock", "show", "CAS-16", "--json", cwd=folder).json
    assert [(row["depot"], row["on_hand"], row["available"]) for row in shown["stock"]] == [
        ("PRINCIPAL", "7", "7"),
        ("RD", "2", "2"),
    ]
    moves = run("stock", "moves", "--json", cwd=folder).json["moves"]
    assert [(each["reason"], each["quantity"]) for each in moves] == [
        ("count", "-1"),
        ("transfer_in", "2"),
        ("transfer_out", "-2"),
        ("opening", "10"),
    ]
    assert run("stock", "move", "CAS-16=3", "--to", "PRINCIPAL", "--here", "2/RD", cwd=folder).code == NO
    assert run("stock", "count", "CAS-16", cwd=folder).code == WRONG
    assert "Casserole" in done(run("stock", "show", cwd=folder)).out
    assert "Camion" in done(run("stock", "moves", "--depot", "RD", cwd=folder)).out


def test_agencies_are_left_out(stauber: Path, run: Run) -> None:
    """A16, A17, A18, D40: of lists and searches, unless they are asked for; by category they are found."""
    folder = with_agencies(stauber, run)
    for words in (
        ("categories", "add", "agence", "--name", "Agences", "--kind", "party"),
        ("categories", "add", "ia", "--name", "Inter-agences", "--kind", "document"),
        ("dossier", "set", "--party-category", "AGENCE", "--document-category", "IA"),
        ("parties", "add", "--name", "Agence 2", "--code", "AG2", "--customer", "--supplier"),
        ("parties", "add", "--name", "Autre", "--code", "AUTRE", "--customer"),
        ("depots", "set", "RD", "--customer", "AG2", "--supplier", "AG2"),
    ):
        done(run("--as", "jean", *words, cwd=folder))

    def codes(*words: str) -> list[str]:
        found = done(run("parties", *words, "--json", cwd=folder)).json
        return [each["code"] for each in found.get("parties", found.get("found"))]

    assert codes("list") == ["AUTRE"]
    assert codes("list", "--agencies") == ["AG2", "AUTRE"]
    assert codes("list", "--agencies", "--category", "agence") == ["AG2"]
    assert (codes("find", "ag"), codes("find", "ag", "--agencies")) == ([], ["AG2"])
    assert run("parties", "list", "--category", "IA", cwd=folder).code == NO
    for given, found in (("agence", ["AG2", "AUTRE"]), ("", ["AG2"])):
        done(run("parties", "set", "AUTRE", "--category", given, cwd=folder))
        assert codes("list", "--agencies", "--category", "AGENCE") == found
    assert run("parties", "set", "AUTRE", "--category", "IA", cwd=folder).code == NO
    limit = run("--as", "jean", "parties", "set", "AG2", "--credit-max", "100", cwd=folder)
    assert (limit.code, "no credit maximum" in limit.err) == (NO, True)
    for narrowed in (("sales", "list", "--category", "IA"), ("orders", "list", "--category", "ia")):
        assert done(run(*narrowed, "--json", cwd=folder)).json == []
    assert "AG2" in done(run("depots", "list", cwd=folder)).out


def test_cards(stauber: Path, run: Run) -> None:
    """A09: three groups; every list is a table and JSON."""
    folder = with_agencies(stauber, run)
    shown = run("dossier", "show", "--json", cwd=folder).json
    assert (shown["number"], shown["stock"]["manage_stock"], shown["agencies"]["party_category"]) == (1, True, None)
    table = done(run("--lang", "fr", "dossier", "show", cwd=folder)).out
    assert "Inter-agences\n" in table
    assert "BP si commande incomplète" in table
    assert run("dossier", "set", cwd=folder).code == WRONG
    assert run("dossier", "set", "--invoicing", "x", cwd=folder).code == WRONG
    done(run("dossier", "set", "--invoicing", "2", cwd=folder))
    done(run("dossier", "set", "--invoicing", "", cwd=folder))
    done(run("depots", "rank", "1", "PRINCIPAL", "RD", cwd=folder))
    done(run("operations", "add", "vi", "--name", "Interne", "--side", "customer", "--not-billable", cwd=folder))
    done(run("folders", "set", "1", "--rcs", "RCS Mulhouse B 1", "--late-penalty", "3 × taux légal", cwd=folder))
    assert [row["code"] for row in run("operations", "list", "--json", cwd=folder).json] == [
        "C+",
        "C0",
        "F+",
        "F0",
        "VI",
    ]
    assert run("folders", "list", "--json", cwd=folder).json[0]["establishments"] == [1, 2]
    assert [row["city"] for row in run("agencies", "list", "--json", cwd=folder).json] == [None, "Lyon"]
    for group in ("agencies", "depots", "folders", "operations", "categories"):
        done(run(group, "list", cwd=folder))
