"""Which orders the sending screen shows, and what a person may do to them (G09–G13, D1)."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from intergestan_db import states
from intergestan_db.database import Database
from intergestan_db.enums import PartyRole, PurchaseState
from intergestan_db.problem import Problem
from intergestan_db.tables import PurchaseOrder
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.purchasing import purchase_orders as purchase
from intergestan_erp.purchasing.purchase_orders import Selection, select_orders
from intergestan_erp.site.setup import add_user, find_user
from tests.site_factories import NOVEMBER, NOW, SiteToTest, add_party, make_site

ORDERS = (
    ("CFR1", "2020-11-15", "STAUBER", "marie", "confirmed"),
    ("CFR2", "2020-11-19", "STAUBER", "paul", "confirmed"),
    ("CFR3", "2020-11-01", "STAUBER", None, "confirmed"),
    ("CFR4", "2020-11-30", "STAUBER", None, "confirmed"),
    ("CFR5", "2020-10-31", "STAUBER", None, "confirmed"),
    ("CFR6", "2020-12-01", "STAUBER", None, "confirmed"),
    ("CFR7", "2020-11-15", "STAUBER", None, "draft"),
    ("CFR8", "2020-11-15", "STAUBER", None, "transmitting"),
    ("CFR9", "2020-11-15", "STAUBER", None, "waiting"),
    ("CFR10", "2020-11-15", "STAUBER", None, "accepted"),
    ("CFR11", "2020-11-15", "MULLER", None, "confirmed"),
)


@pytest.fixture
def shop(database: Database) -> SiteToTest:
    site = make_site(database)
    with database.transaction() as connection:
        add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
        suppliers = {
            "STAUBER": add_party(
                connection,
                NewParty(
                    code="STAUBER",
                    name="STAUBER",
                    is_supplier=True,
                    postcode="88100",
                    city="PAIR ET GRANDRUPT",
                    contact="M. Wilfried ZWILLIG",
                ),
            ),
            "MULLER": add_party(connection, NewParty(code="MULLER", name="Muller", is_supplier=True)),
        }
        for number, day, supplier, login, state in ORDERS:
            add_order(
                connection,
                number,
                issue_date=date.fromisoformat(day),
                supplier_id=suppliers[supplier],
                followed_by_id=find_user(connection, login) if login else None,
                state=state,
            )
    return site


def add_order(connection: Connection, number: str, **values: Any) -> None:
    amounts = {"total_ht": 180, "total_vat": 36, "total_ttc": 216}
    row = {"number": number, "currency": "EUR", "created_at": NOW, "updated_at": NOW, "note": "Matériel cuisine"}
    from decimal import Decimal

    totals = {name: Decimal(amount) for name, amount in amounts.items()}
    connection.execute(insert(PurchaseOrder).values(**row, **totals, **values))


def numbers(site: SiteToTest, **wanted: Any) -> list[str]:
    with site.database.read() as connection:
        return [row.number for row in select_orders(connection, Selection(**wanted))]


def state_of(site: SiteToTest, number: str) -> tuple[str, int]:
    with site.database.read() as connection:
        query = select(PurchaseOrder.state, PurchaseOrder.version).where(PurchaseOrder.number == number)
        state, version = connection.execute(query).one()
        return state, version


def test_both_ends_of_the_range_are_in(shop: SiteToTest) -> None:
    """G09: 01/11/2020–30/11/2020, both ends in."""
    first, last = NOVEMBER
    assert numbers(shop, first=first, last=last) == ["CFR3", "CFR1", "CFR11", "CFR2", "CFR4"]


def test_open_ends(shop: SiteToTest) -> None:
    assert numbers(shop, last=date(2020, 11, 1)) == ["CFR5", "CFR3"]
    assert numbers(shop, first=date(2020, 11, 30)) == ["CFR4", "CFR6"]


def test_only_what_can_be_sent_is_shown(shop: SiteToTest) -> None:
    """G12: neither drafts nor transmitted orders."""
    shown = numbers(shop)
    assert not {"CFR7", "CFR8", "CFR9", "CFR10"} & set(shown)
    assert len(shown) == 7


def test_everything_in_range_with_its_state(shop: SiteToTest) -> None:
    """D1: *tout voir* shows drafts and transmitted orders too, each with its status."""
    first, last = NOVEMBER
    with shop.database.read() as connection:
        rows = select_orders(connection, Selection(first=first, last=last, everything=True))
    assert {row.number: row.state for row in rows} == {
        number: state for number, day, _, _, state in ORDERS if day.startswith("2020-11")
    }


def test_one_supplier(shop: SiteToTest) -> None:
    """G09: the combo Fournisseur."""
    with shop.database.read() as connection:
        muller = one_party(connection, "Muller", PartyRole.SUPPLIER).id
    assert numbers(shop, supplier_id=muller) == ["CFR11"]


def test_who_follows_it(shop: SiteToTest) -> None:
    """G09: the combo Suivi; all by default."""
    with shop.database.read() as connection:
        paul = find_user(connection, "paul")
    assert numbers(shop, followed_by_id=paul) == ["CFR2"]
    assert {"CFR1", "CFR2", "CFR3"} <= set(numbers(shop))


def test_the_columns_of_the_screen(shop: SiteToTest) -> None:
    """G10, G11: the columns, in the words of the reference row."""
    with shop.database.read() as connection:
        row = next(row for row in select_orders(connection, Selection()) if row.number == "CFR1")
    shown = ("number", "issue_date", "note", "total_ht", "total_ttc", "state", "contact", "supplier")
    assert [getattr(row, name) for name in (*shown, "line1", "postcode", "city")] == [
        *("CFR1", date(2020, 11, 15), "Matériel cuisine", 180, 216, "confirmed", "M. Wilfried ZWILLIG", "STAUBER"),
        *(None, "88100", "PAIR ET GRANDRUPT"),
    ]


def test_taking_rows_out_deletes_nothing(shop: SiteToTest) -> None:
    """G13: Enlever is the caller's own subtraction; a new Afficher brings the rows back."""
    shown = numbers(shop)
    chosen = [number for number in shown if number != "CFR1"]
    assert "CFR1" not in chosen
    assert numbers(shop) == shown


def move(site: SiteToTest, event: str, wanted: Sequence[str]) -> None:
    with site.database.transaction() as connection:
        getattr(purchase, event)(connection, wanted, by="marie", at=NOW)


def test_confirming_and_back(shop: SiteToTest) -> None:
    move(shop, "confirm", ["CFR7"])
    assert state_of(shop, "CFR7") == ("confirmed", 2)
    move(shop, "unconfirm", ["CFR7", "CFR1"])
    assert state_of(shop, "CFR7") == ("draft", 3)
    assert state_of(shop, "CFR1") == ("draft", 2)


@pytest.mark.parametrize(
    ("event", "wanted", "named"),
    [
        ("confirm", ["CFR7", "CFR1"], "CFR1: confirmed"),
        ("unconfirm", ["CFR1", "CFR9"], "CFR9: waiting"),
        ("unconfirm", ["CFR8"], "CFR8: transmitting"),
        ("confirm", ["CFR7", "CFR99"], "CFR99"),
    ],
)
def test_all_or_none(shop: SiteToTest, event: str, wanted: list[str], named: str) -> None:
    """D1: a draft can't be sent, and what was transmitted is no draft again."""
    before = [state_of(shop, number) for number in wanted if number != "CFR99"]
    with pytest.raises(Problem, match=named):
        move(shop, event, wanted)
    assert [state_of(shop, number) for number in wanted if number != "CFR99"] == before


def test_a_stale_selection_is_seen(shop: SiteToTest) -> None:
    """Somebody else moved the order between the look and the move: nothing changes."""
    with shop.database.read() as connection:
        ids = purchase.find_orders(connection, ["CFR1"])
    with shop.database.transaction() as connection:
        states.move(connection, states.PURCHASE_ORDER, ids.values(), "request", by="paul", at=NOW)
    with pytest.raises(states.StaleState), shop.database.transaction() as connection:
        states.move(connection, states.PURCHASE_ORDER, ids.values(), "unconfirm", by="marie", at=NOW)
    assert state_of(shop, "CFR1")[0] == PurchaseState.TRANSMITTING
