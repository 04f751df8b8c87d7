"""Servers that are away for a while: work goes on by itself soon after their return, nothing lost or doubled."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from sqlalchemy import update

from intergestan_db.tables import Mailbox
from tests.journey.conftest import MakePair
from tests.journey.journey_site import USUAL, JourneySite
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


def bases_of(sites: PairOfSites) -> list[str]:
    return [site.database.url.rpartition("/")[2] for site in sites.sites]


def alter(server: PostgresServer, sites: PairOfSites, words: str) -> None:
    with server._connect() as connection:
        for name in bases_of(sites):
            connection.execute(f'ALTER DATABASE "{name}" {words}'.encode())


@pytest.mark.parametrize("base", ["postgresql"])
@pytest.mark.parametrize("trouble", ["default_transaction_read_only = on", "statement_timeout = '1ms'"])
def test_the_base_answers_and_cannot_do_it(sites: PairOfSites, postgres_server: PostgresServer, trouble: str) -> None:
    """As a demoted primary does that keeps its sessions: nothing is restarted, and the logs stay small.

    Sessions keep what they began with, so that only new connections get away from it.
    """
    numbers = sites.enter(8)
    alter(postgres_server, sites, f"SET {trouble}")
    try:
        for site in sites.sites:
            postgres_server.terminate_backends(site.database.url)
            site.database.dispose()
        said = {process: len(process.log()) for process in sites.processes()}
        time.sleep(AWAY)
    finally:
        alter(postgres_server, sites, "RESET ALL")
    for site in sites.sites:
        site.database.dispose()
    sites.send(numbers, mails=4)
    check_sound(sites, numbers)
    for process, length in said.items():
        lines = process.log()[length:].splitlines()
        assert not [line for line in lines if "Traceback" in line or "unhandled" in line]
        assert len([line for line in lines if '"level": "warning"' in line]) < 10, lines


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seconds", [15, 60])
def test_a_base_behind_a_silent_network(
    make_pair: MakePair, make_proxy: Callable[..., FaultProxy], postgres_server: PostgresServer, seconds: float
) -> None:
    """What is sent is swallowed, connections stay open, new ones are accepted: all is done 30 s after the return."""
    proxy = make_proxy(postgres_server.host, postgres_server.port)

    def behind_proxy(site: JourneySite) -> None:
        file = site.folder / "intergestan.toml"
        file.write_text(file.read_text().replace(f":{postgres_server.port}/", f":{proxy.port}/"))

    sites = make_pair("postgresql", USUAL, behind_proxy)
    try:
        pids = [process.pid for process in sites.processes()]
        numbers = sites.enter(12)
        sites.send(numbers[:6], mails=3)
        time.sleep(0.3)
        proxy.black_hole()
        sites.send(numbers[6:], mails=3)
        time.sleep(seconds)
        proxy.resume()
        sites.wait_answered(numbers, 30)
        sites.wait_at_rest()
        check_everything(sites, numbers)
        assert [process.pid for process in sites.processes()] == pids
    finally:
        sites.stop()


@pytest.mark.campaign
@pytest.mark.timeout(900)
@pytest.mark.parametrize("server", ["relay", "mailbox"])
def test_a_mail_server_behind_a_silent_network(
    make_pair: MakePair,
    make_proxy: Callable[..., FaultProxy],
    journey_smtp: SmtpServer,
    dovecot: Dovecot,
    server: str,
) -> None:
    """The same, before a mail's dot at least: orders that come meanwhile are answered 30 s after the return."""
    far = (journey_smtp.host, journey_smtp.port) if server == "relay" else (dovecot.host, dovecot.imap)
    proxy = make_proxy(*far)

    def behind_proxy(site: JourneySite) -> None:
        if server == "relay":
            site.use_relay(proxy.host, proxy.port)
        else:
            with site.database.transaction() as connection:
                connection.execute(update(Mailbox).values(port=proxy.port))

    sites = make_pair("sqlite", USUAL, behind_proxy)
    try:
        numbers = sites.enter(6)
        proxy.black_hole()
        sites.send(numbers, mails=3)
        time.sleep(60)
        proxy.resume()
        sites.wait_answered(numbers, 60 if server == "relay" else 30)  # the relay is needed there and back
        sites.wait_at_rest()
        check_everything(sites, numbers)
    finally:
        sites.stop()
