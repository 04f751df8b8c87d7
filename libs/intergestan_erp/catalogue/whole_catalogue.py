"""The catalogue as a whole, as it travels between sites: families, sub-families, products, components (G07)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, delete, func, insert, select

from intergestan_db.among import row_among
from intergestan_db.enums import Supply
from intergestan_db.tables import Product, ProductComponent, ProductFamily, ProductSubfamily
from intergestan_erp.catalogue.catalogue import ProductRow, Put, ids_by_code, put_coded, put_products

_DROP_COMPONENTS: Final = delete(ProductComponent).where(
    row_among((ProductComponent.product_id, ProductComponent.component_id), "pairs")
)


@dataclass(frozen=True, slots=True)
class Family:
    """A family of products."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Subfamily:
    """A sub-family; `family` is the code of the one it is in."""

    code: str
    name: str
    family: str


@dataclass(frozen=True, slots=True)
class Component:
    """So much of one product is in one unit of another; both are codes."""

    product: str
    component: str
    quantity: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What a file says, or all that a base has, sorted by code.

    :ivar components: all that its products are made of; None when nothing is said about that.
    """

    families: tuple[Family, ...] = ()
    subfamilies: tuple[Subfamily, ...] = ()
    products: tuple[ProductRow, ...] = ()
    components: tuple[Component, ...] | None = None

    def as_buyer(self) -> Catalogue:
        """The catalogue of a site that buys from the one whose this is: it pays what that one asks."""
        products = tuple(replace(product, purchase_price=product.sale_price) for product in self.products)
        return replace(self, products=products)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCodes:
    """What a base has already: what a file may refer to without bringing it along.

    :ivar homes: the family of each sub-family; `made_of`: the components of each product that has some.
    """

    families: frozenset[str] = frozenset()
    homes: Mapping[str, str] = field(default_factory=dict)
    products: frozenset[str] = frozenset()
    made_of: Mapping[str, frozenset[str]] = field(default_factory=dict)


def read_catalogue(connection: Connection) -> Catalogue:
    """All that the base has. A product in a sub-family is in that sub-family's family."""
    families = connection.execute(select(ProductFamily.code, ProductFamily.name).order_by(ProductFamily.code))
    return Catalogue(
        families=tuple(Family(*row) for row in families),
        subfamilies=tuple(Subfamily(row.code, row.name, row.family) for row in _subfamilies(connection)),
        products=tuple(ProductRow(**row._asdict()) for row in connection.execute(_products())),
        components=tuple(Component(*row) for row in connection.execute(_components())),
    )


def read_known(connection: Connection) -> KnownCodes:
    """The codes of the base."""
    made_of: dict[str, set[str]] = {}
    for product, component, _ in connection.execute(_components()):
        made_of.setdefault(product, set()).add(component)
    return KnownCodes(
        families=frozenset(connection.execute(select(ProductFamily.code)).scalars()),
        homes={row.code: row.family for row in _subfamilies(connection)},
        products=frozenset(connection.execute(select(Product.code)).scalars()),
        made_of={product: frozenset(components) for product, components in made_of.items()},
    )


def put_catalogue(connection: Connection, catalogue: Catalogue) -> dict[str, Put]:
    """Enter a catalogue, or bring what has the same codes up to date; what it does not name stays as it is.

    Where it has components, they are all that its products are made of. A code that it refers to must be in it
    or in the base: the reader of the file has checked that.

    :returns: by subject what was new, changed and equal.
    """
    families = [{"code": family.code, "name": family.name} for family in catalogue.families]
    done = {"families": put_coded(connection, ProductFamily, families)}
    homes = ids_by_code(connection, ProductFamily, {each.family for each in catalogue.subfamilies})
    subfamilies = [
        {"code": each.code, "name": each.name, "family_id": homes[each.family]} for each in catalogue.subfamilies
    ]
    done["subfamilies"] = put_coded(connection, ProductSubfamily, subfamilies)
    done["products"] = put_products(connection, catalogue.products)
    if catalogue.components is not None:
        done["components"] = _put_components(connection, catalogue.products, catalogue.components)
    return done


def foresee_catalogue(connection: Connection, catalogue: Catalogue) -> dict[str, Put]:
    """What `put_catalogue` would do; nothing of it stays. Takes the same locks until the transaction ends.

    :returns: as `put_catalogue`.
    """
    savepoint = connection.begin_nested()
    try:
        return put_catalogue(connection, catalogue)
    finally:
        savepoint.rollback()


def _subfamilies(connection: Connection) -> Sequence[Row[str, str, str]]:
    query = select(ProductSubfamily.code, ProductSubfamily.name, ProductFamily.code.label("family"))
    joined = query.join(ProductFamily, ProductFamily.id == ProductSubfamily.family_id)
    return connection.execute(joined.order_by(ProductSubfamily.code)).all()


def _products() -> Select[*tuple[object, ...]]:
    home = ProductFamily.__table__.alias()
    return (
        select(
            *(Product.code, Product.name, Product.unit, Product.gtin, Product.sale_price, Product.purchase_price),
            *(Product.vat_category, Product.vat_rate, Product.active),
            (Product.supply == Supply.SERVICES).label("service"),
            func.coalesce(home.c.code, ProductFamily.code).label("family"),
            ProductSubfamily.code.label("subfamily"),
        )
        .outerjoin(ProductFamily, ProductFamily.id == Product.family_id)
        .outerjoin(ProductSubfamily, ProductSubfamily.id == Product.subfamily_id)
        .outerjoin(home, home.c.id == ProductSubfamily.family_id)
        .order_by(Product.code)
    )


def _components() -> Select[Any]:
    product, component = (Product.__table__.alias(name) for name in ("product", "component"))
    return (
        select(product.c.code, component.c.code, ProductComponent.quantity)
        .join(product, product.c.id == ProductComponent.product_id)
        .join(component, component.c.id == ProductComponent.component_id)
        .order_by(product.c.code, component.c.code)
    )


def _put_components(connection: Connection, products: Sequence[ProductRow], said: Sequence[Component]) -> Put:
    """Make the compositions of these products, and of those that `said` names, what it says."""
    codes = {row.code for row in products} | {code for each in said for code in (each.product, each.component)}
    ids = ids_by_code(connection, Product, codes)
    wanted = {(ids[each.product], ids[each.component]): each.quantity for each in said}
    concerned = {ids[row.code] for row in products} | {product_id for product_id, _ in wanted}
    before = {
        (row.product_id, row.component_id): row.quantity
        for row in connection.execute(select(ProductComponent.__table__))
        if row.product_id in concerned
    }
    other = [pair for pair, quantity in before.items() if wanted.get(pair) != quantity]
    if other:
        connection.execute(_DROP_COMPONENTS, {"pairs": sorted(other)})
    new = [pair for pair in sorted(wanted) if before.get(pair) != wanted[pair]]
    if new:
        rows = [{"product_id": pair[0], "component_id": pair[1], "quantity": wanted[pair]} for pair in new]
        connection.execute(insert(ProductComponent), rows)
    added = len(wanted.keys() - before.keys())
    return Put(added, len(other), len(wanted) - len(new))
