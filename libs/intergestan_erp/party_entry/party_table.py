"""Third parties from a table (CSV, XLSX): one row each. A file is entered whole, or not at all (T01, T02, T05).

`COLUMNS` lists the columns, of which only the name is required. What a row leaves empty is made by the site's rules
(code, accounts) or is left unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Fault, FileProblems, Problem
from intergestan_db.tables import Address, Contact, Party, Table
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.one_table import table_of
from intergestan_erp.inputs.table import Columns, Titles, read_rows
from intergestan_erp.parties.accounts import AccountMode, account_by_hand, taken_accounts
from intergestan_erp.parties.codes import code_by_hand, taken_codes
from intergestan_erp.parties.company_numbers import read_siret, read_vat
from intergestan_erp.parties.parties import Entered, NewParty, PartyRules, add_parties
from intergestan_erp.site.setup import check_address

COLUMNS: Titles = {
    "code": ("Code", "Code tiers", "Third party"),
    "name": ("Raison sociale", "Nom", "Company name"),
    "customer": ("Client",),
    "supplier": ("Fournisseur",),
    "siret": ("SIRET",),
    "vat_id": ("N° TVA", "TVA intracommunautaire", "Numéro de TVA", "VAT number"),
    "line1": ("Adresse 1", "Adresse", "Address", "Address 1"),
    "line2": ("Adresse 2", "Address 2"),
    "postcode": ("Code postal", "C. Postal", "CP"),
    "city": ("Ville",),
    "country": ("Pays",),
    "contact": ("Contact", "Interlocuteur"),
    "telephone": ("Téléphone", "Tél", "Phone"),
    "email": ("Courriel", "E-mail", "Mail"),
    "customer_account": ("Compte client",),
    "supplier_account": ("Compte fournisseur",),
}
TABLE = Columns(COLUMNS, ("name",))
_WIDTHS: tuple[tuple[str, type[Table], str], ...] = (
    ("name", Party, "name"),
    *((name, Address, name) for name in ("line1", "line2", "postcode", "city")),
    ("contact", Contact, "name"),
    *((name, Contact, name) for name in ("telephone", "email")),
)


@dataclass(frozen=True, slots=True)
class PartyRow:
    """A party of a file, with its row and the titles of its columns there, for whoever finds a fault later."""

    row: int
    party: NewParty
    titles: Mapping[str, str] = field(default_factory=dict)

    def fault(self, column: str, problem: Problem) -> Fault:
        """A problem with a value of this row."""
        return Fault(self.row, self.titles.get(column, COLUMNS[column][0]), problem.template, **problem.values)


def read_parties(file: str, data: bytes, findings: Findings, roles: Sequence[PartyRole] = ()) -> list[PartyRow]:
    """The parties of a file.

    :param roles: what those are for us of which the file says neither.
    :raises FileProblems: with every fault that the file itself has.
    """
    rows = read_rows(file, table_of(file, data, TABLE, findings), TABLE, findings)
    parties = [PartyRow(cells.row, _party(cells, roles), cells.titles) for cells in rows]
    for column in ("code", "customer_account", "supplier_account"):
        _refuse_twice(rows, column)
    if not rows and not findings.faults:
        findings.faults.append(Fault(None, None, "The file has titles but no rows."))
    if findings.faults:
        raise FileProblems(file, sorted(findings.faults, key=lambda fault: fault.row or 0))
    return parties


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
    faults = [
        *_faults_of_codes(connection, rows, automatic=rules.codes.automatic, by_hand=codes_by_hand),
        *_faults_of_accounts(connection, rows, rules.accounts.mode),
    ]
    if faults:
        raise FileProblems(file, sorted(faults, key=lambda fault: fault.row or 0))
    return add_parties(connection, [each.party for each in rows], rules, by=by, at=at)


def _faults_of_codes(
    connection: Connection, rows: Sequence[PartyRow], *, automatic: bool, by_hand: bool
) -> list[Fault]:
    taken = taken_codes(connection, [each.party.code for each in rows if each.party.code is not None])
    faults = []
    for each in rows:
        code = each.party.code
        if code is None and not automatic:
            problem = Problem("Codes are given by hand here: fill the cell in.")
        elif code is not None and automatic and not by_hand:
            problem = Problem("Codes are given automatically here: leave {code} out.", code=code)
        elif code in taken:
            problem = Problem("There is already a third party «{code}»: choose another code.", code=code)
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
            problem = Problem("Account numbers are given automatically here: leave {number} out.", number=number)
        elif number in taken:
            template = "The account {number} belongs to {party}: choose another number. Nothing was changed."
            problem = Problem(template, number=number, party=taken[number])
        else:
            continue
        faults.append(each.fault(f"{role}_account", problem))
    return faults


def _party(cells: Cells, roles: Sequence[PartyRole]) -> NewParty:
    """The party of a row; what is wrong with it goes to the row's faults."""
    if cells.text("name") is None:
        cells.missing("name")
    for column, table, name in _WIDTHS:
        cells.check_width(column, table, name)
    said = {role: cells.flag(role) for role in PartyRole}
    chosen = {
        role: flag if flag is not None else role in roles and not any(said.values()) for role, flag in said.items()
    }
    if not any(chosen.values()):
        cells.fault("customer", "It is neither a customer nor a supplier: write oui into one of these columns.")
    numbers = {role: _read(cells, f"{role}_account", account_by_hand) for role in PartyRole}
    for role, number in numbers.items():
        if number is not None and not chosen[role]:
            cells.fault(f"{role}_account", "The row has an account in a role that the third party does not have.")
    return NewParty(
        code=_read(cells, "code", code_by_hand),
        name=cells.text("name") or "",
        is_customer=chosen[PartyRole.CUSTOMER],
        is_supplier=chosen[PartyRole.SUPPLIER],
        siret=_read(cells, "siret", read_siret),
        vat_id=_read(cells, "vat_id", read_vat),
        line1=cells.text("line1"),
        line2=cells.text("line2"),
        postcode=cells.code("postcode"),
        city=cells.text("city"),
        country=cells.country("country"),
        contact=cells.text("contact"),
        telephone=cells.code("telephone"),
        email=_read(cells, "email", _email),
        accounts={role: number for role, number in numbers.items() if number is not None},
    )


def _email(written: str) -> str:
    check_address(written)
    return written


def _read(cells: Cells, column: str, read: Callable[[str], str | None]) -> str | None:
    """An identifier of a row by its reader, whose refusal is a fault of the cell."""
    written = cells.code(column)
    if written is None:
        return None
    try:
        return read(written)
    except Problem as problem:
        cells.findings.faults.append(
            Fault(cells.row, cells.titles.get(column, column), problem.template, **problem.values)
        )
        return None


def _refuse_twice(rows: Sequence[Cells], column: str) -> None:
    """Note the rows whose code or account stands in an earlier one."""
    first: dict[str, int] = {}
    for cells in rows:
        written = cells.code(column)
        key = None if written is None else "".join(written.split()).upper()
        if key is not None and first.setdefault(key, cells.row) != cells.row:
            cells.fault(column, "{code} stands in row {row} already: remove one.", code=written, row=first[key])
