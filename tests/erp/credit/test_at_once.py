"""Two clerks at once: of two orders of which one has room, exactly one passes (T20)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import pytest
from sqlalchemy import update

from intergestan_db.tables import Party, SalesOrder
from intergestan_erp.site.preferences import set_preference
from tests import warm
from tests.erp.selling.by_hand import Counter
from tests.patience import PATIENCE
from tests.site_factories import NOW, SiteToTest

CLERKS = 3


@contextmanager
def entering(url: str, customer: int) -> Iterator[subprocess.Popen[str]]:
    """A process that enters an order of 600 once it gets a line."""
    arguments = [url, str(customer), "500"]
    with warm.Popen(
        [sys.executable, "-m", "tests.erp.credit.entering", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "started\n"
            yield process
        finally:
            process.kill()


@pytest.mark.race
def test_two_clerks_at_once(a_site: SiteToTest) -> None:
    """T20: real processes, orders of 600 each at a maximum of 1 000; one passes, whoever is faster."""
    counter = Counter(a_site)
    with a_site.database.transaction() as connection:
        connection.execute(update(Party).where(Party.id == counter.customer_id).values(credit_max=Decimal(1000)))
        set_preference(connection, "credit.block_from", "order", by="marie", at=NOW)
    url, customer = a_site.database.url, counter.customer_id
    with entering(url, customer) as one, entering(url, customer) as two, entering(url, customer) as three:
        clerks = (one, two, three)
        for process in clerks:
            assert process.stdin is not None
            process.stdin.write("\n")
            process.stdin.flush()
        said = sorted(process.communicate(timeout=PATIENCE)[0].strip() for process in clerks)
    assert [process.returncode for process in clerks] == [0] * CLERKS
    assert said == ["CCL1", "blocked", "blocked"]
    assert len(a_site.rows(SalesOrder)) == 1
