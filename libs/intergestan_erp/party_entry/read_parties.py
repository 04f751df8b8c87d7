"""From the bytes of a file to its third parties. Runs in a limited child process: what it reads others made.

Only children import this module, so that their parents stay small, and whoever reads a file that this program has made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from intergestan_db.enums import PartyRole
from intergestan_db.problem import Fault, FileProblems, Problem
from intergestan_db.tables import Address, Contact, Party, Table
from intergestan_erp.inputs.cells import Cells, Findings
from intergestan_erp.inputs.one_table import table_of
from intergestan_erp.inputs.table import read_rows
from intergestan_erp.parties.accounts import account_by_hand
from intergestan_erp.parties.codes import code_by_hand
from intergestan_erp.parties.company_numbers import check_siren, read_siren, read_siret, read_vat
from intergestan_erp.parties.parties import OF_INVOICES, NewParty
from intergestan_erp.party_entry.party_reading import PARTIES_ASKED, PartiesAsked, PartiesRead, PartyReading
from intergestan_erp.party_entry.party_table import TABLE, PartyRow
from intergestan_erp.site.setup import check_address

_WIDTHS: tuple[tuple[str, type[Table], str], ...] = (
    ("name", Party, "name"),
    *((name, Address, name) for name in ("line1", "line2", "postcode", "city")),
    ("contact", Contact, "name"),
    *((name, Contact, name) for name in ("telephone", "email")),
    *((name, Party, name) for name in OF_INVOICES),
)


def answer(question: bytes, data: bytes) -> bytes:
    """What a child says of a file: a `PartiesRead` as JSON, to a `PartiesAsked`."""
    try:
        said = PartiesRead.of(read_here("", data, PARTIES_ASKED.decode(question)))
    except FileProblems as problems:
        said = PartiesRead(faults=tuple(fault.plain() for fault in problems.faults))
    return msgspec.json.encode(said)


def read_here(file: str, data: bytes, question: PartiesAsked = PartiesAsked()) -> PartyReading:  # noqa: B008 - it is frozen
    """Read a file in this process: a `ReadParties`."""
    findings = Findings()
    rows = read_parties(file, data, findings, question.roles)
    return PartyReading(tuple(rows), tuple(findings.remarks))


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
    siret = _read(cells, "siret", read_siret)
    return NewParty(
        code=_read(cells, "code", code_by_hand),
        name=cells.text("name") or "",
        is_customer=chosen[PartyRole.CUSTOMER],
        is_supplier=chosen[PartyRole.SUPPLIER],
        siret=siret,
        siren=_siren(cells, siret),
        vat_id=_read(cells, "vat_id", read_vat),
        line1=cells.text("line1"),
        line2=cells.text("line2"),
        postcode=cells.code("postcode"),
        city=cells.text("city"),
        country=cells.country("country"),
        contact=cells.text("contact"),
        telephone=cells.code("telephone"),
        email=_read(cells, "email", _email),
        invoice_email=_read(cells, "invoice_email", _email),
        buyer_reference=cells.code("buyer_reference"),
        accounts={role: number for role, number in numbers.items() if number is not None},
    )


def _siren(cells: Cells, siret: str | None) -> str | None:
    """That of the firm; another one than the SIRET's is a fault."""

    def read(written: str) -> str:
        siren = read_siren(written)
        check_siren(siren, siret)
        return siren

    return _read(cells, "siren", read)


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
        cells.findings.faults.append(Fault.at(cells.row, cells.titles.get(column, column), problem))
        return None


def _refuse_twice(rows: Sequence[Cells], column: str) -> None:
    """Note the rows whose code or account stands in an earlier one."""
    first: dict[str, int] = {}
    for cells in rows:
        written = cells.code(column)
        key = None if written is None else "".join(written.split()).upper()
        if key is not None and first.setdefault(key, cells.row) != cells.row:
            cells.fault(column, "{code} stands in row {row} already: remove one.", code=written, row=first[key])
