"""What strangers send stands apart: one row for each reason and signer, told once, and dealt with at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from intergestan_db.enums import Budget, HoldReason
from intergestan_db.tables import InboundMail, Partner, ToldHold
from intergestan_exchange.findings.finding import Finding, write_findings
from intergestan_exchange.holds import hold_acts, notices
from intergestan_exchange.holds.holds import Hold, Shown, list_holds_page, same_as
from tests.exchange.outbox.test_outbound import Sites
from tests.site_factories import NOW, SiteToTest

HOUR = timedelta(hours=1)
READER = "anne@shop.test"


def hold_of_strangers(shop: SiteToTest, first: int, count: int, reason: HoldReason, kid: str | None = None) -> None:
    """So many held mails whose signer nobody knows."""
    detail = write_findings([Finding(reason, {"kid": kid or "", "error": "x"})])
    same = {"state": "held", "reason": reason, "detail": detail, "kid": kid, "size": 10, "unproven": True}
    _enter(shop, first, count, same)


def hold_beyond_budget(shop: SiteToTest, first: int, count: int) -> None:
    """So many held mails of a partner that has used up a budget."""
    with shop.database.read() as connection:
        partner_id = connection.execute(select(Partner.id)).scalar_one()
    finding = Finding(HoldReason.PARTNER_BUDGET, {"partner": "Base", "most": "5"}, variant=Budget.ANNOUNCEMENTS)
    same = {"state": "held", "reason": finding.reason, "detail": write_findings([finding]), "kid": "known", "size": 10}
    _enter(shop, first, count, same | {"partner_id": partner_id, "budget": Budget.ANNOUNCEMENTS})


def _enter(shop: SiteToTest, first: int, count: int, same: Mapping[str, object]) -> None:
    rows = [
        {**same, "sha256": f"{n:064x}", "archived_at": NOW + timedelta(seconds=n)} for n in range(first, first + count)
    ]
    with shop.database.transaction() as connection:
        connection.execute(insert(InboundMail), rows)


def page(shop: SiteToTest, shown: Shown = Shown.ALL, *, grouped: bool = True) -> list[Hold]:
    with shop.database.read() as connection:
        return list(list_holds_page(connection, shown=shown, grouped=grouped).rows)


def flood(shop: SiteToTest) -> None:
    """Three kinds of mails of strangers, one of two signers; and what goes beyond a budget."""
    hold_of_strangers(shop, 1, 40, HoldReason.DAMAGED)
    hold_of_strangers(shop, 100, 30, HoldReason.UNKNOWN_SIGNER, "one")
    hold_of_strangers(shop, 200, 1, HoldReason.UNKNOWN_SIGNER, "two")
    hold_beyond_budget(shop, 300, 20)


def test_one_row_for_each_reason_and_signer(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    flood(shop)
    rows = page(shop)
    assert [(row.reason, row.others) for row in rows] == [
        (HoldReason.DAMAGED, 39),
        (HoldReason.UNKNOWN_SIGNER, 29),
        (HoldReason.UNKNOWN_SIGNER, 0),
        (HoldReason.PARTNER_BUDGET, 19),
    ]
    assert [row.is_strangers for row in rows] == [True, True, True, False]
    assert [row.reason for row in page(shop, Shown.KNOWN)] == [HoldReason.PARTNER_BUDGET]
    assert len(page(shop, Shown.STRANGERS)) == 3
    with shop.database.read() as connection:
        every = list_holds_page(connection, size=1000).rows
    assert len(every) == 91


def test_a_row_is_refused_at_once(paired_sites: Sites) -> None:
    """The others of its row go with it, and nothing else does."""
    shop, _base = paired_sites
    flood(shop)
    (first, *_rest) = page(shop)
    with shop.database.transaction() as connection:
        refs = same_as(connection, first.ref)
        assert (refs[0], len(refs)) == (first.ref, 40)
        hold_acts.refuse(connection, refs, None, by="anne", at=NOW)
        assert same_as(connection, first.ref) == []
    assert [row.others for row in page(shop)] == [29, 0, 19]


def tell(shop: SiteToTest, later: timedelta) -> str | None:
    """What a dispatcher does at one look; what the notice says."""
    now = NOW + later
    with shop.database.read() as connection:
        standing = notices.compare(connection).at(now)
        if not standing.is_time(now, HOUR):
            return None
        drafted = notices.draft(connection, standing, READER, "en", HOUR, now)
    assert drafted is not None
    with shop.database.transaction() as connection:
        assert notices.write(connection, drafted, now) is not None
    return drafted.letter.mime.decode()


def test_strangers_are_told_once_a_day(paired_sites: Sites) -> None:
    """Whoever signs each mail with another key is told of no sooner than others."""
    shop, _base = paired_sites
    flood(shop)
    text = tell(shop, timedelta(0))
    assert text is not None
    assert "4 new, 4 in all" in text
    assert "and 39 more for the same reason" in text
    with shop.database.read() as connection:
        assert len(connection.execute(select(ToldHold.row_id)).all()) == 4
    for n in range(400, 420):
        hold_of_strangers(shop, n, 1, HoldReason.UNKNOWN_SIGNER, f"key {n}")
    hold_of_strangers(shop, 500, 20, HoldReason.DAMAGED)
    assert tell(shop, 2 * HOUR) is None
    hold_beyond_budget(shop, 600, 20)
    assert tell(shop, 3 * HOUR) is None, "more of what was told is no news"
    text = tell(shop, timedelta(days=1))
    assert text is not None
    assert "20 new, 24 in all" in text


def test_a_partners_mail_is_told_whatever_strangers_send(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    hold_of_strangers(shop, 1, 5, HoldReason.DAMAGED)
    assert tell(shop, timedelta(0)) is not None
    hold_of_strangers(shop, 10, 1, HoldReason.UNKNOWN_SIGNER, "new")
    hold_beyond_budget(shop, 20, 1)
    text = tell(shop, 2 * HOUR)
    assert text is not None
    assert "1 new, 3 in all" in text


def test_what_was_told_is_forgotten_once_nothing_of_the_row_waits(paired_sites: Sites) -> None:
    shop, _base = paired_sites
    hold_of_strangers(shop, 1, 3, HoldReason.DAMAGED)
    tell(shop, timedelta(0))
    with shop.database.transaction() as connection:
        standing = notices.compare(connection)
        assert standing.gone == frozenset()
        (first,) = list_holds_page(connection, grouped=True).rows
        hold_acts.refuse(connection, same_as(connection, first.ref), None, by="anne", at=NOW)
        gone = notices.compare(connection).gone
        assert len(gone) == 1
        notices.forget(connection, gone)
        assert notices.compare(connection).gone == frozenset()


@pytest.mark.parametrize("ref", ["in-9", "order-1", "out-4"])
def test_what_does_not_wait_has_no_row(paired_sites: Sites, ref: str) -> None:
    with paired_sites[0].database.read() as connection:
        assert same_as(connection, ref) == []
