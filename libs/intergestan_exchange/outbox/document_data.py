"""What our documents lack for the software of others (Peppol BIS 3): data that nobody can make up.

Sites of ours read such documents all the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from intergestan_db.database import AnyRow
from intergestan_db.problem import Remark
from intergestan_db.site_rows import read_site
from intergestan_db.tables import Partner
from intergestan_erp.documents import documents
from intergestan_erp.inputs.units import unit_code
from intergestan_msg.as_peppol import Lack, as_buyer, as_seller, lacking
from intergestan_msg.order import Order


@dataclass(frozen=True, slots=True)
class Lacking:
    """What documents lack, of what: `codes` for programs, `said` for people, each once."""

    codes: tuple[str, ...]
    said: tuple[Remark, ...]


def lacking_in(orders: Iterable[Order]) -> Lacking:
    """What these orders lack."""
    found: dict[tuple[str, str], Remark] = {}
    for order in orders:
        for lack in lacking(order):
            of = order.id if lack is Lack.DELIVERY_COUNTRY else ""
            found.setdefault((lack, of), _said(lack, order))
        for line in order.lines:
            if line.unit is not None and unit_code(line.unit) != line.unit:
                found.setdefault(("unit", line.unit), _unit(line.unit, line.id, order))
    return Lacking(tuple(dict.fromkeys(code for code, _ in found)), tuple(found.values()))


def _said(lack: Lack, order: Order) -> Remark:
    match lack:
        case Lack.BUYER:
            return Remark(None, None, "The documents have no number of ours: a SIRET or a VAT number is missing.")
        case Lack.SELLER:
            return Remark(
                None,
                None,
                "The documents have no number of {supplier}: a SIRET or a VAT number is missing.",
                supplier=order.seller.name,
            )
        case Lack.BUYER_COUNTRY:
            return Remark(None, None, "The documents have no country of ours.")
        case Lack.SELLER_COUNTRY:
            return Remark(None, None, "The documents have no country of {supplier}.", supplier=order.seller.name)
        case Lack.DELIVERY_COUNTRY:
            return Remark(None, None, "The place of delivery of {number} has no country.", number=order.id)


def _unit(unit: str, line_id: str, order: Order) -> Remark:
    return Remark(
        None,
        None,
        "The unit «{unit}» of {number}, line {line}, is none of UN/ECE Recommendation 20.",
        unit=unit,
        number=order.id,
        line=line_id,
    )


@dataclass(frozen=True, slots=True)
class Unidentified:
    """Who lacks what documents need. :ivar partners: their names."""

    is_ours_missing: bool
    partners: tuple[str, ...]


def unidentified(connection: Connection) -> Unidentified:
    """Whether we, and which of the partners in use, have no number or country that a document could name."""
    us = as_buyer(documents.site_party(read_site(connection)))
    partners = connection.execute(select(Partner.__table__).where(Partner.active).order_by(Partner.name)).all()
    return Unidentified(
        is_ours_missing=us.endpoint is None or us.address is None or not us.address.country,
        partners=tuple(_lacking(connection, partners)),
    )


def _lacking(connection: Connection, partners: Iterable[AnyRow]) -> Iterator[str]:
    for row in partners:
        party = as_seller(documents.partner_party(connection, row))
        if party.endpoint is None or party.address is None or not party.address.country:
            yield row.name
