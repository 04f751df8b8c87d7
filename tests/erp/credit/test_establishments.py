"""What customers owe and may owe to each establishment (A06): together it is what they owe, and both ceilings count."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from intergestan_db.database import Database
from intergestan_db.enums import PaymentMethod, Stage
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import CreditOverride, Party, PartyCredit, Payment
from intergestan_erp.credit.block import passed_limit
from intergestan_erp.credit.ceilings import set_ceiling_at
from intergestan_erp.credit.customers import CustomerCredit, read_customers
from intergestan_erp.credit.exposure import Exposure, read_exposure, read_exposures_by_establishment
from intergestan_erp.credit.gate import open_gate
from intergestan_erp.parties.ceilings import Ceiling
from intergestan_erp.parties.freed import Freed
from intergestan_erp.paying import payments
from intergestan_erp.selling.invoicing import invoice
from intergestan_erp.site.credit_rules import CreditRules
from intergestan_erp.site.preferences import set_preference
from tests.erp.selling.agencies import Agencies
from tests.erp.selling.by_hand import a_line
from tests.site_factories import NOW, SiteToTest
from tests.statements import noted

DAY = NOW.date()


@pytest.fixture
def agencies(a_site: SiteToTest) -> Agencies:
    return Agencies(a_site)


def owed(agencies: Agencies) -> dict[int, Exposure]:
    """What C4 owes to each establishment by its number, once it was compared with what they owe in all."""
    with agencies.database.read() as connection:
        ask = [agencies.customer_id]
        by_place = read_exposures_by_establishment(connection, ask, DAY, by_payment_due=False)
        whole = read_exposure(connection, agencies.customer_id, DAY, by_payment_due=False)
    numbers = {row_id: number for number, row_id in agencies.ids.items()}
    found = {numbers[place]: exposure for (_customer, place), exposure in by_place.items()}
    for part in ("not_invoiced", "invoices", "on_account"):
        assert sum(getattr(each, part) for each in found.values()) == getattr(whole, part)
    return found


def test_where_each_part_counts(agencies: Agencies) -> None:
    """A06: an order at its own, what was delivered at who invoices it, invoices, payments and what they settle."""
    number = agencies.order(a_line("ALB0002", 6, "0.33"), establishment=2)
    assert owed(agencies) == {2: Exposure(Decimal("2.38"))}
    agencies.deliver(number, 1, at=2)
    agencies.deliver(number, 2, at=3)
    assert {place: each.total for place, each in owed(agencies).items()} == {2: Decimal("1.59"), 3: Decimal("0.79")}
    with agencies.database.transaction() as connection:
        invoice(connection, ["BL2"], by="m", at=NOW)
    after = owed(agencies)
    assert after[3] == Exposure(invoices=Decimal("0.79"))
    with agencies.database.transaction() as connection:
        new = payments.NewPayment(amount=Decimal("0.50"), method=PaymentMethod.CASH)
        payments.add(connection, agencies.customer_id, new, (), by="m", at=NOW)
    assert owed(agencies)[1].on_account == Decimal("0.50")


def read(database: Database, customer_id: int, rules: CreditRules) -> CustomerCredit:
    with database.read() as connection:
        return read_customers(connection, [customer_id], DAY, rules)[customer_id]


def test_both_ceilings_count(agencies: Agencies) -> None:
    """A06: what they owe to an establishment must fit under its ceiling, and all of it under theirs."""
    with agencies.database.transaction() as connection:
        assert set_ceiling_at(connection, agencies.customer_id, 2, Ceiling(Decimal(50)), by="m", at=NOW) == Freed()
        connection.execute(update(Party).where(Party.id == agencies.customer_id).values(credit_max=Decimal(100)))
    agencies.order(a_line("ALB0002", 2), establishment=2)
    rules = CreditRules(block_from=Stage.ORDER)
    customer = read(agencies.database, agencies.customer_id, rules)
    own = {1: agencies.ids[1], 2: agencies.ids[2]}

    def limit(delta: str, place: int, added: str = "0") -> Any:
        found = passed_limit(
            *(rules, Stage.ORDER, customer, Decimal(delta)), establishment_id=own[place], added=Decimal(added)
        )
        return None if found is None else found.establishment or "all"

    in_two = customer.places[0].exposure.total
    assert limit(str(50 - in_two), 2) is None
    assert limit(str(50 - in_two + Decimal("0.01")), 2) == 2
    assert limit("60", 1) is None
    assert limit("76.01", 1) == "all"
    assert limit("1", 2, added=str(50 - in_two)) == 2
    assert passed_limit(rules, Stage.ORDER, customer, Decimal(60)) is None, "mails are for establishment 1"


def test_a_document_of_that_establishment_is_refused(agencies: Agencies) -> None:
    """A06: the sentence names it; a person may let it pass, and the figures are the establishment's."""
    with agencies.database.transaction() as connection:
        set_preference(connection, "credit.block_from", "order", by="marie", at=NOW)
        set_ceiling_at(connection, agencies.customer_id, 2, Ceiling(Decimal(70)), by="m", at=NOW)
    with pytest.raises(Problem, match=r"owes 0\.00 to establishment 2 and may owe it 70\.00") as caught:
        agencies.order(establishment=2)
    assert caught.value.code is ProblemCode.CREDIT_BLOCKED
    agencies.order(establishment=1)
    with agencies.database.transaction() as connection:
        set_ceiling_at(connection, agencies.customer_id, 2, Ceiling(Decimal(72)), by="m", at=NOW)
    agencies.order(establishment=2)
    assert agencies.site.rows(CreditOverride) == []


def test_setting_one(agencies: Agencies) -> None:
    """A06: who may owe more is freed; none takes it away; only where there is such an establishment."""
    with agencies.database.transaction() as connection:

        def set_to(amount: str | None, place: int = 2, insured: str = "0") -> Freed:
            ceiling = Ceiling(None if amount is None else Decimal(amount), Decimal(insured))
            return set_ceiling_at(connection, agencies.customer_id, place, ceiling, by="m", at=NOW)

        assert set_to("50", insured="20") == Freed()
        assert set_to("60") == Freed((agencies.customer_id,))
        assert set_to("60") == Freed()
        assert set_to("40") == Freed()
        assert set_to(None) == Freed((agencies.customer_id,))
        assert connection.execute(select(PartyCredit.credit_max)).all() == []
        with pytest.raises(Problem, match="no establishment 9"):
            set_to("1", 9)
        with pytest.raises(Problem, match="more than the maximum"):
            set_to("1", insured="2")


def test_without_such_ceilings_not_a_statement_more(agencies: Agencies) -> None:
    """A06: what is asked for customers who have none is what was asked before there were any."""
    with agencies.database.transaction() as connection:
        set_preference(connection, "credit.block_from", "order", by="marie", at=NOW)
        with noted(connection) as without:
            open_gate(connection, agencies.customer_id, NOW)
        set_ceiling_at(connection, agencies.customer_id, 2, Ceiling(Decimal(70)), by="m", at=NOW)
        with noted(connection) as with_one:
            open_gate(connection, agencies.customer_id, NOW)
        connection.execute(delete(PartyCredit))
    texts = [statement for statement, _ in without]
    assert not any("invoicing_establishment_id" in text for text in texts)
    assert len(with_one) == len(without) + 3, "the parts by establishment, what was delivered, and the ceilings"
    assert agencies.site.rows(Payment) == []
