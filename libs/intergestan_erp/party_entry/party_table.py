"""Third parties from a table (CSV, XLSX, ODS): one row each. A file is entered whole, or not at all (T01, T02, T05).

They are read by `read_parties.py`. `COLUMNS` lists the columns, of which only the name is required. What a row
leaves empty is made by the site's rules (code, accounts) or is left unknown.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from intergestan_db.problem import Act, Fault, FileProblems, Problem, ProblemCode
from intergestan_erp.inputs.table import Columns, Titles
from intergestan_erp.parties.accounts import AccountMode, taken_accounts
from intergestan_erp.parties.codes import taken_codes
from intergestan_erp.parties.parties import Entered, NewParty, PartyRules, add_parties

COLUMNS: Titles = {
    "code": ("Code", "Code tiers", "Third party"),
    "name": ("Raison sociale", "Nom", "Company name"),
    "customer": ("Client",),
    "supplier": ("Fournisseur",),
    "siret": ("SIRET",),
    "siren": ("SIREN",),
    "vat_id": ("N° TVA", "TVA intracommunautaire", "Numéro de TVA", "VAT number"),
    "line1": ("Adresse 1", "Adresse", "Address", "Address 1"),
    "line2": ("Adresse 2", "Address 2"),
    "postcode": ("Code postal", "C. Postal", "CP"),
    "city": ("Ville",),
    "country": ("Pays",),
    "contact": ("Contact", "Interlocuteur"),
    "telephone": ("Téléphone", "Tél", "Phone"),
    "email": ("Courriel", "E-mail", "Mail"),
    "invoice_email": ("Courriel de facturation", "Invoice mail"),
    "buyer_reference": ("Référence acheteur", "Buyer reference"),
    "customer_account": ("Compte client",),
    "supplier_account": ("Compte fournisseur",),
}
TABLE = Columns(COLUMNS, ("name",))


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party of a file, with its row and the titles of its columns there, for whoever finds a fault later."""

    row: int
    party: NewParty
    titles: Mapping[str, str] = field(default_factory=dict)

    def fault(self, column: str, problem: Problem) -> Fault:
        """A problem with a value of this row."""
        return Fault.at(self.row, self.titles.get(column, COLUMNS[column][0]), problem)


def enter_parties(
    connection: Connection,
    file: str,
    rows: Sequence[PartyRow],
    rules: PartyRules,
    *,
    codes_by_hand: bool = False,
    by: str,
    at: datetime,
) -> list[Entered]:
    """Enter the parties of a file.

    :param codes_by_hand: take codes of the file although they are made automatically here.
    :raises FileProblems: with every row that does not fit the base.
    :raises Problem: codes or accounts are all given. Nothing may be written then.
    """
    foresee_parties(connection, file, rows, rules, codes_by_hand=codes_by_hand)
    return add_parties(connection, [each.party for each in rows], rules, by=by, at=at)


def foresee_parties(
    connection: Connection, file: str, rows: Sequence[PartyRow], rules: PartyRules, *, codes_by_hand: bool = False
) -> None:
    """Look whether the parties of a file fit the base; nothing is written.

    :raises FileProblems: with every row that does not.
    """
    faults = [
        *_faults_of_codes(connection, rows, automatic=rules.codes.automatic, by_hand=codes_by_hand),
        *_faults_of_accounts(connection, rows, rules.accounts.mode),
    ]
    if faults:
        raise FileProblems(file, sorted(faults, key=lambda fault: fault.row or 0))


def _faults_of_codes(
    connection: Connection, rows: Sequence[PartyRow], *, automatic: bool, by_hand: bool
) -> list[Fault]:
    taken = taken_codes(connection, [each.party.code for each in rows if each.party.code is not None])
    faults = []
    for each in rows:
        code = each.party.code
        if code is None and not automatic:
            problem = Problem("Codes are given by hand here: fill the cell in.", ProblemCode.CODE_MISSING)
        elif code is not None and automatic and not by_hand:
            problem = Problem(
                "Codes are given automatically here: leave {code} out.",
                ProblemCode.CODE_AUTOMATIC,
                (Act.CODE_SETTINGS,),
                code=code,
            )
        elif code in taken:
            problem = Problem(
                "There is already a third party «{code}»: choose another code.", ProblemCode.CODE_TAKEN, code=code
            )
        else:
            continue
        faults.append(each.fault("code", problem))
    return faults


def _faults_of_accounts(connection: Connection, rows: Sequence[PartyRow], mode: AccountMode) -> list[Fault]:
    given = [(each, role, number) for each in rows for role, number in each.party.accounts.items()]
    if mode is AccountMode.MANUAL:
        taken = taken_accounts(connection, [number for _, _, number in given])
    faults = []
    for each, role, number in given:
        if mode is not AccountMode.MANUAL:
            problem = Problem(
                "Account numbers are given automatically here: leave {number} out.",
                ProblemCode.ACCOUNT_AUTOMATIC,
                (Act.ACCOUNT_SETTINGS,),
                number=number,
            )
        elif number in taken:
            template = "The account {number} belongs to {party}: choose another number. Nothing was changed."
            problem = Problem(template, ProblemCode.ACCOUNT_TAKEN, number=number, party=taken[number])
        else:
            continue
        faults.append(each.fault(f"{role}_account", problem))
    return faults
