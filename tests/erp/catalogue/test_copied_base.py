"""A new site from a copy of another's base: products and third parties come along, nothing of the exchange (G06)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from intergestan_db import migrate
from intergestan_db.database import Database
from intergestan_db.enums import FeeKind
from intergestan_db.problem import Problem
from intergestan_db.tables import (
    Account,
    Address,
    Contact,
    Fee,
    NumberSeries,
    Partner,
    PartnerKey,
    Party,
    PartyWord,
    PaymentTerm,
    Setting,
    Site,
    Table,
    User,
)
from intergestan_erp.catalogue.copied_base import put_copy, read_copy
from intergestan_erp.catalogue.whole_catalogue import put_catalogue, read_catalogue
from intergestan_erp.geo.rule import GeoRule, MapRule
from intergestan_erp.parties.fees import FeeValues, add_fee, borne_by
from intergestan_erp.parties.parties import NewParty, add_parties
from intergestan_erp.parties.search import find_parties
from intergestan_erp.site.preferences import read_preferences, set_preference
from intergestan_erp.terms.due import TermLine
from intergestan_erp.terms.stored import add_term, read_terms, term_called
from intergestan_msg.money import ONE, ZERO
from tests.erp.catalogue.test_catalogue_file import SHOP
from tests.site_factories import NOW, SiteToTest, add_party, make_site

TAKEN = {
    *("product_family", "product_subfamily", "product", "product_component", "party", "address", "contact"),
    *("account", "party_account", "party_word", "account_word", "setting", "payment_term", "payment_term_line"),
    *("fee", "party_fee"),
}
MADE = {
    *("site", "user", "user_role", "user_right", "number_series", "event", "high_water", "alembic_version"),
    "resting_count",
    *("dossier", "accounting_folder", "establishment", "depot", "operation_code"),
}


@pytest.fixture
def central(paired_sites: tuple[SiteToTest, SiteToTest]) -> SiteToTest:
    """The logistics base with a partner, a catalogue, and a supplier of its own."""
    _, base = paired_sites
    with base.database.transaction() as connection:
        put_catalogue(connection, SHOP)
        party = NewParty(code="F1", name="Fonderie", is_supplier=True, line1="1 rue", city="Lyon", contact="Luc")
        add_party(connection, party)
        set_preference(connection, "codes.mode", "automatic", by="test", at=NOW)
        add_term(connection, "2X", "Deux fois", [TermLine(Decimal(50), days) for days in (0, 30)], by="test", at=NOW)
        for code, name in (("3F", "Trois"), ("4F", "Quatre")):
            term = term_called(connection, "2X" if code == "3F" else "60J")
            add_party(connection, NewParty(code=code, name=name, is_customer=True, payment_term_id=term.id))
        set_preference(connection, "terms.default", "2X", by="test", at=NOW)
        for code in ("PORT", "GEST"):  # the copy has them by code, and so with other ids
            fee = FeeValues(code, code.title(), FeeKind.PORT, ONE, ZERO, "S", Decimal(20))
            add_fee(connection, fee, by="test", at=NOW)
        set_preference(connection, "fees.default", "GEST,PORT", by="test", at=NOW)
        customer = NewParty(code="C1", name="Client", is_customer=True, minimum_order=ONE, fees={"PORT": Decimal(5)})
        add_parties(connection, [customer], read_preferences(connection).rules, by="test", at=NOW)
    return base


def source(site: SiteToTest) -> str:
    return site.database.url.removeprefix("sqlite:///")


def test_what_a_copy_gives(central: SiteToTest, make_database: Callable[[str], Database]) -> None:
    """G06, T16: from a file or a URL; identity, key, epoch and numbers are new, the exchange is empty."""
    copied = read_copy(source(central))
    site = make_site(make_database("new"), "Colmar")
    with site.database.transaction() as connection:
        put_copy(connection, copied)
    with central.database.read() as theirs, site.database.read() as ours:
        assert read_catalogue(ours) == read_catalogue(theirs).as_buyer()
        for columns in (
            (Party.code, Party.name, Party.is_customer, Party.is_supplier, Party.siret),
            (Address.line1, Address.city, Address.kind),
            (Contact.name,),
            (Account.kind, Account.number, Account.title),
            (PartyWord.word, PartyWord.field, PartyWord.later, PartyWord.roles),
            (Party.code, Party.minimum_order),
            (Fee.code, Fee.name, Fee.amount, Fee.vat_category, Fee.vat_rate, Fee.active),
        ):
            assert sorted(map(repr, ours.execute(select(*columns)))) == sorted(
                map(repr, theirs.execute(select(*columns)))
            )
        assert read_preferences(ours) == read_preferences(theirs)
        assert read_preferences(ours).term == "2X"
        shown = [[(term.code, term.lines) for term in read_terms(connection)] for connection in (ours, theirs)]
        assert shown[0] == shown[1]
        with_term = select(Party.code, PaymentTerm.code).join(PaymentTerm, PaymentTerm.id == Party.payment_term_id)
        assert {row[0]: row[1] for row in ours.execute(with_term)} == {"3F": "2X", "4F": "60J"}
        for base in (theirs, ours):
            party_id = base.execute(select(Party.id).where(Party.code == "C1")).scalar_one()
            assert [(fee.code, fee.amount) for fee in borne_by(base, party_id)] == [("GEST", ONE), ("PORT", Decimal(5))]
        assert [each.account for each in find_parties(ours, "fond").found] == ["401F1"]
        assert set(ours.execute(select(Setting.name)).scalars()) == {"codes.mode", "terms.default", "fees.default"}
        assert ours.execute(select(Site.code)).scalar_one() == site.code != central.code
        assert ours.execute(select(Site.key_fingerprint)).scalar_one() == site.key.public.kid
        assert set(ours.execute(select(NumberSeries.next_number)).scalars()) == {1}
        assert ours.execute(select(User.login)).scalars().all() == ["marie"]
        filled = {
            name
            for name, table in Table.metadata.tables.items()
            if ours.execute(select(func.count()).select_from(table)).scalar_one()
        }
        assert filled <= TAKEN | MADE
        assert theirs.execute(select(func.count()).select_from(Partner)).scalar_one() == 1
        assert theirs.execute(select(func.count()).select_from(PartnerKey)).scalar_one() == 1


def test_nobody_is_asked_where_addresses_lie_because_another_site_asks(
    central: SiteToTest, make_database: Callable[[str], Database]
) -> None:
    """T25, T26: a provider or a key is no default of `init`; what is known of a place comes along."""
    with central.database.transaction() as connection:
        for name, value in (("geo.provider", "ban"), ("geo.on_save", "true"), ("maps.google_key", "AIza")):
            set_preference(connection, name, value, by="test", at=NOW)
        known = {"geo_state": "found", "latitude": Decimal("45.7"), "longitude": Decimal("4.8")}
        connection.execute(update(Address).where(Address.city == "Lyon").values(**known))
    copied = read_copy(source(central))
    site = make_site(make_database("positions"), "Nouveau", siret="55208131766522")
    with site.database.transaction() as connection:
        put_copy(connection, copied)
        chosen = read_preferences(connection)
        assert (chosen.rules.geo, chosen.maps) == (GeoRule(), MapRule())
        found = connection.execute(select(Address.geo_state, Address.latitude).where(Address.city == "Lyon")).one()
    assert tuple(found) == ("found", Decimal("45.7"))


def test_the_copy_stays_as_it_is(sqlite_base: Database) -> None:
    make_site(sqlite_base)
    sqlite_base.dispose()
    file = Path(sqlite_base.url.removeprefix("sqlite:///"))
    before = file.read_bytes()
    read_copy(str(file))
    assert file.read_bytes() == before


def test_the_same_identity_is_refused(central: SiteToTest, make_database: Callable[[str], Database]) -> None:
    """G06: a copied base is not a second site."""
    copied = read_copy(source(central))
    twin = make_site(make_database("twin"), "STAUBER", siret=central.code)
    with pytest.raises(Problem, match="of its own"), twin.database.transaction() as connection:
        put_copy(connection, copied)


def test_another_currency_is_refused(central: SiteToTest, make_database: Callable[[str], Database]) -> None:
    """Prices in euros would be prices in francs."""
    copied = read_copy(source(central))
    site = make_site(make_database("new"), "Bale")
    with site.database.transaction() as connection:
        connection.execute(update(Site).values(currency="CHF"))
    with site.database.transaction() as connection, pytest.raises(Problem, match=r"EUR.*CHF"):
        put_copy(connection, copied)


def test_what_is_no_base(tmp_path: Path, database: Database) -> None:
    text = tmp_path / "text.db"
    text.write_text("no base at all, but long enough to be looked at as one")
    empty = tmp_path / "empty.db"
    empty.touch()
    for copy, words in (
        (str(tmp_path / "none.db"), "no file"),
        (str(text), "cannot be read"),
        (str(empty), "another schema"),
        ("gopher://x", "neither a file nor"),
        (database.url, "belongs to no site"),
    ):
        with pytest.raises(Problem, match=words):
            read_copy(copy)


def test_an_older_base(monkeypatch: pytest.MonkeyPatch, database: Database) -> None:
    monkeypatch.setattr(migrate, "HEAD", "9999")
    with pytest.raises(Problem, match="upgrade"):
        read_copy(database.url)
