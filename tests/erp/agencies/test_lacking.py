"""What orders between agencies would lack is said before anybody makes one."""

from __future__ import annotations

from intergestan_db.database import Database
from intergestan_db.enums import CategoryKind
from intergestan_erp.agencies.codes import Mark, add_category
from intergestan_erp.agencies.depots import set_depot
from intergestan_erp.agencies.establishments import set_establishment
from intergestan_erp.agencies.lacking import Lacking, lacking
from tests.erp.agencies.three_agencies import Agencies


def test_what_is_missing(base: Database) -> None:
    """A16, A17, A18: depots without a side, categories; one establishment alone lacks nothing."""
    agencies = Agencies(base)
    both = ("customer", "supplier")
    (found,) = agencies.asked(lacking)
    assert found == Lacking(1, tuple((code, both) for code in ("AB", "ABL", "PRINCIPAL", "RD")), ("party", "document"))
    agencies.tie("AB", agencies.party("AG1"))
    agencies.did(set_depot, "PRINCIPAL", {"active": False})
    agencies.did(set_depot, "RD", {"supplier_party_id": agencies.party("AG2", customer=False)})
    for mark in (Mark("AG", "Agences", CategoryKind.PARTY), Mark("IA", "Inter-agences", CategoryKind.DOCUMENT)):
        agencies.did(add_category, mark)
    agencies.set(party_category="AG", document_category="IA")
    (found,) = agencies.asked(lacking)
    assert (found.depots, found.categories) == ((("ABL", both), ("RD", ("customer",))), ())
    agencies.set(manage_reservations=False)
    assert agencies.asked(lacking) == ()
    agencies.set(manage_reservations=True)
    for number in (2, 3):
        agencies.did(set_establishment, number, {"active": False})
    assert agencies.asked(lacking) == ()
