"""The catalogue of fees, and what new customers bear of it (T16, T17)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Connection, select

from intergestan_db.database import Database
from intergestan_db.enums import FeeKind
from intergestan_db.problem import Problem
from intergestan_db.tables import Event, Fee, Party, PartyFee
from intergestan_erp.listing.fees import list_fees
from intergestan_erp.parties.fees import FeeValues, add_fee, borne_by, fee_code, proposed_to, set_fee
from intergestan_erp.parties.parties import NewParty, PartyRules, add_parties, set_party
from intergestan_erp.site.preferences import read_preferences, read_texts, set_preference
from tests.site_factories import NOW, SiteToTest

WHO: dict[str, Any] = {"by": "marie", "at": NOW}
RULES = PartyRules(fees=("PORT", "GESTION"), minimum_order=Decimal(100))


def a_fee(code: str, amount: str = "0", percent: str = "0", **values: Any) -> FeeValues:
    return FeeValues(
        **{
            "code": code,
            "name": code.title(),
            "kind": FeeKind.OTHER,
            "amount": Decimal(amount),
            "percent": Decimal(percent),
            "vat_category": "S",
            "vat_rate": Decimal(20),
            **values,
        }
    )


@pytest.fixture
def catalogue(database: Database) -> Database:
    """A base with the fees PORT (7,50), GESTION (2 %) and PETITE (15,00)."""
    with database.transaction() as connection:
        for fee in (a_fee("PORT", "7.50", kind=FeeKind.PORT), a_fee("GESTION", percent="2"), a_fee("PETITE", "15")):
            add_fee(connection, fee, **WHO)
    return database


def customer(connection: Connection, code: str = "DUP", **values: Any) -> int:
    party = NewParty(code=code, name=code, **{"is_customer": True, **values})
    return add_parties(connection, [party], RULES, **WHO)[0].id


def borne(connection: Connection, party_id: int) -> dict[str, Any]:
    return {fee.code: (fee.amount, fee.percent) for fee in borne_by(connection, party_id)}


def test_fees_are_entered_changed_and_listed(catalogue: Database) -> None:
    """T17: SOCIETE > Frais; a fee has a VAT category, and is an amount or a percentage."""
    with catalogue.transaction() as connection:
        set_fee(connection, "petite", {"amount": Decimal(12), "active": False}, **WHO)
        set_fee(connection, "petite", {"amount": Decimal(12)}, **WHO)  # changes nothing
        assert [(fee.code, fee.kind) for fee in list_fees(connection).rows] == [("GESTION", "other"), ("PORT", "port")]
        page = list_fees(connection, everything=True, size=2)
        assert [fee.code for fee in page.rows] == ["GESTION", "PETITE"]
        (last,) = list_fees(connection, everything=True, size=2, after=page.after).rows
        assert (last.code, last.amount, last.vat_category, last.vat_rate) == ("PORT", Decimal("7.50"), "S", Decimal(20))
        (detail,) = connection.execute(
            select(Event.detail).where(Event.subject == "fee", Event.name == "set")
        ).scalars()
    assert detail == {"amount": ["15.00", "12"], "active": [True, False]}


@pytest.mark.parametrize(
    ("fee", "words"),
    [
        (a_fee("PORT", "1"), "already a fee «PORT»"),
        (a_fee("X", "1", "1"), "not both"),
        (a_fee("X", "-0.01"), "not below 0"),
        (a_fee("X", "0.001"), "at most 2 decimals"),
        (a_fee("X", percent="100.01"), "between 0 and 100"),
        (a_fee("X", percent="-1"), "between 0 and 100"),
    ],
)
def test_what_is_no_fee(catalogue: Database, fee: FeeValues, words: str) -> None:
    """T17."""
    with pytest.raises(Problem, match=words), catalogue.transaction() as connection:
        add_fee(connection, fee, **WHO)


@pytest.mark.parametrize("text", ["", "É", "A B", "X" * 21, "A=B", "A,B"])
def test_what_is_no_code(text: str) -> None:
    """T17: a code stands in options and in lists with commas."""
    with pytest.raises(Problem, match="not the code of a fee"):
        fee_code(text)


def test_what_a_new_customer_bears(catalogue: Database) -> None:
    """T16, D22: the site's fees and minimum are copied to the card; what a person says wins; suppliers get none."""
    with catalogue.transaction() as connection:
        usual = customer(connection)
        own = customer(connection, "OWN", fees={"PORT": Decimal(5), "PETITE": None}, minimum_order=Decimal(0))
        none = customer(connection, "NONE", fees={"PORT": None}, proposed_fees=False)
        supplier = customer(connection, "SUP", is_customer=False, is_supplier=True)
        assert borne(connection, usual) == {"GESTION": (None, 2), "PORT": (Decimal("7.50"), 0)}
        assert borne(connection, own) == {"GESTION": (None, 2), "PETITE": (15, 0), "PORT": (5, 0)}
        assert borne(connection, none) == {"PORT": (Decimal("7.50"), 0)}
        assert borne(connection, supplier) == {}
        minimums = connection.execute(select(Party.minimum_order).order_by(Party.id)).scalars().all()
        assert minimums == [100, 0, 100, None]
        set_fee(connection, "PORT", {"active": False}, **WHO)
        assert [fee.code for fee in proposed_to(connection, usual)] == ["GESTION"]
        assert "PORT" in borne(connection, usual)  # it stays where it is
        assert borne(connection, customer(connection, "LATER")) == {"GESTION": (None, 2)}
        with pytest.raises(Problem, match="PORT is switched off"):
            customer(connection, "NOW", fees={"PORT": None})


def test_a_customer_bears_other_fees(catalogue: Database) -> None:
    """T16: added, with another amount, taken away; who becomes a customer gets what new customers get."""
    with catalogue.transaction() as connection:
        party_id = customer(connection)
        set_party(connection, party_id, {"minimum_order": None}, RULES, fees={"PORT": Decimal(6)}, **WHO)
        assert borne(connection, party_id) == {"GESTION": (None, 2), "PORT": (6, 0)}
        set_party(connection, party_id, {}, RULES, fees={"PETITE": None}, only_these_fees=True, **WHO)
        assert borne(connection, party_id) == {"PETITE": (15, 0)}
        set_party(connection, party_id, {}, RULES, fees={"PETITE": None}, only_these_fees=True, **WHO)
        details = connection.execute(select(Event.detail).where(Event.subject == "party", Event.name == "set"))
        assert details.scalars().all() == [
            {"minimum_order": ["100.00", None], "fees": ["GESTION", "PORT"]},
            {"fees": ["PETITE"]},
        ]
        other = customer(connection, "SUP", is_customer=False, is_supplier=True)
        with pytest.raises(Problem, match="SUP is none"):
            set_party(connection, other, {}, RULES, fees={"PORT": None}, **WHO)
        set_party(connection, other, {"is_customer": True}, RULES, **WHO)
        assert set(borne(connection, other)) == {"GESTION", "PORT"}
        assert connection.execute(select(Party.minimum_order).where(Party.id == other)).scalar() == 100


def test_no_fee_is_asked_for_where_there_is_none(database: Database) -> None:
    """T16: without a choice a new customer bears nothing."""
    with database.transaction() as connection:
        add_parties(connection, [NewParty(code="A", name="A", is_customer=True)], PartyRules(), **WHO)
        assert connection.execute(select(PartyFee.party_id)).all() == []
        assert connection.execute(select(Party.minimum_order)).scalar() is None


@pytest.mark.mainly_on("postgresql")
def test_the_settings_of_fees(a_site: SiteToTest) -> None:
    """T16, D19: codes of fees that there are, an amount as people write it; nothing changes where one is none."""
    with a_site.database.transaction() as connection:
        add_fee(connection, a_fee("PORT", "7.50"), **WHO)
        set_preference(connection, "fees.default", " port , PORT", **WHO)
        set_preference(connection, "orders.minimum_default", "1 234,5", **WHO)
        set_preference(connection, "orders.minimum_fee", "port", **WHO)
        texts = read_texts(connection)
        names = ("fees.default", "orders.minimum_default", "orders.minimum_fee")
        assert [texts[name] for name in names] == ["PORT", "1234.50", "PORT"]
        chosen = read_preferences(connection)
        assert (chosen.rules.fees, chosen.rules.minimum_order, chosen.minimum_fee) == (
            ("PORT",),
            Decimal("1234.50"),
            "PORT",
        )
        for name, value, words in (
            ("fees.default", "PORT,PETITE", "no fee «PETITE»"),
            ("orders.minimum_fee", "PROT", "Did you mean «PORT»"),
            ("orders.minimum_default", "-1", "not an amount"),
            ("orders.minimum_default", "1,234", "may be"),
        ):
            with pytest.raises(Problem, match=words):
                set_preference(connection, name, value, **WHO)
        assert read_texts(connection) == texts
        for name in names:
            set_preference(connection, name, "", **WHO)
        assert read_preferences(connection).rules.fees == ()
        assert connection.execute(select(Fee.code)).scalars().all() == ["PORT"]
