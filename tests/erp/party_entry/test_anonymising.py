"""What is known of persons goes, if nothing needs it (D34)."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from intergestan_db.enums import PartyRole, PaymentMethod
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Account, Address, Contact, Depot, Event, GeocodeCache, Invoice, Party, PartyAccount
from intergestan_erp.parties.parties import NewParty
from intergestan_erp.parties.search import find_parties
from intergestan_erp.party_entry.anonymising import anonymise
from intergestan_erp.paying import payments
from intergestan_erp.paying.payments import NewPayment
from intergestan_erp.selling.cancelling import cancel_order
from intergestan_erp.selling.deliveries import deliver
from tests.erp.selling.by_hand import Counter, a_line
from tests.site_factories import NOW, SiteToTest, add_party
from tests.statements import rolled_back


def forget(site: SiteToTest, party_id: int) -> None:
    with site.database.transaction() as connection:
        anonymise(connection, party_id, by="marie", at=NOW)


def test_all_that_is_known_of_persons_goes(a_site: SiteToTest) -> None:
    """D34: name, contacts, addresses, positions, titles and words; code, accounts and others' positions stay."""
    own: dict[str, Any] = {
        "line1": "1 rue Haute",
        "postcode": "69001",
        "city": "Lyon",
        "country": "FR",
        "contact": "Luc Martin",
    }
    with a_site.database.transaction() as connection:
        party = add_party(
            connection,
            NewParty(code="LUC", name="Luc Martin", is_customer=True, invoice_email="luc@martin.test", **own),
        )
        other = add_party(
            connection, NewParty(code="EVE", name="Eve Martin", is_customer=True, **{**own, "line1": "2"})
        )
        for owner, key in ((party, "a"), (other, "b")):
            connection.execute(Address.__table__.update().where(Address.party_id == owner).values(geo_key=key))
            connection.execute(GeocodeCache.__table__.insert().values(key=key, source="ban", at=NOW))
    forget(a_site, party)
    row = a_site.row(Party, id=party)
    assert (row.code, row.name, row.invoice_email, row.anonymised_at) == ("LUC", "LUC", None, NOW)
    assert a_site.rows(Contact, party_id=party) == a_site.rows(Address, party_id=party) == []
    assert [each.key for each in a_site.rows(GeocodeCache)] == ["b"]
    with a_site.database.read() as connection:
        titles = select(Account.title).join(PartyAccount, PartyAccount.account_id == Account.id)
        assert connection.execute(titles.where(PartyAccount.party_id == party)).scalars().all() == ["LUC"]
        assert [hit.code for hit in find_parties(connection, "martin", PartyRole.CUSTOMER).found] == ["EVE"]
        assert [hit.code for hit in find_parties(connection, "luc", PartyRole.CUSTOMER).found] == ["LUC"]
    told = a_site.rows(Event, name="anonymise")
    assert [(each.subject_id, each.who, each.detail) for each in told] == [(party, "marie", None)]


@pytest.mark.mainly_on("sqlite")
def test_what_needs_the_name_keeps_it(a_site: SiteToTest) -> None:
    """D34: each of these in turn; a refusal changes nothing."""
    counter = Counter(a_site)

    def refused() -> str:
        with pytest.raises(Problem) as problem:
            forget(a_site, counter.customer_id)
        assert problem.value.code is ProblemCode.NAME_NEEDED
        assert a_site.row(Party, id=counter.customer_id).name == "Dupont"
        return str(problem.value)

    def goes(at: datetime = NOW) -> bool:
        with rolled_back(a_site.database) as connection:
            anonymise(connection, counter.customer_id, by="marie", at=at)
        return True

    made = counter.enter(a_line("CAS16", 2))
    assert "open orders or quotes" in refused()
    with a_site.database.transaction() as connection:
        cancel_order(connection, made.number, None, by="marie", at=NOW)
        new = NewPayment(amount=Decimal(5), method=PaymentMethod.CASH)
        payments.add(connection, counter.customer_id, new, by="marie", at=NOW)
    assert "something to pay or to get back" in refused()
    with a_site.database.transaction() as connection:
        payments.cancel(connection, "RG1", by="marie", at=NOW)
    assert goes()
    counter.enter(a_line("CAS16", 1, "0"))
    with a_site.database.transaction() as connection:
        deliver(connection, "CCL2", None, by="marie", at=NOW)
    assert goes(), "what was issued bears the buyer itself"
    with a_site.database.transaction() as connection:
        head: dict[str, Any] = {"number": "FA0", "issue_date": NOW.date(), "due_date": NOW.date(), "currency": "EUR"}
        head |= {"created_at": NOW, "created_by": "m", "establishment_id": 1, "accounting_folder_id": 1}
        sums = {"total_ht": Decimal(0), "total_vat": Decimal(0), "total_ttc": Decimal(0)}
        connection.execute(insert(Invoice).values(**head, **sums, customer_id=counter.customer_id))
    assert "documents that must be kept" in refused()
    assert goes(NOW + timedelta(days=3653)), "for ten years"
    with a_site.database.transaction() as connection:
        connection.execute(update(Depot).values(customer_party_id=counter.customer_id))
    assert "a depot" in refused()
