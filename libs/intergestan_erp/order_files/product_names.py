"""Which product a supplier's name of a thing means, as a person said once: for lines with neither code nor GTIN.

A name alone may mean several things, so nobody guesses; what was said counts for that supplier until it is forgotten.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Row, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Party, Product, ProductName
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_msg.identity import case_key

_SOME = 500
"""How many names are asked for at once."""


@dataclass(frozen=True, slots=True)
class KeptName:
    """A name that is kept."""

    supplier: str
    name: str
    product: str


def thing_key(name: str) -> str:
    """What spellings of a name have in common: letters small or capital, blanks. Nothing else: Ø 8 is not 0 8."""
    return case_key(" ".join(name.split()))


def read_names(connection: Connection, supplier_id: int, names: Iterable[str]) -> dict[str, str]:
    """The codes of the products that these names of a supplier mean, by `thing_key`, as far as anybody said."""
    keys = sorted({thing_key(name) for name in names})
    found: dict[str, str] = {}
    for start in range(0, len(keys), _SOME):
        query = (
            select(ProductName.name_key, Product.code)
            .join(Product, Product.id == ProductName.product_id)
            .where(ProductName.party_id == supplier_id, ProductName.name_key.in_(keys[start : start + _SOME]))
        )
        found |= {row.name_key: row.code for row in connection.execute(query)}
    return found


def keep_name(connection: Connection, supplier_id: int, name: str, code: str, *, by: str, at: datetime) -> None:
    """From now on this name of the supplier's means this product; what it meant before is forgotten.

    :raises Problem: there is no such product in use, or no order could have such a name.
    """
    name = " ".join(name.split())
    kept = {"name": name, "name_key": thing_key(name)}
    if not name or any(too_long(ProductName, kept)):
        raise Problem("«{name}» is no name of a thing: it has 1 to 400 characters.", ProblemCode.NO_VALUE, name=name)
    own = ProductName.party_id == supplier_id, ProductName.name_key == kept["name_key"]
    product = _product(connection, code)
    values = {"name": name, "product_id": product.id}
    before = connection.execute(select(ProductName.name, ProductName.product_id).where(*own)).first()
    if before is not None and (before.name, before.product_id) == (values["name"], values["product_id"]):
        return
    if before is None:
        connection.execute(insert(ProductName).values(party_id=supplier_id, **kept, product_id=values["product_id"]))
    else:
        connection.execute(update(ProductName).where(*own).values(**values))
    _record(connection, supplier_id, "match", {"name": name, "product": product.code}, by, at)


def forget_name(connection: Connection, supplier_id: int, name: str, *, by: str, at: datetime) -> None:
    """From now on nobody has said what this name of the supplier's means; orders that were entered stay what they are.

    :raises Problem: nobody had.
    """
    own = ProductName.party_id == supplier_id, ProductName.name_key == thing_key(name)
    if not connection.execute(delete(ProductName).where(*own)).rowcount:
        raise Problem("Nothing is kept of «{name}».", ProblemCode.NO_VALUE, name=name)
    _record(connection, supplier_id, "forget match", {"name": name}, by, at)


def change_names(
    database: Database, supplier_id: int, meant: Mapping[str, str], forgotten: Iterable[str] = (), *, by: str
) -> None:
    """Forget some names of a supplier's and keep others, by name the code of a product: all of it or nothing.

    :raises Problem: one cannot be forgotten or kept.
    """
    forgotten = tuple(forgotten)
    for last_try in (False, True):
        try:
            with database.transaction() as connection:
                for name in forgotten:
                    forget_name(connection, supplier_id, name, by=by, at=database.now())
                for name, code in meant.items():
                    keep_name(connection, supplier_id, name, code, by=by, at=database.now())
        except IntegrityError:
            if last_try:
                raise  # somebody kept the same name a moment ago: the second look sees it
        else:
            return


def list_names(connection: Connection, supplier_id: int | None = None) -> Sequence[KeptName]:
    """All that are kept, of one supplier or of all, by supplier and name."""
    query = (
        select(Party.code, ProductName.name, Product.code)
        .join(Party, Party.id == ProductName.party_id)
        .join(Product, Product.id == ProductName.product_id)
        .order_by(Party.code, ProductName.name_key)
    )
    if supplier_id is not None:
        query = query.where(ProductName.party_id == supplier_id)
    return [KeptName(*row) for row in connection.execute(query)]


def _product(connection: Connection, code: str) -> Row[int, str]:
    meant = as_stored(connection, code, Product.code)
    found = connection.execute(select(Product.id, Product.code).where(Product.code == meant, Product.active)).first()
    if found is None:
        raise Problem("There is no product {code} in use.", ProblemCode.NO_PRODUCT, (Act.IMPORT_CATALOGUE,), code=code)
    return found


def _record(
    connection: Connection, supplier_id: int, event: str, detail: Mapping[str, str], by: str, at: datetime
) -> None:
    states.record(connection, Party.__tablename__, [(supplier_id, None, None)], event, by=by, at=at, detail=detail)
