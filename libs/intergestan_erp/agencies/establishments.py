"""Accounting folders and establishments: whose books, and which places of business (A02, A47 to A51)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, exists, func, insert, or_, select

from intergestan_db import numbers
from intergestan_db.database import AnyRow
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import (
    AccountingFolder,
    CreditNote,
    Dossier,
    EntryLine,
    Establishment,
    Invoice,
    NumberSeries,
    PartyCredit,
    Payment,
)
from intergestan_erp.agencies.cards import add_row, checked, set_row
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER
from intergestan_erp.agencies.stored import (
    ESTABLISHMENTS,
    FOLDERS,
    StoredEstablishment,
    StoredFolder,
    establishment_of_row,
    folder_of_row,
)
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.parties.company_numbers import check_siret, check_vat, compact, read_siren

ADDRESS = ("line1", "line2", "postcode", "city", "country")
TEXTS = (
    *("legal_form", "share_capital", "rcs", "iban", "bic", "late_penalty", "early_payment", "vat_exemption"),
    "vat_on_debits",
)
"""What invoices say of the company."""
_IN_BOOKS = (Invoice, CreditNote, Payment, EntryLine)
"""What an establishment has in its accounting folder."""
_MOST_LOGO = 200 * 1024
_PNG = b"\x89PNG\r\n\x1a\n"
_MOST_NUMBER = 999_999


@dataclass(frozen=True, slots=True)
class Folder:
    """An accounting folder in a list. :ivar establishments: the numbers of those whose books it has."""

    number: int
    name: str
    siren: str | None
    vat_id: str | None
    city: str | None
    establishments: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Agency:
    """An establishment in a list. `folder` is its own accounting folder, `books` the one that counts (A47)."""

    dossier: int
    number: int
    name: str
    siret: str | None
    city: str | None
    folder: int | None
    books: int
    active: bool


def list_folders(connection: Connection) -> list[Folder]:
    """All accounting folders, by number: there are few."""
    own: dict[int, list[int]] = {}
    for each in list_establishments(connection):
        own.setdefault(each.books, []).append(each.number)
    columns = (AccountingFolder.number, AccountingFolder.name, AccountingFolder.siren)
    query = select(*columns, AccountingFolder.vat_id, AccountingFolder.city).order_by(AccountingFolder.number)
    return [Folder(*row, tuple(own.get(row.number, ()))) for row in connection.execute(query)]


def list_establishments(connection: Connection) -> list[Agency]:
    """All establishments, by dossier and number: there are few."""
    folder, books = AccountingFolder.__table__.alias("own"), AccountingFolder.__table__.alias("books")
    query = (
        select(
            *(Dossier.number, Establishment.number, Establishment.name, Establishment.siret, Establishment.city),
            *(folder.c.number, books.c.number, Establishment.active),
        )
        .select_from(Establishment)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .outerjoin(folder, folder.c.id == Establishment.accounting_folder_id)
        .join(books, books.c.id == EFFECTIVE_FOLDER)
        .order_by(Dossier.number, Establishment.number)
    )
    return [Agency(*row) for row in connection.execute(query)]


def count_ceilings(connection: Connection) -> dict[tuple[int, int], int]:
    """How many customers have a ceiling of their own with an establishment (A06), by dossier and number."""
    query = (
        select(Dossier.number, Establishment.number, func.count())
        .select_from(PartyCredit)
        .join(Establishment, Establishment.id == PartyCredit.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .group_by(Dossier.number, Establishment.number)
    )
    return {(dossier, number): count for dossier, number, count in connection.execute(query)}


def add_folder(connection: Connection, number: int, values: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """Enter the books of one more company, with the series of its invoices and credit notes (D54).

    :raises Problem: the number or the SIREN is taken (D36), or a value may not stand there.
    """
    check_number(number)
    if connection.execute(select(AccountingFolder.id).where(AccountingFolder.number == number)).first():
        raise Problem("The number {number} is taken. Nothing was changed.", ProblemCode.CODE_TAKEN, number=number)
    kept = _folder_values(connection, values, None)
    add_row(connection, AccountingFolder, {"number": number, **kept}, by=by, at=at)
    series = numbers.series_of_folder(number)
    rows = [{"code": code, "prefix": prefix, "next_number": 1} for code, prefix in sorted(series.items())]
    connection.execute(insert(NumberSeries), rows)


def set_folder(
    connection: Connection, number: int, values: Mapping[str, Any], *, by: str, at: datetime
) -> tuple[str, ...]:
    """Change what is said of a company; documents that were made keep what they say. The columns that changed.

    :raises Problem: there is no such folder, or a value may not stand there.
    """
    before = folder_called(connection, number, lock=True)
    kept = _folder_values(connection, values, before.id)
    return set_row(connection, AccountingFolder, before, kept, by=by, at=at)


def folder_called(connection: Connection, number: int, *, lock: bool = False) -> StoredFolder:
    """An accounting folder.

    :raises Problem: there is none of this number.
    """
    query = FOLDERS.where(AccountingFolder.number == number)
    row = connection.execute(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise Problem(
            "There is no accounting folder {number}. Nothing was done.",
            ProblemCode.NO_FOLDER,
            (Act.LIST_FOLDERS,),
            number=number,
        )
    return folder_of_row(row)


def add_establishment(
    connection: Connection,
    number: int,
    values: Mapping[str, Any],
    dossier: int | None = None,
    *,
    by: str,
    at: datetime,
) -> None:
    """Enter an establishment of a dossier.

    :param values: columns of its card; `folder` is the number of its own accounting folder.
    :param dossier: its number; None: the first one.
    :raises Problem: the number is taken, or a value may not stand there.
    """
    check_number(number)
    owner = dossier_row(connection, dossier, lock=True)
    taken = select(Establishment.id).where(Establishment.dossier_id == owner.id, Establishment.number == number)
    if connection.execute(taken).first():
        raise Problem("The number {number} is taken. Nothing was changed.", ProblemCode.CODE_TAKEN, number=number)
    kept = _establishment_values(connection, owner, number, values)
    add_row(connection, Establishment, {"dossier_id": owner.id, "number": number, **kept}, by=by, at=at)


def set_establishment(
    connection: Connection,
    number: int,
    values: Mapping[str, Any],
    dossier: int | None = None,
    *,
    by: str,
    at: datetime,
) -> tuple[str, ...]:
    """Change an establishment; the columns that changed.

    :param values: columns of its card; `folder` is the number of its own accounting folder, None for the dossier's.
    :raises Problem: there is none, a value may not stand there, it has documents in its folder (D41), or it is needed
        where it is to be taken out of use.
    """
    owner = dossier_row(connection, dossier, lock=True)
    before = establishment_called(connection, number, owner.number)
    kept = _establishment_values(connection, owner, number, values)
    if "accounting_folder_id" in kept and kept["accounting_folder_id"] != before.accounting_folder_id:
        refuse_used(connection, owner.id, [before.id])
    if kept.get("active") is False and before.id in {owner.invoicing_establishment_id, owner.default_establishment_id}:
        raise Problem(
            "Establishment {number} invoices for others, or takes in orders by mail: let another one do that first. "
            "Nothing was changed.",
            ProblemCode.STILL_NEEDED,
            (Act.SET_DOSSIER,),
            number=number,
        )
    return set_row(connection, Establishment, before, kept, by=by, at=at)


def establishment_called(connection: Connection, number: int, dossier: int | None = None) -> StoredEstablishment:
    """An establishment; without a dossier's number, of the first dossier.

    :raises Problem: there is none of this number.
    """
    query = (
        ESTABLISHMENTS.join(Dossier, Dossier.id == Establishment.dossier_id)
        .where(Establishment.number == number)
        .order_by(Dossier.number)
        .limit(1)
    )
    row = connection.execute(query if dossier is None else query.where(Dossier.number == dossier)).one_or_none()
    if row is None:
        raise Problem(
            "There is no establishment {number}. Nothing was done.",
            ProblemCode.NO_PLACE,
            (Act.LIST_AGENCIES,),
            number=number,
        )
    return establishment_of_row(row)


def with_own_folder(connection: Connection, dossier_id: int) -> Sequence[int]:
    """The numbers of a dossier's establishments that have accounting folders of their own."""
    query = select(Establishment.number).where(
        Establishment.dossier_id == dossier_id, Establishment.accounting_folder_id.is_not(None)
    )
    return connection.execute(query.order_by(Establishment.number)).scalars().all()


def refuse_used(connection: Connection, dossier_id: int, establishment_ids: Sequence[int]) -> None:
    """Refuse to give other books to establishments that have documents in theirs (D41).

    Documents that are being made are waited for, and no other is begun until the transaction ends: whoever makes one
    keeps the dossier (`keep_books`), or writes whose it is before the books are looked up, as payments do.

    :raises Problem: for the first of them that has.
    """
    connection.execute(select(Dossier.id).where(Dossier.id == dossier_id).with_for_update()).one()
    own = select(Establishment.id).where(Establishment.id.in_(establishment_ids)).order_by(Establishment.id)
    connection.execute(own.with_for_update()).all()
    used = select(Establishment.number).where(
        Establishment.id.in_(establishment_ids),
        or_(*(exists().where(table.establishment_id == Establishment.id) for table in _IN_BOOKS)),
    )
    number = connection.execute(used.order_by(Establishment.number).limit(1)).scalar()
    if number is not None:
        raise Problem(
            "Establishment {number} has invoices or payments in its accounting folder, so it keeps it: take it out of "
            "use, and enter another one. Nothing was changed.",
            ProblemCode.FOLDER_USED,
            (Act.ADD_ESTABLISHMENT,),
            number=number,
        )


def lock_dossier(connection: Connection, number: int | None = None) -> bool:
    """Whether a dossier, or the first one, manages stock; nobody else changes it until the transaction ends.

    :raises Problem: there is none of this number.
    """
    return bool(dossier_row(connection, number, lock=True).manage_stock)


def dossier_row(connection: Connection, number: int | None = None, *, lock: bool = False) -> AnyRow:
    """A dossier's row; None: of the first one.

    :param lock: nobody else changes it or its establishments until the transaction ends: what one of these may be, the
        others decide (A51). Documents are made all the while.
    :raises Problem: there is none of this number.
    """
    query = select(Dossier.__table__).order_by(Dossier.number).limit(1)
    if number is not None:
        query = query.where(Dossier.number == number)
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).one_or_none()
    if row is None:
        raise Problem("There is no dossier {number}. Nothing was done.", ProblemCode.NO_DOSSIER, number=number)
    return row


def _establishment_values(
    connection: Connection, owner: AnyRow, number: int, values: Mapping[str, Any]
) -> dict[str, Any]:
    kept = {name: value for name, value in _with_country(values).items() if name != "folder"}
    if kept.get("siret"):
        kept["siret"] = compact(kept["siret"])
        check_siret(kept["siret"])
    if "folder" in values:
        folder = values["folder"]
        kept["accounting_folder_id"] = None if folder is None else folder_called(connection, folder).id
        if folder is not None and not owner.establishments_are_companies:
            raise Problem(
                "Establishment {n} has an accounting folder of its own: «establishments as companies» must be ticked "
                "first. Nothing was changed.",
                ProblemCode.COMPANIES_NEEDED,
                (Act.SET_DOSSIER,),
                n=number,
            )
    return checked(Establishment, kept)


def _folder_values(connection: Connection, values: Mapping[str, Any], own_id: int | None) -> dict[str, Any]:
    kept = dict(_with_country(values))
    if kept.get("siren"):
        kept["siren"] = read_siren(kept["siren"])
        taken = select(AccountingFolder.number).where(AccountingFolder.siren == kept["siren"])
        other = connection.execute(taken if own_id is None else taken.where(AccountingFolder.id != own_id)).scalar()
        if other is not None:
            raise Problem(
                "The company {siren} has its books in accounting folder {number}: a company has one. Nothing was "
                "changed.",
                ProblemCode.CODE_TAKEN,
                (Act.LIST_FOLDERS,),
                siren=kept["siren"],
                number=other,
            )
    if kept.get("vat_id"):
        kept["vat_id"] = compact(kept["vat_id"])
        check_vat(kept["vat_id"])
    if kept.get("logo") is not None:
        _check_logo(kept["logo"])
    return checked(AccountingFolder, kept)


def _with_country(values: Mapping[str, Any]) -> Mapping[str, Any]:
    typed = values.get("country")
    if not typed:
        return values
    code = country_code(typed)
    if code is None:
        raise Problem(
            "«{country}» is no country: write its ISO code, such as FR, or its name.",
            ProblemCode.NO_VALUE,
            country=typed,
        )
    return {**values, "country": code}


def _check_logo(data: bytes) -> None:
    is_svg = b"<svg" in data[:1024]
    if len(data) > _MOST_LOGO or not (data.startswith(_PNG) or is_svg):
        raise Problem(
            "A logo is a PNG or SVG of at most {most} kB. Nothing was changed.",
            ProblemCode.NO_VALUE,
            most=_MOST_LOGO // 1024,
        )


def check_number(number: int) -> None:
    """Refuse what cannot be the number of a folder, an establishment or a dossier.

    :raises Problem: with the bounds.
    """
    if not 1 <= number <= _MOST_NUMBER:
        raise Problem(
            "{number} is no such number: it is between 1 and {most}. Nothing was changed.",
            ProblemCode.NO_VALUE,
            number=number,
            most=_MOST_NUMBER,
        )
