"""A real Prometheus scrapes the real services of two sites under load: every query finds something."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from intergestan_db.tables import Mailbox, OutboundMail, PartnerKey
from intergestan_erp.site.preferences import set_preference
from tests.consent import Consent
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, JourneySite
from tests.journey.pair_of_sites import PairOfSites
from tests.monitoring.dashboards import FILES, GRAFANA, named, queries, read
from tests.patience import eventually
from tests.servers import Dovecot, MailUser, PrometheusServer, SmtpServer
from tests.servers.tokens import TokenServer
from tests.servers.webhook import WebhookServer

RULES = GRAFANA.parent / "prometheus"
ELSEWHERE = {"IntergestanDiskFilling", "IntergestanKeyExpiring"}
"""The tester's disk is no matter of ours, and another test lets a key end."""

SECONDS = 4
"""Of load."""

FILLED = {"$__rate_interval": "10s", "$job": ".+", "$site": ".+", "$instance": ".+"}


@dataclass
class Watched:
    """Two sites, what Prometheus saw of them, and when it began; who hears of alarms."""

    sites: PairOfSites
    prometheus: PrometheusServer
    began: float
    hook: WebhookServer
    anne: MailUser


@pytest.fixture(scope="module")
def watched(make_pair: MakePair, dovecot: Dovecot, journey_smtp: SmtpServer) -> Iterator[Watched]:
    with WebhookServer() as hook:
        yield from watched_sites(make_pair, dovecot, journey_smtp, hook)


def watched_sites(
    make_pair: MakePair, dovecot: Dovecot, journey_smtp: SmtpServer, hook: WebhookServer
) -> Iterator[Watched]:
    anne = dovecot.new_user()
    sites = make_pair("sqlite", {**QUICK, "alarms": {"to": anne.address, "webhook_url": hook.url, "every_seconds": 1}})
    targets = [
        (process.address, {"site": site.code, "service": process.service})
        for site in sites.sites
        for process in site.processes.values()
    ]
    rules = [RULES / "recording.yml", RULES / "alerts.yml"]
    try:
        with (
            TokenServer(dovecot.token, sites.seller.mail_user.address) as tokens,
            PrometheusServer("intergestan", targets, rules) as prometheus,
        ):
            use_everything(sites, tokens, journey_smtp)
            wait_all_scraped(prometheus, len(targets))
            began = time.time()
            load(sites, prometheus)
            yield Watched(sites, prometheus, began, hook, anne)
    finally:
        sites.stop()


def use_everything(sites: PairOfSites, tokens: TokenServer, smtp: SmtpServer) -> None:
    """TLS to the relay, a token for a mailbox, keys that end, codes that are made."""
    for site in sites.sites:
        with site.database.transaction() as connection:
            set_preference(connection, "codes.mode", "automatic", by="test", at=site.database.now())
        site.use_relay("localhost", smtp.port, tls=True)
        let_keys_end(site, days=400)
    seller = sites.seller
    consent = Consent(seller.database, tokens, seller.folder)
    with seller.database.transaction() as connection:
        connection.execute(update(Mailbox).values(oauth_grant_id=consent.id, secret=None))


def wait_all_scraped(prometheus: PrometheusServer, targets: int) -> None:
    """Prometheus takes some five seconds before it begins."""
    query = f"count(up == 1) == {targets}"
    eventually(lambda: prometheus.ask("query", query=query)["result"], what=f"all are scraped: {targets}", every=0.2)


def let_keys_end(site: JourneySite, days: float) -> None:
    """The keys of its partners."""
    with site.database.transaction() as connection:
        connection.execute(update(PartnerKey).values(valid_until=site.database.now() + timedelta(days=days)))


def load(sites: PairOfSites, prometheus: PrometheusServer) -> None:
    """A mail with some orders every second, until all are answered and Prometheus has seen it."""
    numbers: list[str] = []
    for _ in range(SECONDS):
        started = time.monotonic()
        new = sites.enter(3)
        sites.send(new)
        numbers += new
        time.sleep(max(0.0, started + 1 - time.monotonic()))
    sites.wait_answered(numbers)
    query = f"sum(intergestan_order_transit_seconds_count) >= {len(numbers)}"
    try:
        eventually(lambda: prometheus.ask("query", query=query)["result"], what="Prometheus has seen the orders")
    except AssertionError as late:
        late.add_note(f"Errors of scrapes: {prometheus.scrape_errors()}\n{sites.picture()}")
        raise


OF_SOME_SITES = {
    *("Addresses to look up", "Look-ups left", "What providers say"),
    *("Lines that wait for goods", "Orders allocated", "To be ordered from other agencies"),
    *("Pages: answers", "Pages: time to the answer"),
}
"""Panels of sites that chose who says where addresses lie (T25), that set goods aside (A11), or whose people use the
console: tests of dispatcher, allocator and console fill their metrics.
"""


def samples(prometheus: PrometheusServer, query: str, began: float) -> int:
    """How many values that are numbers a query has, from the beginning until now."""
    for word, value in FILLED.items():
        query = query.replace(word, value)
    answer = prometheus.ask("query_range", query=query, start=began, end=time.time(), step=1)
    return sum(value != "NaN" for series in answer["result"] for _, value in series["values"])


@pytest.mark.parametrize("file", [file for file in FILES if file.parent.name == "en"], ids=named)
def test_no_panel_is_empty(watched: Watched, file: Path) -> None:
    """Issue 4: no error, no empty panel. The French dashboards ask the same."""
    empty = [
        (title, query) for title, query in queries(read(file)) if samples(watched.prometheus, query, watched.began) == 0
    ]
    unasked = [each for each in empty if each[0] not in OF_SOME_SITES]
    assert not unasked, "\n".join(map(str, unasked))
    assert samples(watched.prometheus, "intergestan_misspelt", watched.began) == 0


def test_every_variable_has_values(watched: Watched) -> None:
    """Issue 4: the variables are alike in all dashboards."""
    asked = {variable["query"]["query"] for file in FILES for variable in variables(read(file))}
    assert len(asked) == 3
    for query in asked:
        found = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
        assert found is not None
        series = found[1].replace("$job", ".+").replace("$site", ".+")
        assert watched.prometheus.ask(f"label/{found[2]}/values", **{"match[]": series}), query


def variables(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [variable for variable in board["templating"]["list"] if variable["type"] == "query"]


def test_every_rule_is_evaluated(watched: Watched) -> None:
    """Issue 4: the rules as they are shipped, on what real services tell; a healthy site raises no alarm."""
    groups = watched.prometheus.ask("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) > 15
    assert {rule["name"]: rule["health"] for rule in rules if rule["health"] != "ok"} == {}
    firing = {rule["name"] for rule in rules if rule.get("state") == "firing"}
    assert firing <= ELSEWHERE


def test_exemplars_lead_to_transfers(watched: Watched) -> None:
    """Issue 4: from a point of a curve to the transfer; over OpenMetrics, as Prometheus asks for it."""
    query = "intergestan_order_transit_seconds_bucket"
    found = watched.prometheus.ask("query_exemplars", query=query, start=watched.began, end=time.time())
    told = {exemplar["labels"]["transfer"] for series in found for exemplar in series["exemplars"]}
    known = {row.transfer_id for row in watched.sites.buyer.rows(OutboundMail)}
    assert told
    assert told <= known


def test_the_dispatcher_tells_of_alarms_by_itself(watched: Watched, dovecot: Dovecot) -> None:
    """Issue 4: for firms without Prometheus: a webhook and a mail, by the services that run anyway."""
    buyer, hook = watched.sites.buyer, watched.hook

    def heard(part: str) -> bool:
        return any(each[part] for each in hook.posted if each["site"] == buyer.code)

    let_keys_end(buyer, days=5)
    eventually(lambda: heard("begun"), what="the webhook heard of the key")
    let_keys_end(buyer, days=400)
    eventually(lambda: heard("ended"), what="the webhook heard of the end")
    mails = dovecot.maildir(watched.anne.address) / "new"
    eventually(lambda: len(list(mails.glob("*"))) >= 2, what="two mails")


def test_the_real_services_stay_within_the_budget(watched: Watched) -> None:
    """Issue 4: what a small site really tells."""
    eventually(lambda: watched.prometheus.ask("query", query="sum(up)")["result"], what="scraped")
    counted = watched.prometheus.ask("query", query="max(sum by (site) (scrape_samples_scraped))")["result"]
    assert 300 < float(counted[0]["value"][1]) < 1500
