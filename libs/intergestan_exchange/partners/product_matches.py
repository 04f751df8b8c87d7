"""What a partner's product codes mean here, as people said once (`partner match`, and when a hold is released)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from intergestan_db import states
from intergestan_db.file_tables.widths import too_long
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_db.tables import Partner, Product, ProductMatch
from intergestan_erp.inputs.typed_keys import as_stored
from intergestan_msg.identity import nfc
from intergestan_msg.order import OrderLine


def their_code(line: OrderLine) -> str:
    """What a partner calls the product of a line: a code of either side, else its GTIN, else its name."""
    item = line.item
    standard = item.standard_id.value if item.standard_id is not None else None
    return item.sellers_id or item.buyers_id or standard or item.name


def remember_match(
    connection: Connection, partner_id: int, their_code: str, product_id: int, *, by: str, at: datetime
) -> None:
    """From now on this code of the partner's means this product of ours; what it meant before is forgotten.

    :raises Problem: when no document could carry such a code.
    """
    their_code = nfc(their_code)
    if not their_code or too_long_to_keep(their_code):
        raise Problem("«{code}» is no product code: it has 1 to 60 characters.", ProblemCode.NO_VALUE, code=their_code)
    own = ProductMatch.partner_id == partner_id, ProductMatch.their_code == their_code
    changed = connection.execute(update(ProductMatch).where(*own).values(product_id=product_id))
    if not changed.rowcount:
        connection.execute(
            insert(ProductMatch).values(partner_id=partner_id, their_code=their_code, product_id=product_id)
        )
    code = connection.execute(select(Product.code).where(Product.id == product_id)).scalar_one()
    detail = {"their code": their_code, "product": code}
    states.record(connection, Partner.__tablename__, [(partner_id, None, None)], "match", by=by, at=at, detail=detail)


@dataclass(frozen=True, slots=True)
class ListedMatch:
    """Which product of ours a partner's code means."""

    their_code: str
    code: str
    name: str


def list_matches(connection: Connection, partner_id: int) -> list[ListedMatch]:
    """All matches of a partner by their code."""
    query = (
        select(ProductMatch.their_code, Product.code, Product.name)
        .join(Product, Product.id == ProductMatch.product_id)
        .where(ProductMatch.partner_id == partner_id)
    )
    return [ListedMatch(*row) for row in connection.execute(query.order_by(ProductMatch.their_code))]


def find_product(connection: Connection, code: str) -> int:
    """The id of the product in use that has this code.

    :raises Problem: when there is none.
    """
    meant = as_stored(connection, code, Product.code)
    query = select(Product.id).where(Product.code == meant, Product.active)
    product_id = connection.execute(query).scalar_one_or_none()
    if product_id is None:
        raise Problem("There is no product {code} in use.", ProblemCode.NO_PRODUCT, (Act.IMPORT_CATALOGUE,), code=code)
    return product_id


def too_long_to_keep(code: str) -> bool:
    """Whether the code does not fit where it would be kept."""
    return any(too_long(ProductMatch, {"their_code": code}))
