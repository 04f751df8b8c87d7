"""The cards of the dossier, its establishments, folders and depots, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.database import Database
from intergestan_db.enums import CategoryKind, OperationSide
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, Party, Stock
from intergestan_erp.agencies.codes import Mark, Operation, add_category, add_operation, list_operations
from intergestan_erp.agencies.depots import add_depot, list_depots, rank_depots, set_depot
from intergestan_erp.agencies.dossiers import add_dossier, read_dossier, set_dossier
from intergestan_erp.agencies.establishments import (
    add_establishment,
    add_folder,
    list_establishments,
    list_folders,
    set_establishment,
    set_folder,
)
from intergestan_erp.agencies.places import usual_place
from intergestan_erp.agencies.settings_rules import Side, is_billable, missing_sides
from intergestan_erp.stock.entry import Goods, receive, transfer
from tests.erp.agencies.three_agencies import Agencies
from tests.erp.paying.till import Till


@pytest.fixture
def agencies(base: Database) -> Agencies:
    return Agencies(base)


def refused(code: ProblemCode, act: Callable[..., Any], *values: Any, **named: Any) -> Problem:
    """That an act is refused, with its problem."""
    with pytest.raises(Problem) as found:
        act(*values, **named)
    assert found.value.code == code, found.value
    return found.value


def test_three_agencies(agencies: Agencies) -> None:
    """A01, A02, A19: one dossier, three establishments with a depot each; all keep their books in folder 1 (A47)."""
    found = [(each.number, each.name, each.folder, each.books) for each in agencies.asked(list_establishments)]
    assert found == [(1, "Arts de la Table", None, 1), (2, "Agence 2", None, 1), (3, "Agence 3", None, 1)]
    depots = [(each.establishment, each.code, each.rank) for each in agencies.asked(list_depots)]
    assert depots == [(1, "AB", 1), (1, "PRINCIPAL", None), (2, "RD", None), (3, "ABL", None)]
    (folder,) = agencies.asked(list_folders)
    assert (folder.number, folder.establishments) == (1, (1, 2, 3))


def test_the_three_groups(agencies: Agencies) -> None:
    """A09, A13: what is set is on the card, in its group; each change is noted with what stood there."""
    agencies.did(add_category, Mark("agence", "Agences", CategoryKind.PARTY))
    changed = agencies.set(party_category="AGENCE", invoicing_establishment=2, incomplete="wait", name="Groupe")
    assert set(changed) == {"party_category_id", "invoicing_establishment_id", "incomplete", "name"}
    card = agencies.asked(read_dossier)
    assert (card.name, card.options.invoicing_establishment, card.stock.incomplete) == ("Groupe", 2, "wait")
    assert card.agencies.party_category == "AGENCE"
    assert (card.agencies.customer_op_billable, card.agencies.customer_op_plain) == ("C+", "C0")
    assert (card.agencies.supplier_op_billable, card.agencies.supplier_op_plain) == ("F+", "F0")
    assert agencies.set(name="Groupe") == ()
    noted = agencies.rows(Event, subject="dossier", name="set")[-1]
    assert noted.detail["incomplete"] == ["pick", "wait"]
    agencies.set(invoicing_establishment="", party_category="")
    card = agencies.asked(read_dossier)
    assert (card.options.invoicing_establishment, card.agencies.party_category) == (None, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"accounting_folder": 7}, ProblemCode.NO_FOLDER),
        ({"invoicing_establishment": 7}, ProblemCode.NO_PLACE),
        ({"default_establishment": ""}, ProblemCode.NO_VALUE),
        ({"customer_op_billable": "C0"}, ProblemCode.NO_OPERATION),
        ({"customer_op_billable": "F+"}, ProblemCode.NO_OPERATION),
        ({"party_category": "NONE"}, ProblemCode.NO_CATEGORY),
        ({"manage_stock": False}, ProblemCode.SETTING_NEEDED),
        ({"manage_reservations": False, "reserve_at_entry": True}, ProblemCode.SETTING_NEEDED),
        ({"name": "  "}, ProblemCode.NO_NAME),
        ({"name": "a\x00b"}, ProblemCode.NO_VALUE),
    ],
)
def test_what_may_not_stand_there(base: Database, changes: dict[str, Any], code: ProblemCode) -> None:
    """A09, A10, A13: a setting that asks for another one, and values of which there are none."""
    agencies = Agencies(base)
    before = agencies.asked(read_dossier)
    refused(code, agencies.set, **changes)
    assert agencies.asked(read_dossier) == before


def test_another_operation_code(agencies: Agencies) -> None:
    """A13: a code of one's own in its column, and only there."""
    agencies.did(add_operation, Operation("vi", "Vente interne", OperationSide.CUSTOMER, billable=False))
    agencies.set(customer_op_plain="VI")
    refused(ProblemCode.NO_OPERATION, agencies.set, supplier_op_plain="VI")
    again = Operation("VI", "x", OperationSide.CUSTOMER, billable=True)
    refused(ProblemCode.CODE_TAKEN, agencies.did, add_operation, again)
    refused(
        ProblemCode.NO_CODE, agencies.did, add_operation, Operation("é!", "x", OperationSide.CUSTOMER, billable=True)
    )
    assert [each.code for each in agencies.asked(list_operations)] == ["C+", "C0", "F+", "F0", "VI"]


def test_a_folder_of_its_own(agencies: Agencies) -> None:
    """A51 both ways: not without the box, and the box stays as long as there is one (A48: the dossier's own, too)."""
    refused(ProblemCode.COMPANIES_NEEDED, agencies.own_books, 2, 1)
    assert agencies.at("RD").own_folder_id is None
    agencies.set(establishments_are_companies=True)
    agencies.own_books(2, 1)
    problem = refused(ProblemCode.COMPANIES_NEEDED, agencies.set, establishments_are_companies=False)
    assert problem.values["n"] == 2
    agencies.own_books(2, None)
    agencies.set(establishments_are_companies=False)
    new = {"name": "Agence 4", "folder": 1}
    refused(ProblemCode.COMPANIES_NEEDED, agencies.did, add_establishment, 4, new)


def test_a_folder_that_is_used_stays(base: Database) -> None:
    """D41: an establishment that invoiced keeps its folder, and so does one that uses the dossier's."""
    till = Till(base)
    till.bill(("1", "100", "20"))
    with base.transaction() as connection:
        add_folder(connection, 2, {"name": "Autre"}, by="marie", at=base.now())
        set_dossier(connection, None, {"establishments_are_companies": True}, by="marie", at=base.now())
    for changes in ({"folder": 2}, {"folder": 1}):
        with pytest.raises(Problem, match="keeps it"), base.transaction() as connection:
            set_establishment(connection, 1, changes, by="marie", at=base.now())
    with pytest.raises(Problem, match="keeps it"), base.transaction() as connection:
        set_dossier(connection, None, {"accounting_folder": 2}, by="marie", at=base.now())


def test_a_company_has_one_folder(agencies: Agencies) -> None:
    """D36: the folder is the company: its SIREN stands on one folder only."""
    agencies.did(add_folder, 2, {"name": "RD SARL", "siren": "732 829 320", "country": "Belgique", "rcs": "Lyon B"})
    refused(ProblemCode.CODE_TAKEN, agencies.did, add_folder, 3, {"name": "Autre", "siren": "732829320"})
    refused(ProblemCode.NO_VALUE, agencies.did, add_folder, 3, {"name": "Autre", "siren": "73282932"})
    refused(ProblemCode.CODE_TAKEN, agencies.did, add_folder, 2, {"name": "Autre"})
    refused(ProblemCode.NO_VALUE, agencies.did, add_folder, 0, {"name": "Autre"})
    refused(ProblemCode.NO_VALUE, agencies.did, set_folder, 2, {"logo": b"GIF89a"})
    assert agencies.did(set_folder, 2, {"logo": b"\x89PNG\r\n\x1a\n...", "siren": "732829320"}) == ("logo",)
    found = agencies.asked(list_folders)[1]
    assert (found.number, found.siren, found.establishments) == (2, "732829320", ())


def test_an_establishment_that_is_needed(agencies: Agencies) -> None:
    """A23: who invoices for others, or takes in orders by mail, stays in use; no depot of the latter's goes last."""
    agencies.set(invoicing_establishment=2)
    for number in (1, 2):
        refused(ProblemCode.STILL_NEEDED, agencies.did, set_establishment, number, {"active": False})
    agencies.did(set_depot, "PRINCIPAL", {"active": False})
    refused(ProblemCode.STILL_NEEDED, agencies.did, set_depot, "AB", {"active": False})
    agencies.did(set_establishment, 3, {"active": False})
    refused(ProblemCode.NO_PLACE, agencies.set, invoicing_establishment=3)
    refused(ProblemCode.NO_PLACE, agencies.at, "ABL")


def test_parties_of_a_depot(agencies: Agencies) -> None:
    """A16, A17, D40: they get the dossier's category and lose their ceiling; two establishments share none."""
    agencies.did(add_category, Mark("AGENCE", "Agences", CategoryKind.PARTY))
    agencies.set(party_category="AGENCE")
    both = agencies.party("AG1")
    with agencies.base.transaction() as connection:
        connection.execute(update(Party).values(credit_max=Decimal(5), credit_insured=Decimal(1)))
    agencies.tie("AB", both)
    row = agencies.party_row("AG1")
    assert (row.category_id, row.credit_max, row.credit_insured) == (1, None, Decimal(0))
    agencies.tie("PRINCIPAL", both)
    sides = {"customer_party_id": both}
    assert refused(ProblemCode.PARTY_TIED, agencies.did, set_depot, "RD", sides).values["depot"] in {"AB", "PRINCIPAL"}
    supplier = agencies.party("SUP", customer=False)
    refused(ProblemCode.NO_ROLE, agencies.did, set_depot, "RD", {"customer_party_id": supplier})
    agencies.did(set_depot, "RD", {"supplier_party_id": supplier})
    agencies.set(party_category="")
    assert {agencies.party_row(code).category_id for code in ("AG1", "SUP")} == {None}
    depots = {each.code: (each.customer, each.supplier) for each in agencies.asked(list_depots)}
    assert (depots["AB"], depots["RD"], depots["ABL"]) == (("AG1", "AG1"), (None, "SUP"), (None, None))


def test_depots(agencies: Agencies) -> None:
    """Depots: codes are one for all establishments; the order in which one draws on them names each once."""
    refused(ProblemCode.CODE_TAKEN, agencies.did, add_depot, "rd", 1, {"name": "x"})
    refused(ProblemCode.NO_PLACE, agencies.did, add_depot, "NEW", 9, {"name": "x"})
    refused(ProblemCode.NO_VALUE, agencies.did, rank_depots, 1, ["AB", "ab"])
    refused(ProblemCode.NO_PLACE, agencies.did, rank_depots, 1, ["NONE"])
    agencies.did(rank_depots, 2, ["RD", "AB"])
    agencies.did(rank_depots, 2, [])
    assert {each.code: each.rank for each in agencies.asked(list_depots)}["RD"] is None


def test_a_depot_that_allows_less_than_nothing(base: Database) -> None:
    """Depots: what lies there already follows; the rule is not taken back while less than nothing lies there."""
    agencies = Agencies(base, opening=1)
    agencies.did(set_depot, "RD", {"allow_negative": True})
    rd = agencies.depot_id("RD")
    assert [row.negative_ok for row in agencies.rows(Stock, depot_id=rd)] == [True]
    with base.transaction() as connection:
        connection.execute(update(Stock).where(Stock.depot_id == rd).values(on_hand=Decimal(-1)))
    refused(ProblemCode.NOT_IN_STOCK, agencies.did, set_depot, "RD", {"allow_negative": False})
    refused(ProblemCode.STILL_NEEDED, agencies.did, set_depot, "RD", {"active": False})


@pytest.mark.parametrize(
    ("one", "other", "billable"),
    [(None, None, False), (None, 2, True), (1, None, True), (1, 2, True), (1, 1, True)],
)
def test_who_invoices_whom(one: int | None, other: int | None, billable: bool) -> None:  # noqa: FBT001 - a table
    """A48, D37: as soon as one of both has its own folder, even the dossier's."""
    assert is_billable(Side(1, one), Side(2, other)) is billable
    assert not is_billable(Side(1, one), Side(1, one))


def test_what_a_depot_lacks() -> None:
    """A16: the sides without a third party, by name."""
    assert missing_sides(None, 1) == ["customer"]
    assert missing_sides(None, None) == ["customer", "supplier"]
    assert missing_sides(1, 1) == []


def test_a_second_dossier(agencies: Agencies) -> None:
    """D35: its establishments have numbers of their own; nothing of the first one's moves into its depots."""
    agencies.did(add_dossier, 2, "Export")
    refused(ProblemCode.CODE_TAKEN, agencies.did, add_dossier, 2, "x")
    refused(ProblemCode.NO_FOLDER, agencies.did, add_dossier, 3, "x", 9)
    agencies.did(add_establishment, 1, {"name": "Export"}, 2)
    agencies.did(add_depot, "EXP", 1, {"name": "Export"}, 2)
    place = agencies.at("EXP")
    assert (place.dossier, place.establishment, place.name, place.folder) == (2, 1, "Export", 1)
    agencies.set(2, manage_stock=True, default_establishment=1)
    assert agencies.asked(read_dossier, 2).options.default_establishment == 1
    assert str(agencies.asked(usual_place)) == "1/AB"
    goods = [Goods("ALB0002", Decimal(1))]
    agencies.did(receive, agencies.at("AB"), goods)
    refused(ProblemCode.OTHER_COMPANY, agencies.did, transfer, agencies.at("AB"), goods, "EXP")
    refused(ProblemCode.NO_VALUE, agencies.did, rank_depots, 1, ["AB", "EXP"])
