"""To which establishment and accounting folder a document belongs, as parts of the statement that writes it."""

from __future__ import annotations

from typing import Any, TypeVarTuple

from sqlalchemy import ColumnElement, ScalarSelect, Select, func, select

from intergestan_db.tables import Dossier, Establishment
from intergestan_db.tables.usual_place import USUAL_ESTABLISHMENT
from intergestan_erp.agencies.places import EFFECTIVE_FOLDER, Place

Columns = TypeVarTuple("Columns")


def at_place(place: Place | None) -> dict[str, int]:
    """The columns of a new order that say where it was entered; without a place it is where the site usually is."""
    return {} if place is None else {"establishment_id": place.establishment_id, "depot_id": place.depot_id}


def establishment_at(place: Place | None) -> int | ColumnElement[int]:
    """The establishment at which something was done; without a place the usual one."""
    return USUAL_ESTABLISHMENT if place is None else place.establishment_id


def folder_of(establishment: int | ColumnElement[int] | ScalarSelect[int]) -> ScalarSelect[int]:
    """The accounting folder of an establishment: its own, else the dossier's (A47)."""
    return _of(EFFECTIVE_FOLDER, establishment)


def keep_books(query: Select[*Columns]) -> Select[*Columns]:
    """A query that reads a dossier, and keeps the books of its establishments as they are until the transaction ends.

    They are read by a statement after it: this one may have waited for who gave an establishment others (D41).
    """
    return query.with_for_update(read=True, key_share=True, of=Dossier.__table__)


def manages_stock(establishment: int | ColumnElement[int]) -> ScalarSelect[bool]:
    """Whether an establishment's dossier counts what lies in its depots."""
    return _of(Dossier.manage_stock, establishment)


def invoicing_of(establishment: int | ColumnElement[int]) -> ScalarSelect[int]:
    """Who invoices what leaves an establishment: whom the dossier says, else itself (A23, A31)."""
    return _of(func.coalesce(Dossier.invoicing_establishment_id, Establishment.id), establishment)


def _of(value: ColumnElement[Any], establishment: int | ColumnElement[int] | ScalarSelect[int]) -> ScalarSelect[Any]:
    joined = select(value).join(Dossier, Dossier.id == Establishment.dossier_id)
    return joined.where(Establishment.id == establishment).scalar_subquery()
