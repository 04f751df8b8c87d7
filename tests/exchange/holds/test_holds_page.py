"""What waits, a page at a time: the whole list, and as few statements for many holds as for ten."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert

from intergestan_db import states
from intergestan_db.enums import HoldReason
from intergestan_db.problem import Problem, ProblemCode
from intergestan_db.tables import Event, InboundMail
from intergestan_erp.listing.page import mark
from intergestan_exchange.findings.finding import Finding, write_findings
from intergestan_exchange.holds.holds import Hold, list_holds, list_holds_page
from tests.exchange.outbox.test_outbound import Sites, put, request
from tests.site_factories import NOW, SiteToTest
from tests.statements import noted


def hold_mails(site: SiteToTest, first: int, count: int) -> None:
    """So many mails that nobody understood, held one after the other; of every third no event says since when."""
    detail = write_findings([Finding(HoldReason.UNKNOWN_SIGNER, {"kid": "k", "error": "x"})])
    with site.database.transaction() as connection:
        for n in range(first, first + count):
            held = {"state": "held", "reason": HoldReason.UNKNOWN_SIGNER, "detail": detail}
            when = {"archived_at": NOW - timedelta(minutes=n % 7)}
            row = insert(InboundMail).values(sha256=f"{n:064x}", size=10, **held, **when).returning(InboundMail.id)
            mail_id = connection.execute(row).scalar_one()
            if n % 3:
                event = {"at": NOW + timedelta(seconds=n % 5), "who": "importer", "subject_id": mail_id, "name": "hold"}
                own = {"subject": states.INBOUND_MAIL.name, "old": "archived", "new": "held"}
                connection.execute(insert(Event).values(**event, **own))


def pages(site: SiteToTest, size: int) -> tuple[list[Hold], set[int]]:
    """All holds page by page, and how many statements a page took."""
    found: list[Hold] = []
    counts = set()
    after, more = None, True
    with site.database.read() as connection:
        while more:
            with noted(connection) as asked:
                page = list_holds_page(connection, size=size, after=after)
            counts.add(len(asked))
            assert len(page.rows) <= size
            found += page.rows
            after, more = page.after, page.after is not None
    return found, counts


def test_pages_are_the_whole_list(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    put(shop, request(shop, "CFR1"), "held", reason="refused_by_server", detail="550")
    hold_mails(shop, 1, 10)
    with shop.database.read() as connection:
        whole = list_holds(connection)
    assert len(whole) == 11
    for size in (1, 4, 50):
        assert pages(shop, size)[0] == whole


def test_many_holds_take_no_more_statements_than_ten(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    hold_mails(shop, 1, 10)
    _few, before = pages(shop, 10)
    hold_mails(shop, 11, 300)
    many, after = pages(shop, 100)
    assert len(many) == 310
    assert max(after) == max(before)


def test_a_mark_of_another_list(paired_sites: Sites) -> None:
    with paired_sites[0].database.read() as connection, pytest.raises(Problem) as refused:
        list_holds_page(connection, after=mark([1, 2, 3]))
    assert refused.value.code is ProblemCode.NO_PAGE
