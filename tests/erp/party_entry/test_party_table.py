"""Third parties in files: what the table may have, and many at once."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import func, select

from intergestan_db.database import Database
from intergestan_db.enums import PartyRole
from intergestan_db.problem import FileProblems
from intergestan_db.tables import Account, Address, Contact, Event, Party
from intergestan_erp.inputs.cells import Findings
from intergestan_erp.parties.accounts import AccountMode, AccountRule
from intergestan_erp.parties.codes import CodeRule
from intergestan_erp.parties.parties import PartyRules
from intergestan_erp.parties.search import find_parties
from intergestan_erp.party_entry.party_table import COLUMNS, enter_parties
from intergestan_erp.party_entry.read_parties import read_parties
from tests.erp.inputs.ods import content, row, table, text, zipped
from tests.site_factories import NOW
from tests.statements import noted

ROOT = Path(__file__).parents[3]
AUTOMATIC = PartyRules(CodeRule(automatic=True), AccountRule(AccountMode.ALPHABET))


def test_the_page_names_every_column() -> None:
    page = (ROOT / "docs" / "parties.md").read_text()
    for titles in COLUMNS.values():
        assert titles[0] in page


@pytest.mark.not_quick
def test_an_opendocument_workbook() -> None:
    data = zipped(content(table(row(text("Élise & Cie") + text("68100")), titles=("Raison sociale", "Code postal"))))
    (one,) = read_parties("t.ods", data, Findings(), [PartyRole.CUSTOMER])
    assert one.party.name == "Élise & Cie"


def test_many_at_once(database: Database) -> None:
    """T02, T08: codes and accounts in the order of the rows, in as many statements as for one, and all or none."""
    names = ["Dupont", "Élise", "Durand", "Zoé"]
    lines = "".join(f"{names[n % 4]} {n};oui;{'oui' if n % 2 else ''};Ville {n};Contact {n}\n" for n in range(2_000))
    data = f"Raison sociale;Client;Fournisseur;Ville;Contact\n{lines}".encode()
    rows = read_parties("t.csv", data, Findings())
    with database.transaction() as connection:
        with noted(connection) as asked:
            entered = enter_parties(connection, "t.csv", rows, AUTOMATIC, by="m", at=NOW)
        assert len(asked) < 60
        assert [each.code for each in entered[:8]] == [
            *("DU000001", "EL000001", "DU000002", "ZO000001", "DU000003", "EL000002", "DU000004", "ZO000002"),
        ]
        assert entered[-1].accounts == {PartyRole.CUSTOMER: "4112600500", PartyRole.SUPPLIER: "4012600500"}
        counts = [
            connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (Party, Address, Contact, Account, Event)
        ]
        assert counts == [2_000, 2_000, 2_000, 3_000, 2_000]
        assert [each.code for each in find_parties(connection, "zoe 1999").found] == ["ZO000500"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("", "empty"),
        ("Client;Ville\noui;Lyon\n", "Raison sociale"),
        ("Nom;Couleur\nA;rouge\n", "Nobody knows this column"),
        ("Nom\n", "no rows"),
        ("<html><table>", "web page"),
    ],
)
def test_what_is_no_such_table(data: str, said: str) -> None:
    with pytest.raises(FileProblems, match=said):
        read_parties("t.csv", data.encode(), Findings(), [PartyRole.CUSTOMER])
