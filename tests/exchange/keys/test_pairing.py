"""Pairing: whose key is pinned, which party it is, what is refused (design.md §6, G16, G18)."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.database import Database
from intergestan_db.problem import Problem
from intergestan_db.tables import Account, Address, Contact, Event, InboundMail, Partner, PartnerKey, Party
from intergestan_erp.parties.one_party import one_party
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.site.preferences import set_preference
from intergestan_exchange.keys.pairing import Paired, TakesOver, add_partner
from intergestan_exchange.partners.partners import find_partner, list_partners, set_partner
from intergestan_msg.card import read_card, write_card
from intergestan_msg.seal import SigningKey
from tests.site_factories import NOW, SiteToTest, add_party, make_site


@pytest.fixture
def sites(make_database: Callable[[str], Database]) -> tuple[SiteToTest, SiteToTest]:
    """Two sites that do not know each other."""
    return make_site(make_database("a")), make_site(make_database("b"), "STAUBER", "80295478500028")


def pair(site: SiteToTest, card: Any, **options: Any) -> Paired:
    with site.database.transaction() as connection:
        return add_partner(connection, card, by="marie", at=NOW, **options)


def partners(site: SiteToTest) -> list[Any]:
    with site.database.read() as connection:
        return list_partners(connection)


def test_a_card_says_what_the_site_is(sites: tuple[SiteToTest, SiteToTest]) -> None:
    """G08: the address that is used for the exchange alone is what others send orders to."""
    _, stauber = sites
    card = read_card(write_card(stauber.card(), stauber.key))
    assert (card.code, card.name, card.siret) == ("80295478500028", "STAUBER", "80295478500028")
    assert (card.orders_address, card.answers_address) == ("commandes@stauber.test", "reponses@stauber.test")
    assert card.key == stauber.key.public


def test_a_new_partner_is_pinned_and_gets_a_party(sites: tuple[SiteToTest, SiteToTest]) -> None:
    """G16: the card only proposes the address for orders."""
    ours, stauber = sites
    paired = pair(ours, stauber.card())
    (partner,) = partners(ours)
    assert (paired.is_new, paired.party_is_new, paired.released) == (True, True, ())
    assert (partner.party, partner.kids) == (paired.party_code, [stauber.key.public.kid])
    assert partner.order_address is None
    assert partner.proposed_order_address == "commandes@stauber.test"
    assert partner.answer_address == "reponses@stauber.test"
    with ours.database.read() as connection:
        key = connection.execute(select(PartnerKey.public_key)).scalar_one()
        party = connection.execute(select(Party.is_customer, Party.is_supplier, Party.siret)).one()
    assert key == stauber.key.public.raw
    assert tuple(party) == (True, True, "80295478500028")


def test_a_new_partner_gets_a_code_that_is_made(sites: tuple[SiteToTest, SiteToTest]) -> None:
    """T02, T08: where codes are made, that of a card's site is made too, and so are its accounts."""
    ours, stauber = sites
    with ours.database.transaction() as connection:
        for name, value in (("codes.mode", "automatic"), ("accounts.mode", "alphabet")):
            set_preference(connection, name, value, by="marie", at=NOW)
    assert pair(ours, stauber.card()).party_code == "ST000001"
    with ours.database.read() as connection:
        assert connection.execute(select(Account.number).order_by(Account.number)).scalars().all() == [
            *("4011900001", "4111900001"),
        ]
        assert one_party(connection, "stauber").code == "ST000001"


@pytest.mark.parametrize(
    "known",
    [
        {"code": "F001", "siret": "80295478500028"},
        {"code": "F001", "vat_id": "FR12802954785"},
        {"code": "80295478500028"},
    ],
)
def test_a_party_of_ours_is_taken_over_only_by_a_persons_word(
    sites: tuple[SiteToTest, SiteToTest], known: dict[str, Any]
) -> None:
    """Anybody can write another firm's numbers on a card."""
    ours, stauber = sites
    with ours.database.transaction() as connection:
        party_id = add_party(connection, NewParty(name="Stauber SAS", is_supplier=True, **known))
    card = replace(stauber.card(), vat="FR12802954785")
    with pytest.raises(TakesOver, match=r"Stauber SAS.*Nothing was changed") as refused:
        pair(ours, card)
    assert (refused.value.party, partners(ours)) == (known["code"], [])
    paired = pair(ours, card, party_code=known["code"])
    assert (paired.party_id, paired.party_is_new) == (party_id, False)


def test_the_siret_counts_more_than_the_vat_number(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    with ours.database.transaction() as connection:
        add_party(connection, NewParty(code="OTHER", name="Group", vat_id="FR12802954785"))
        add_party(connection, NewParty(code="F001", name="Stauber", siret="80295478500028"))
    with pytest.raises(TakesOver) as refused:
        pair(ours, replace(stauber.card(), vat="FR12802954785"))
    assert refused.value.party == "F001"


def test_two_parties_that_fit_are_a_question(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    with ours.database.transaction() as connection:
        for code in ("F001", "F002"):
            add_party(connection, NewParty(code=code, name="Stauber", siret="80295478500028"))
    with pytest.raises(Problem, match="F001, F002"):
        pair(ours, stauber.card())
    assert pair(ours, stauber.card(), party_code="F002").party_code == "F002"


def test_a_party_is_one_partner_only(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    taken = pair(ours, stauber.card()).party_code
    other = replace(stauber.card(), code="branch", key=SigningKey.generate().public)
    with pytest.raises(Problem, match="already the partner"):
        pair(ours, other)
    with pytest.raises(Problem, match="already the partner"):
        pair(ours, other, party_code=taken)
    assert pair(ours, other, party_code="BRANCH").party_is_new


def test_the_same_card_again_changes_no_address_for_orders(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    first = pair(ours, stauber.card())
    with ours.database.transaction() as connection:
        set_partner(connection, first.partner_id, {"order_address": "jean@stauber.test"}, by="marie", at=NOW)
    moved = replace(stauber.card(), orders_address="new@stauber.test", answers_address="r2@stauber.test")
    again = pair(ours, moved)
    (partner,) = partners(ours)
    assert (again.is_new, again.partner_id) == (False, first.partner_id)
    assert partner.order_address == "jean@stauber.test"
    assert partner.proposed_order_address == "new@stauber.test"
    assert partner.answer_address == "r2@stauber.test"


def test_a_known_code_with_another_key_is_refused(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    pair(ours, stauber.card())
    with pytest.raises(Problem, match="known with another key"):
        pair(ours, replace(stauber.card(), key=SigningKey.generate().public))
    assert partners(ours)[0].kids == [stauber.key.public.kid]


def test_a_known_key_under_another_code_is_refused(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    pair(ours, stauber.card())
    with pytest.raises(Problem, match="already belongs"):
        pair(ours, replace(stauber.card(), code="someone-else"))


def test_a_revoked_key_is_refused(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    pair(ours, stauber.card())
    with ours.database.transaction() as connection:
        connection.execute(update(PartnerKey).values(revoked_at=NOW))
    with pytest.raises(Problem, match="revoked"):
        pair(ours, stauber.card())


def test_a_card_of_a_key_that_was_replaced_changes_nothing(sites: tuple[SiteToTest, SiteToTest]) -> None:
    """Whoever found the old key makes such cards, with an address for answers of their own."""
    ours, stauber = sites
    pair(ours, stauber.card())
    with ours.database.transaction() as connection:
        connection.execute(update(PartnerKey).values(replaced_from=NOW))
    with pytest.raises(Problem, match="replaced"):
        pair(ours, replace(stauber.card(), answers_address="thief@evil.test"))
    (partner,) = partners(ours)
    assert partner.answer_address == "reponses@stauber.test"
    with ours.database.transaction() as connection:
        connection.execute(update(PartnerKey).values(replaced_from=NOW + timedelta(days=1)))
    assert not pair(ours, stauber.card()).is_new


def test_our_own_card_is_refused(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, _ = sites
    with pytest.raises(Problem, match="this very site"):
        pair(ours, ours.card())
    with pytest.raises(Problem, match="copy of this base"):
        pair(ours, replace(ours.card(), key=SigningKey.generate().public))


def test_mails_held_for_this_key_are_released_and_no_others(sites: tuple[SiteToTest, SiteToTest]) -> None:
    ours, stauber = sites
    kid, other = stauber.key.public.kid, SigningKey.generate().public.kid
    rows = [
        ("a", "held", "unknown_signer", kid),
        ("b", "held", "unknown_signer", other),
        ("c", "held", "damaged", kid),
        ("d", "done", None, kid),
        ("e", "held", "unknown_signer", kid),
    ]
    with ours.database.transaction() as connection:
        for sha256, state, reason, signer in rows:
            connection.execute(
                insert(InboundMail).values(
                    sha256=sha256, size=1, state=state, archived_at=NOW, reason=reason, kid=signer, strikes=2
                )
            )
    released = pair(ours, stauber.card()).released
    with ours.database.read() as connection:
        mails = {row.sha256: row for row in connection.execute(select(InboundMail.__table__))}
        events = connection.execute(
            select(Event.subject_id, Event.old, Event.new).where(Event.name == "release").order_by(Event.id)
        ).all()
    assert released == (mails["a"].id, mails["e"].id)
    assert {name: mail.state for name, mail in mails.items()} == {
        "a": "archived",
        "b": "held",
        "c": "held",
        "d": "done",
        "e": "archived",
    }
    assert (mails["a"].reason, mails["a"].strikes) == (None, 0)
    assert [tuple(event) for event in events] == [(row_id, "held", "archived") for row_id in released]


def test_what_is_agreed_with_a_partner(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    """G18: the address for orders is changed by an act of its own."""
    shop, base = paired_sites
    changes = {
        "order_address": "jean@stauber.test",
        "price_policy": "take_ours",
        "price_tolerance": Decimal("0.05"),
        "acceptance": "review",
        "postcode": "88100",
        "city": "PAIR ET GRANDRUPT",
        "contact": "M. Wilfried ZWILLIG",
    }
    with shop.database.transaction() as connection:
        partner_id = find_partner(connection, base.code)
        set_partner(connection, partner_id, changes, by="marie", at=NOW)
        set_partner(connection, partner_id, {"line1": "ZI", "contact": "Jean"}, by="marie", at=NOW)
    (partner,) = partners(shop)
    assert (partner.order_address, partner.price_policy) == ("jean@stauber.test", "take_ours")
    assert (partner.price_tolerance, partner.acceptance) == (Decimal("0.05"), "review")
    with shop.database.read() as connection:
        address = connection.execute(select(Address.line1, Address.postcode)).one()
        contact = connection.execute(select(Contact.name)).scalar_one()
    assert (tuple(address), contact) == (("ZI", "88100"), "Jean")


@pytest.mark.parametrize(
    "changes",
    [
        {"order_address": "nobody"},
        {"answer_address": None},
        {"price_policy": "whatever"},
        {"language": "de"},
        {"price_tolerance": Decimal(-1)},
        {"price_tolerance": Decimal("NaN")},
        {"order_address": "a@b.test", "acceptance": "maybe"},
    ],
)
def test_what_cannot_be_agreed(paired_sites: tuple[SiteToTest, SiteToTest], changes: dict[str, Any]) -> None:
    shop, base = paired_sites
    with pytest.raises(Problem), shop.database.transaction() as connection:
        set_partner(connection, find_partner(connection, base.code), changes, by="marie", at=NOW)
    assert partners(shop)[0].order_address is None


def test_only_what_people_agree_on_can_be_set(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    shop, _ = paired_sites
    with pytest.raises(ValueError, match="site_code"), shop.database.transaction() as connection:
        set_partner(connection, 1, {"site_code": "x"}, by="marie", at=NOW)


def test_finding_a_partner(paired_sites: tuple[SiteToTest, SiteToTest]) -> None:
    shop, base = paired_sites
    with shop.database.read() as connection:
        wanted = connection.execute(select(Partner.id)).scalar_one()
        assert find_partner(connection, base.code) == find_partner(connection, "STAUBER") == wanted
        with pytest.raises(Problem, match="no partner «eve»"):
            find_partner(connection, "eve")


def test_the_party_is_named_as_any_other(sites: tuple[SiteToTest, SiteToTest]) -> None:
    """D15: `--party` takes a code in any case, or a whole name; a code of a new one is given as by hand (D11)."""
    ours, stauber = sites
    with ours.database.transaction() as connection:
        add_party(connection, NewParty(code="F001", name="Fonderie Stauber", is_supplier=True))
    with pytest.raises(Problem, match="is not a code"):
        pair(ours, stauber.card(), party_code="Fonderie St")
    assert pair(ours, stauber.card(), party_code="fonderie stauber").party_code == "F001"
