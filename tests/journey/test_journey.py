"""The whole way, undisturbed: orders become sales orders at another site and the answers come back."""

from __future__ import annotations

from tests.journey.oracles import check_everything, check_replay, counted, wait_counters_true, wait_gauges_true
from tests.journey.pair_of_sites import PairOfSites
from tests.servers import Postfix


def test_thirty_orders_in_three_mails(sites: PairOfSites) -> None:
    """G01, G14, G19, G23: thirty orders in three mails arrive once, whole, are answered, and are counted rightly."""
    before = [counted(site) for site in sites.sites]
    numbers = sites.enter(30)
    sites.send(numbers, mails=3)
    sites.wait_answered(numbers)
    sites.wait_at_rest()
    check_everything(sites, numbers)
    for site, told in zip(sites.sites, before, strict=True):
        wait_counters_true(site, told)
        wait_gauges_true(site)


def test_all_archived_mails_again(sites: PairOfSites) -> None:
    """P12: whatever is in the archives is taken in again, and nothing is booked twice."""
    numbers = sites.enter(4)
    sites.send(numbers, mails=2)
    sites.wait_answered(numbers)
    sites.wait_at_rest()
    check_replay(sites)
    check_everything(sites, numbers)


def test_through_postfix(sites: PairOfSites, postfix: Postfix) -> None:
    """G19: the same through Postfix, with TLS and its login; its own queue is on the way."""
    for site in sites.sites:
        site.use_relay("localhost", postfix.smtp, tls=True)
    numbers = sites.enter(6)
    sites.send(numbers, mails=2)
    sites.wait_answered(numbers)
    sites.wait_at_rest()
    check_everything(sites, numbers)
