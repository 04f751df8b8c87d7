"""Our catalogue beside a partner's: at the prices that we agreed on, within what we let pass."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from intergestan_db.site_rows import read_partner, read_site
from intergestan_erp.catalogue import catalogue_drift
from intergestan_erp.catalogue.catalogue import agreed_prices
from intergestan_erp.catalogue.catalogue_drift import Difference, Digest, Tolerance, compare
from intergestan_erp.catalogue.whole_catalogue import read_catalogue


@dataclass(frozen=True, slots=True)
class Compared:
    """What came of it: so many products were compared, and what differs."""

    count: int
    found: tuple[Difference, ...]

    @property
    def failing(self) -> int:
        """For how many products orders would be held or refused."""
        return len({each.code for each in self.found if each.fails})


def our_catalogue(connection: Connection, partner_id: int | None, *, hashed: bool) -> Digest:
    """Ours, at the prices agreed with a partner; :param hashed: as what tells no price."""
    agreed = agreed_prices(connection, partner_id) if partner_id is not None else {}
    products = read_catalogue(connection).products
    rows = [replace(row, sale_price=agreed.get(row.code, row.sale_price)) for row in products]
    make = catalogue_drift.digest if hashed else catalogue_drift.stated
    return make(read_site(connection).code, rows)


def compared(connection: Connection, theirs: Digest, partner_id: int | None, *, we_buy: bool) -> Compared:
    """Every difference that bears on orders between both sites.

    :param partner_id: whose it is: what we agreed with them counts. :param we_buy: whether the orders are ours to them.
    """
    ours = our_catalogue(connection, None if we_buy else partner_id, hashed=False)
    tolerance = None
    if partner_id is not None:
        row = read_partner(connection, partner_id)
        tolerance = Tolerance(row.price_tolerance, row.price_tolerance_percent)
    found = tuple(compare(ours, theirs, we_buy=we_buy, tolerance=tolerance))
    return Compared(len((ours if we_buy else theirs).products), found)
