"""Depots: where goods lie, in which order they are drawn on, and the third parties that stand for them (A16, A17)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, text, update

from intergestan_db import states
from intergestan_db.problem import Act, Problem, ProblemCode, Word
from intergestan_db.tables import Depot, DepotRank, Dossier, Establishment, Party, PartyCredit, Stock
from intergestan_erp.agencies.cards import add_row, checked, read_code, set_row
from intergestan_erp.agencies.establishments import ADDRESS, establishment_called
from intergestan_erp.agencies.stored import (
    DEPOTS,
    ESTABLISHMENTS,
    StoredDepot,
    StoredEstablishment,
    depot_of_row,
    establishment_of_row,
)
from intergestan_erp.inputs.countries import country_code
from intergestan_erp.parties.locking import lock_parties
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties
from intergestan_msg.money import ZERO

SIDES = {"customer": "customer_party_id", "supplier": "supplier_party_id"}
_MOST_CODE = 20


@dataclass(frozen=True, slots=True)
class ListedDepot:
    """A depot in a list; `rank` is the one that its own establishment gives it.

    :ivar customer, supplier: the codes of the third parties that stand for it in orders between agencies (A16).
    """

    code: str
    name: str
    establishment: int
    city: str | None
    rank: int | None
    manage_reservations: bool
    allow_negative: bool
    customer: str | None
    supplier: str | None
    active: bool


def list_depots(connection: Connection) -> list[ListedDepot]:
    """All depots, by establishment and code: there are few."""
    customer, supplier = Party.__table__.alias("customer"), Party.__table__.alias("supplier")
    query = (
        select(
            *(Depot.code, Depot.name, Establishment.number, Depot.delivery_city, DepotRank.rank),
            *(Depot.manage_reservations, Depot.allow_negative, customer.c.code, supplier.c.code, Depot.active),
        )
        .select_from(Depot)
        .join(Establishment, Establishment.id == Depot.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .outerjoin(DepotRank, (DepotRank.depot_id == Depot.id) & (DepotRank.establishment_id == Depot.establishment_id))
        .outerjoin(customer, customer.c.id == Depot.customer_party_id)
        .outerjoin(supplier, supplier.c.id == Depot.supplier_party_id)
        .order_by(Dossier.number, Establishment.number, Depot.code)
    )
    return [ListedDepot(*row) for row in connection.execute(query)]


def depots_by_establishment(connection: Connection) -> dict[tuple[int, int], list[tuple[str, str]]]:
    """Code and name of the depots in use, by the numbers of dossier and establishment."""
    query = (
        select(Dossier.number, Establishment.number, Depot.code, Depot.name)
        .join(Establishment, Establishment.id == Depot.establishment_id)
        .join(Dossier, Dossier.id == Establishment.dossier_id)
        .where(Depot.active)
        .order_by(Depot.code)
    )
    found: dict[tuple[int, int], list[tuple[str, str]]] = {}
    for dossier, number, code, name in connection.execute(query):
        found.setdefault((dossier, number), []).append((code, name))
    return found


def ranks_of(connection: Connection, establishment_id: int) -> list[str]:
    """The codes of the depots on which an establishment draws, in its order."""
    query = select(Depot.code).join(DepotRank, DepotRank.depot_id == Depot.id)
    ranked = query.where(DepotRank.establishment_id == establishment_id).order_by(DepotRank.rank)
    return list(connection.execute(ranked).scalars())


def make_parties(connection: Connection, typed: str, rules: PartyRules, *, by: str, at: datetime) -> str:
    """Enter a third party that stands for a depot on each side that it lacks (A16); the party's code.

    :param rules: the site's, by which codes and accounts come about; where people give codes, it has the depot's.
    :raises Problem: it lacks none, or the code is taken.
    """
    depot = depot_called(connection, typed)
    lacking = [side for side, column in SIDES.items() if getattr(depot, column) is None]
    if not lacking:
        raise Problem("The depot {depot} has both its third parties.", ProblemCode.NO_VALUE, depot=depot.code)
    address = {name: getattr(depot, f"delivery_{name}") for name in ADDRESS}
    party = NewParty(
        code=None if rules.codes.automatic else depot.code,
        name=depot.name,
        is_customer="customer" in lacking,
        is_supplier="supplier" in lacking,
        proposed_fees=False,
        **address,
    )
    (made,) = add_parties(connection, [party], rules, by=by, at=at)
    set_depot(connection, depot.code, {SIDES[side]: made.id for side in lacking}, by=by, at=at)
    return made.code


def add_depot(
    connection: Connection,
    typed: str,
    establishment: int,
    values: Mapping[str, Any],
    dossier: int | None = None,
    *,
    by: str,
    at: datetime,
) -> str:
    """Enter a depot; its code as it is kept.

    :param values: of its card: `name`, the five parts of its address, its two flags, and the ids of the parties that
        stand for it.
    :raises Problem: the code is none or taken, or a value may not stand there.
    """
    code = read_code(typed, _MOST_CODE)
    if connection.execute(select(Depot.id).where(Depot.code == code)).first():
        raise Problem(
            "The code {code} is taken. Nothing was changed.", ProblemCode.CODE_TAKEN, (Act.LIST_DEPOTS,), code=code
        )
    owner = establishment_called(connection, establishment, dossier)
    kept = _depot_values(values)
    _tie(connection, owner, {}, kept)
    kept = {"delivery_name": kept["name"], **kept}
    add_row(connection, Depot, {"code": code, "establishment_id": owner.id, **kept}, by=by, at=at)
    return code


def set_depot(
    connection: Connection, typed: str, values: Mapping[str, Any], *, by: str, at: datetime
) -> tuple[str, ...]:
    """Change a depot; the columns that changed.

    :param values: as `add_depot` has them, and `active`.
    :raises Problem: there is none, a value may not stand there, or goods lie there where it is to be taken out of use.
    """
    kept = _depot_values(values)
    tied = {column: kept[column] for column in SIDES.values() if column in kept}
    before = depot_called(connection, typed)
    owner = establishment_of_row(
        connection.execute(ESTABLISHMENTS.where(Establishment.id == before.establishment_id)).one()
    )
    _tie(connection, owner, {column: getattr(before, column) for column in SIDES.values()}, tied)
    if kept.get("active") is False:
        _refuse_needed(connection, before)
    changed = set_row(connection, Depot, before, kept, by=by, at=at)
    if "allow_negative" in changed:
        _allow(connection, before, allowed=kept["allow_negative"])
    return changed


def depot_called(connection: Connection, typed: str) -> StoredDepot:
    """A depot, in use or not.

    :raises Problem: there is none of this code.
    """
    code = typed.strip().upper()
    row = connection.execute(DEPOTS.where(Depot.code == code)).one_or_none()
    if row is None:
        raise Problem(
            "There is no depot {depot}. Nothing was done.", ProblemCode.NO_PLACE, (Act.LIST_DEPOTS,), depot=typed
        )
    return depot_of_row(row)


def rank_depots(
    connection: Connection,
    establishment: int,
    codes: Sequence[str],
    dossier: int | None = None,
    *,
    by: str,
    at: datetime,
) -> None:
    """Say in which order an establishment draws on depots, its own or others' of its dossier; those left out come last.

    :raises Problem: there is no such establishment or depot, or one stands twice.
    """
    owner = establishment_called(connection, establishment, dossier)
    depots = [depot_called(connection, code) for code in codes]
    ids = [depot.id for depot in depots]
    of_dossier = select(Depot.code).join(Establishment, Establishment.id == Depot.establishment_id)
    foreign = of_dossier.where(Depot.id.in_(ids), Establishment.dossier_id != owner.dossier_id)
    if len(set(ids)) < len(ids) or connection.execute(foreign).first():
        raise Problem(
            "The order is one of different depots of the establishment's dossier. Nothing was changed.",
            ProblemCode.NO_VALUE,
            (Act.LIST_DEPOTS,),
        )
    connection.execute(delete(DepotRank).where(DepotRank.establishment_id == owner.id))
    rows = [{"establishment_id": owner.id, "depot_id": each, "rank": rank} for rank, each in enumerate(ids, start=1)]
    if rows:
        connection.execute(insert(DepotRank), rows)
    detail = {"depots": [depot.code for depot in depots]}
    states.record(
        connection, Establishment.__tablename__, [(owner.id, None, None)], "rank", by=by, at=at, detail=detail
    )


def _depot_values(values: Mapping[str, Any]) -> dict[str, Any]:
    kept = {f"delivery_{name}" if name in ADDRESS else name: value for name, value in values.items()}
    if typed := kept.get("delivery_country"):
        kept["delivery_country"] = country_code(typed)
        if kept["delivery_country"] is None:
            raise Problem(
                "«{country}» is no country: write its ISO code, such as FR, or its name.",
                ProblemCode.NO_VALUE,
                country=typed,
            )
    return checked(Depot, kept)


def _tie(
    connection: Connection,
    owner: StoredEstablishment,
    before: Mapping[str, int | None],
    after: Mapping[str, Any],
) -> None:
    """Make the parties those of an agency (D40): the dossier's category, no ceiling of credit.

    :raises Problem: one has not this side, or stands for another establishment.
    """
    new = {column: after[column] for column in SIDES.values() if after.get(column) not in {None, before.get(column)}}
    if not new:
        return
    lock_parties(connection, new.values())
    for side, column in SIDES.items():
        if column not in new:
            continue
        party = connection.execute(select(Party.__table__).where(Party.id == new[column])).one()
        if not getattr(party, f"is_{side}"):
            raise Problem(
                "{code} is not a {side}. Nothing was changed.",
                ProblemCode.NO_ROLE,
                (Act.LIST_PARTIES,),
                code=party.code,
                side=Word(side),
            )
        elsewhere = (
            select(Depot.code)
            .where(or_(Depot.customer_party_id == party.id, Depot.supplier_party_id == party.id))
            .where(Depot.establishment_id != owner.id)
        )
        other = connection.execute(elsewhere.limit(1)).scalar()
        if other is not None:
            raise Problem(
                "{code} stands for the depot {depot} of another establishment. Nothing was changed.",
                ProblemCode.PARTY_TIED,
                (Act.LIST_DEPOTS,),
                code=party.code,
                depot=other,
            )
    category = select(Dossier.party_category_id).where(Dossier.id == owner.dossier_id).scalar_subquery()
    values = {"category_id": category, "credit_max": None, "credit_insured": ZERO}
    connection.execute(update(Party).where(Party.id.in_(new.values())).values(**values))
    connection.execute(delete(PartyCredit).where(PartyCredit.party_id.in_(new.values())))


def _refuse_needed(connection: Connection, depot: StoredDepot) -> None:
    """Refuse to take a depot out of use in which goods lie, or the last one where orders by mail are."""
    lying = select(Stock.product_id).where(
        Stock.depot_id == depot.id, or_(Stock.on_hand != ZERO, Stock.reserved != ZERO)
    )
    others = select(Depot.id).where(
        Depot.establishment_id == depot.establishment_id, Depot.id != depot.id, Depot.active
    )
    usual = select(Dossier.id).where(Dossier.default_establishment_id == depot.establishment_id)
    is_last = connection.execute(others.limit(1)).first() is None and connection.execute(usual).first() is not None
    if is_last or connection.execute(lying.limit(1)).first() is not None:
        raise Problem(
            "Goods lie in {depot}, or it is the last depot where orders by mail are. Nothing was changed.",
            ProblemCode.STILL_NEEDED,
            (Act.SHOW_STOCK,),
            depot=depot.code,
        )


def _allow(connection: Connection, depot: StoredDepot, *, allowed: bool) -> None:
    """Copy the depot's rule to what lies there, where the rows themselves hold it.

    Rows that somebody is just adding must not miss it: on PostgreSQL they are waited for.

    :raises Problem: less than nothing lies there, or more is set aside than lies there.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("LOCK TABLE stock IN SHARE ROW EXCLUSIVE MODE"))
    short = select(Stock.product_id).where(
        Stock.depot_id == depot.id, or_(Stock.on_hand < ZERO, Stock.reserved > Stock.on_hand)
    )
    if not allowed and connection.execute(short.limit(1)).first() is not None:
        raise Problem(
            "In {depot} less lies than nothing, or more is set aside than lies there: count these goods first. Nothing "
            "was changed.",
            ProblemCode.NOT_IN_STOCK,
            (Act.SHOW_STOCK,),
            depot=depot.code,
        )
    connection.execute(update(Stock).where(Stock.depot_id == depot.id).values(negative_ok=allowed))
