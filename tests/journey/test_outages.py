"""Servers that are away for a while: work goes on by itself soon after their return, nothing lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from tests.journey.oracles import check_everything
from tests.journey.pair_of_sites import PairOfSites
from tests.servers import Dovecot, Fault, FaultProxy, PostgresServer, SmtpServer

pytestmark = pytest.mark.mainly_on("sqlite")

AWAY = 3.0


def check_sound(sites: PairOfSites, numbers: list[str]) -> None:
    """All of these orders arrive soon, once, and no process had to be started again."""
    sites.wait_answered(numbers)
    sites.wait_at_rest()
    check_everything(sites, numbers)
    assert all(process.runs for process in sites.processes())


def test_the_relay_is_away(sites: PairOfSites, journey_smtp: SmtpServer, make_proxy: Callable[..., FaultProxy]) -> None:
    """F6, G19: orders wait where they are, and leave once the relay is back."""
    relay = make_proxy(journey_smtp.host, journey_smtp.port)
    relay.refuse()
    sites.buyer.use_relay(relay.host, relay.port)
    numbers = sites.enter(4)
    sites.send(numbers, mails=2)
    time.sleep(AWAY)
    assert sites.answered(numbers) == 0
    relay.resume()
    check_sound(sites, numbers)


def test_the_relay_refuses_for_a_while(sites: PairOfSites, journey_smtp: SmtpServer) -> None:
    """G19: every mail is tried again after a 451 to the envelope, and after one to the dot."""
    journey_smtp.inject(
        Fault(at="MAIL", reply="451 4.3.0 try later", times=3), Fault(at="DOT", reply="451 4.3.0 not now")
    )
    numbers = sites.enter(4)
    sites.send(numbers, mails=2)
    check_sound(sites, numbers)
    assert not journey_smtp.faults


def test_the_relay_takes_the_mail_and_says_nothing(sites: PairOfSites, journey_smtp: SmtpServer) -> None:
    """P12: cut after the dot, the mail may have arrived; it is sent again, and counts once."""
    journey_smtp.inject(Fault(at="DOT", copies=1, drop=True), Fault(at="DOT", copies=0, drop=True))
    numbers = sites.enter(4)
    sites.send(numbers, mails=2)
    check_sound(sites, numbers)


def test_the_mailboxes_are_away(sites: PairOfSites, dovecot: Dovecot) -> None:
    """F6, G23: mails that came before and while the mailboxes are away are collected afterwards."""
    numbers = sites.enter(4)
    sites.send(numbers[:2])
    dovecot.kill()
    try:
        sites.send(numbers[2:])
        time.sleep(AWAY)
    finally:
        dovecot.restart()
    check_sound(sites, numbers)


@pytest.mark.parametrize("base", ["postgresql"])
def test_the_base_is_restarted_under_load(sites: PairOfSites, postgres_server: PostgresServer) -> None:
    """F7: PostgreSQL is shut down at once and comes back while mails are on their way; no work ends in a traceback."""
    said = {process: len(process.log()) for process in sites.processes()}
    numbers = sites.enter(20)
    sites.send(numbers, mails=10)
    time.sleep(0.5)
    postgres_server.restart()
    for site in sites.sites:
        site.database.dispose()
    check_sound(sites, numbers)
    logs = [process.log()[length:] for process, length in said.items()]
    assert not [log for log in logs if "with unhandled exception" in log or "The beat failed" in log]
