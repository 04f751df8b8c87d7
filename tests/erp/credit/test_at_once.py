"""Two clerks at once: of two orders of which one has room, exactly one passes (T20)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.tables import Party, SalesOrder
from intergestan_erp.site.preferences import set_preference
from tests.at_once import at_once
from tests.erp.selling.by_hand import Counter
from tests.site_factories import NOW, SiteToTest

CLERKS = 3


@pytest.mark.race
def test_two_clerks_at_once(a_site: SiteToTest) -> None:
    """T20: real processes, orders of 600 each at a maximum of 1 000; one passes, whoever is faster."""
    counter = Counter(a_site)
    with a_site.database.transaction() as connection:
        connection.execute(update(Party).where(Party.id == counter.customer_id).values(credit_max=Decimal(1000)))
        set_preference(connection, "credit.block_from", "order", by="marie", at=NOW)
    url, customer = a_site.database.url, counter.customer_id
    said = sorted(at_once("tests.erp.credit.entering", *[(url, customer, "500")] * CLERKS))
    assert said == [["CCL1"], ["blocked"], ["blocked"]]
    assert len(a_site.rows(SalesOrder)) == 1
