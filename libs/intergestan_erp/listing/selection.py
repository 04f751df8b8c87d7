"""Which purchase orders a person means, as they write it (G09, G12, G13)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from intergestan_db.enums import CategoryKind, PartyRole
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_erp.purchasing.purchase_orders import Selection
from intergestan_erp.purchasing.views import SelectedOrder


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """What a person wrote into each field of the selection; None: nothing.

    :ivar everything: *tout voir*.
    """

    first: str | None = None
    last: str | None = None
    supplier: str | None = None
    followed_by: str | None = None
    category: str | None = None
    everything: bool = False


def read_selection(connection: Connection, written: Written) -> Selection:
    """What it means.

    :raises Unreadable: a day that is none.
    :raises Problem: a supplier, a user or a category that does not exist.
    """
    return Selection(
        first=_day(written.first) if written.first else None,
        last=_day(written.last) if written.last else None,
        supplier_id=_supplier(connection, written.supplier) if written.supplier else None,
        followed_by_id=_user(connection, written.followed_by) if written.followed_by else None,
        everything=written.everything,
        category_id=_category(connection, written.category) if written.category else None,
    )


def _day(text: str) -> date:
    from intergestan_erp.inputs.days import read_day

    return read_day(text)


def _user(connection: Connection, login: str) -> int:
    from intergestan_erp.site.setup import find_user

    return find_user(connection, login)


def _category(connection: Connection, code: str) -> int:
    from intergestan_erp.agencies.codes import category_called

    return category_called(connection, code, CategoryKind.DOCUMENT)


def _supplier(connection: Connection, text: str) -> int:
    from intergestan_erp.parties.one_party import one_party
    from intergestan_erp.site.preferences import read_preferences

    fields = read_preferences(connection).party_fields
    return one_party(connection, text, PartyRole.SUPPLIER, fields).id


def without(orders: Sequence[SelectedOrder], removed: Sequence[str]) -> list[SelectedOrder]:
    """**Enlever** (G13).

    :raises Problem: a number is not among the orders: it may be a typing error.
    """
    unknown = [number for number in removed if number not in {order.number for order in orders}]
    if unknown:
        raise Problem(
            "{numbers} cannot be left out, for it is not among the selected orders; nothing was sent.",
            ProblemCode.NO_ORDER,
            (Act.LIST_ORDERS,),
            numbers=", ".join(unknown),
        )
    return [order for order in orders if order.number not in removed]
