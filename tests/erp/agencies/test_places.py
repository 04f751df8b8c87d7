"""Where something is done: what a call carries, and what is proposed to a person."""

from __future__ import annotations

from decimal import Decimal

from intergestan_db.database import Database
from intergestan_db.tables import Event, StockMove
from intergestan_erp.agencies.depots import set_depot
from intergestan_erp.agencies.places import choose_place, place_of
from intergestan_erp.stock.entry import Goods, receive
from tests.erp.agencies.three_agencies import Agencies


def test_a_choice_in_another_window(base: Database) -> None:
    """A24, D62: what was begun at a place is done there, whatever its user chose meanwhile; each choice is noted."""
    agencies = Agencies(base)
    shown = agencies.at("RD")
    agencies.did(choose_place, agencies.site.user_id, shown)
    agencies.did(choose_place, agencies.site.user_id, agencies.at("ABL"))
    agencies.did(receive, shown, [Goods("ALB0002", Decimal(1))])
    assert [row.depot_id for row in agencies.rows(StockMove)] == [agencies.depot_id("RD")]
    assert agencies.asked(place_of, "marie") == agencies.at("ABL")
    noted = [row.detail for row in agencies.rows(Event, subject="user", name="set")]
    assert noted == [{"here": "2/RD"}, {"here": "3/ABL"}]


def test_a_chosen_place_that_is_closed(base: Database) -> None:
    """A24: a depot that was taken out of use is proposed to nobody; neither is one to somebody unknown."""
    agencies = Agencies(base)
    agencies.did(choose_place, agencies.site.user_id, agencies.at("ABL"))
    agencies.did(set_depot, "ABL", {"active": False})
    assert agencies.asked(place_of, "marie") is None
    assert agencies.asked(place_of, "nobody") is None
