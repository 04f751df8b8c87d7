"""What people say of stock: goods came, were counted, or went to another depot.

Each act is done at a place (D62), and moves all that it names or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy import Connection, func, select

from intergestan_db import states
from intergestan_db.database import AnyRow
from intergestan_db.enums import StockReason, Supply
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Dossier, Product, Stock, StockMove
from intergestan_erp.agencies.belonging import keep_books
from intergestan_erp.agencies.places import Place, in_depot
from intergestan_erp.agencies.settings_rules import Side, is_billable
from intergestan_erp.books.post import Transfer
from intergestan_erp.books.posting import post_transfer
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_erp.inputs.units import can_be
from intergestan_erp.parties.freed import Freed
from intergestan_erp.site.zone import today
from intergestan_erp.stock.levels import Level, lock_levels
from intergestan_erp.stock.moves import Move, write_moves
from intergestan_msg.money import MILLIONTH, ZERO, fits, line_total, plain


@dataclass(frozen=True, slots=True)
class Goods:
    """So much of a product, by its code. `cost` is of one unit, without VAT."""

    product: str
    quantity: Decimal
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Stocked:
    """What lies in a depot of a product now."""

    product: str
    depot: str
    on_hand: Decimal
    reserved: Decimal
    average_cost: Decimal

    @property
    def available(self) -> Decimal:
        """What is set aside for nobody."""
        return self.on_hand - self.reserved


@dataclass(frozen=True, slots=True)
class Entered:
    """What lies there now, in the order in which it was named.

    :ivar freed: of what more is there for others now. :ivar changes: by how much each of the moves changed it.
    """

    stocked: tuple[Stocked, ...]
    freed: Freed
    changes: tuple[Decimal, ...] = ()


def receive(
    connection: Connection,
    place: Place,
    goods: Sequence[Goods],
    *,
    by: str,
    at: datetime,
    document: str | None = None,
    opening: bool = False,
) -> Entered:
    """Goods came into the place's depot.

    Where nobody says what they cost, they cost what those that lie there do, else what the product is bought at.

    :param opening: they lay there before stock was managed.
    :raises Problem: stock is not managed, a product is none that lies in depots, or a figure may not stand there;
        nothing is changed then.
    """
    _refuse_unmanaged(connection, place)
    products = _products(connection, [each.product for each in goods])
    for each, product in zip(goods, products, strict=True):
        _check_quantity(each.quantity, product, at_least=None)
        if each.cost is not None and (not fits(each.cost, MILLIONTH) or each.cost < 0):
            raise Problem(
                "{cost} is no cost of {product}. Nothing was changed.",
                ProblemCode.NO_AMOUNT,
                cost=plain(each.cost),
                product=product.code,
            )
    levels = lock_levels(connection, [(place.depot_id, product.id) for product in products])
    reason = StockReason.OPENING if opening else StockReason.RECEIPT
    moves = []
    for each, product in zip(goods, products, strict=True):
        cost = _cost(each.cost, product, levels[place.depot_id, product.id])
        moves.append(Move(place.depot_id, product.id, each.quantity, reason, cost, document))
    after = write_moves(connection, levels, moves, by=by, at=at)
    return _entered(products, [place], moves, after)


def count(
    connection: Connection,
    place: Place,
    counted: Mapping[str, Decimal],
    *,
    by: str,
    at: datetime,
    document: str | None = None,
) -> Entered:
    """So much was found in the place's depot; the difference to what lay there by our books becomes a move.

    :param counted: by the code of a product.
    :raises Problem: stock is not managed, a product is none that lies in depots, or less was found than is set aside
        for orders; nothing is changed then.
    """
    _refuse_unmanaged(connection, place)
    products = _products(connection, list(counted))
    found = dict(zip((product.id for product in products), counted.values(), strict=True))
    for product in products:
        _check_quantity(found[product.id], product, at_least=ZERO)
    levels = lock_levels(connection, [(place.depot_id, product.id) for product in products])
    moves, seen = [], {}
    for product in products:
        level = levels[place.depot_id, product.id]
        if found[product.id] < level.reserved and not level.negative_ok:
            raise Problem(
                "{quantity} of {product} were counted in {depot}, and {reserved} are set aside for orders. Nothing was "
                "changed: release some of these first.",
                ProblemCode.NOT_IN_STOCK,
                (Act.SHOW_STOCK,),
                quantity=plain(found[product.id]),
                product=product.code,
                depot=place.depot,
                reserved=plain(level.reserved),
            )
        more = found[product.id] - level.on_hand
        cost = _cost(None, product, level) if more > 0 else None
        moves.append(Move(place.depot_id, product.id, more, StockReason.COUNT, cost, document))
        seen[product.id] = {
            "depot": place.depot,
            "product": product.code,
            "was": plain(level.on_hand),
            "counted": plain(found[product.id]),
        }
    after = write_moves(connection, levels, moves, by=by, at=at)
    rows = [(product_id, None, None) for product_id in seen]
    states.record(connection, Stock.__tablename__, rows, "count", by=by, at=at, details=seen)
    return _entered(products, [place], moves, after)


def transfer(
    connection: Connection,
    place: Place,
    goods: Sequence[Goods],
    to_depot: str,
    *,
    by: str,
    at: datetime,
    document: str | None = None,
) -> Entered:
    """Goods went from the place's depot to another one, at the cost at which they lay there.

    :param to_depot: its code; of the same company, for between companies goods are sold.
    :raises Problem: stock is not managed, there is no such depot, it is the same or of another company, a product is
        none that lies in depots, or less of it is available; nothing is changed then.
    """
    _refuse_unmanaged(connection, place)
    other = in_depot(connection, to_depot)
    if other.depot_id == place.depot_id:
        raise Problem("The goods lie in {depot} already. Nothing was changed.", ProblemCode.NO_PLACE, depot=other.depot)
    if other.dossier_id != place.dossier_id or is_billable(
        Side(place.establishment_id, place.own_folder_id), Side(other.establishment_id, other.own_folder_id)
    ):
        raise Problem(
            "{depot} is of establishment {number}, to which goods are sold, not moved. Nothing was changed.",
            ProblemCode.OTHER_COMPANY,
            (Act.LIST_DEPOTS,),
            depot=other.depot,
            number=other.establishment,
        )
    products = _products(connection, [each.product for each in goods])
    for each, product in zip(goods, products, strict=True):
        _check_quantity(each.quantity, product, at_least=None)
    depots = (place.depot_id, other.depot_id)
    levels = lock_levels(connection, [(depot, product.id) for depot in depots for product in products])
    moves = []
    for each, product in zip(goods, products, strict=True):
        cost = levels[place.depot_id, product.id].average_cost
        moves += [
            Move(place.depot_id, product.id, -each.quantity, StockReason.TRANSFER_OUT, None, document),
            Move(other.depot_id, product.id, each.quantity, StockReason.TRANSFER_IN, cost, document),
        ]
    after = write_moves(connection, levels, moves, by=by, at=at)
    cost = sum((line_total(each.quantity, each.unit_cost or ZERO) for each in moves if each.quantity > 0), ZERO)
    _post(connection, place, other, cost, moves[-1], today(connection, at))
    return _entered(products, [place, other], moves, after)


def _post(connection: Connection, place: Place, other: Place, cost: Decimal, last: Move, day: date) -> None:
    """Enter goods that went to another establishment in the books that tell these apart (A08), by the last move."""
    if other.establishment_id != place.establishment_id:
        found = select(func.max(StockMove.id)).where(
            StockMove.depot_id == last.depot_id, StockMove.product_id == last.product_id
        )
        move_id = connection.execute(found).scalar_one()
        piece = last.document or f"{place.depot}-{other.depot}"
        places = {"supplying_id": place.establishment_id, "requesting_id": other.establishment_id}
        post_transfer(connection, Transfer(f"move:{move_id}", piece, day, cost, **places), day)


def _refuse_unmanaged(connection: Connection, place: Place) -> None:
    query = keep_books(select(Dossier.manage_stock).where(Dossier.id == place.dossier_id))
    managed = connection.execute(query).scalar_one()
    if not managed:
        raise Problem(
            "Dossier {number} does not manage stock. Nothing was changed.",
            ProblemCode.STOCK_NOT_MANAGED,
            (Act.SET_DOSSIER,),
            number=place.dossier,
        )


def _products(connection: Connection, codes: Sequence[str]) -> list[AnyRow]:
    """The products of these codes, in this order.

    :raises Problem: there is none, one is a service, or one stands twice; or nothing is named.
    """
    if not codes:
        raise Problem("Nothing was named, so nothing was changed.", ProblemCode.NO_VALUE)
    found: dict[str, AnyRow] = {}
    columns = (Product.id, Product.code, Product.unit, Product.supply, Product.purchase_price)
    for typed in codes:
        code = as_stored(connection, typed, Product.code)
        row = connection.execute(select(*columns).where(Product.code == code)).one_or_none()
        if row is None:
            raise Problem(
                "There is no product {code}. Nothing was changed.",
                ProblemCode.NO_PRODUCT,
                (Act.LIST_PRODUCTS,),
                code=typed,
            )
        if row.supply == Supply.SERVICES:
            raise Problem(
                "{code} is a service, which lies in no depot. Nothing was changed.", ProblemCode.NO_PRODUCT, code=code
            )
        if code in found:
            raise Problem("{code} stands twice. Nothing was changed.", ProblemCode.NO_VALUE, code=code)
        found[code] = row
    return list(found.values())


def _check_quantity(quantity: Decimal, product: AnyRow, *, at_least: Decimal | None) -> None:
    """Refuse what cannot lie there. :param at_least: the smallest that may be; None: it is above 0."""
    is_figure = fits(quantity, MILLIONTH) and can_be(quantity, product.unit)
    if not is_figure or (quantity <= 0 if at_least is None else quantity < at_least):
        raise Problem(
            "{quantity} is no quantity of {product}. Nothing was changed.",
            ProblemCode.NO_AMOUNT,
            quantity=plain(quantity),
            product=product.code,
        )


def _cost(said: Decimal | None, product: AnyRow, level: Level) -> Decimal | None:
    """What a unit cost that came; None: as much as those that lie there."""
    if said is not None or level.on_hand > 0:
        return said
    return product.purchase_price or level.average_cost


def _entered(
    products: Sequence[AnyRow], places: Sequence[Place], moves: Sequence[Move], after: Mapping[tuple[int, int], Level]
) -> Entered:
    stocked = tuple(
        Stocked(product.code, place.depot, level.on_hand, level.reserved, level.average_cost)
        for product in products
        for place in places
        for level in (after[place.depot_id, product.id],)
    )
    freed = Freed(products=tuple(sorted({each.product_id for each in moves if each.quantity > 0})))
    return Entered(stocked, freed, tuple(each.quantity for each in moves))
