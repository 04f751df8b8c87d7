"""What would become of an order of which not all is there, before it is entered: who says so, and what (A39)."""

from __future__ import annotations

from typing import Final

from sqlalchemy import Connection, bindparam, func, select

from intergestan_db.tables import Address, Dossier, Establishment, Party
from intergestan_erp.agencies.places import Place
from intergestan_erp.parties.addresses import main_address
from intergestan_erp.picking.cascade import Counting, what_counts

_OWN: Final = main_address()
_STANDS: Final = (
    select(Dossier.incomplete, Party.incomplete, Address.incomplete, Dossier.manage_stock)
    .select_from(Establishment.__table__)
    .join(Dossier, Dossier.id == Establishment.dossier_id)
    .join(Party, Party.id == bindparam("customer"))
    .outerjoin(_OWN, _OWN.c.party_id == Party.id)
    .outerjoin(
        Address,
        (Address.party_id == Party.id)
        & (Address.id == func.coalesce(bindparam("address", type_=Address.id.type), _OWN.c.id)),
    )
    .where(Establishment.id == bindparam("establishment"))
)


def read_inherited(
    connection: Connection, customer_id: int, place: Place, address_id: int | None = None
) -> Counting | None:
    """What counts for the next order of a customer at a place, as long as the order says nothing itself; None where no
    stock is managed.

    :param address_id: to which address it goes; None: the customer's own.
    """
    values = {"customer": customer_id, "address": address_id, "establishment": place.establishment_id}
    dossier, customer, address, manages = connection.execute(_STANDS, values).one()
    return what_counts(dossier, customer, address, None) if manages else None
