"""What of the configuration is refused, and that the console waits for a port that somebody else has."""

from __future__ import annotations

import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal
from prometheus_client import CollectorRegistry

from intergestan_runtime.metrics import Metrics
from intergestan_runtime.sections import Invalid
from intergestan_runtime.settings import ConsoleSettings
from services.console.worker import Console
from tests.console.office import Office, make_office
from tests.databases import MigratedBases, as_service
from tests.patience import PATIENCE, eventually
from tests.servers import RedisServer
from tests.servers.process import HOST
from tests.services.console.browser import Browser
from tests.site_factories import SiteToTest

TLS = {"tls_certificate_file": Path("a.pem"), "tls_key_file": Path("a.key")}
PROXY = {"behind_proxy": True, "trusted_proxies": ["10.0.0.1"]}
URL = {"public_url": "https://console.example"}


@pytest.mark.parametrize(
    "values",
    [
        {"address": "0.0.0.0"},
        {"address": "192.0.2.7", **URL},
        {"address": "192.0.2.7", **TLS},
        {"address": "192.0.2.7", **PROXY},
        {"behind_proxy": True},
        {"behind_proxy": True, **URL},
        {"behind_proxy": True, "trusted_proxies": ["10.0.0.1"]},
        {"tls_key_file": Path("a.key")},
        {"public_url": "http://console.example"},
    ],
)
def test_what_others_reach_needs_tls_and_a_name(values: dict[str, object]) -> None:
    with pytest.raises(Invalid):
        ConsoleSettings(**values)


@pytest.mark.parametrize(
    ("values", "url"),
    [
        ({}, "http://127.0.0.1:8470/"),
        ({"address": "::1", "port": 1}, "http://[::1]:1/"),
        ({"address": "192.0.2.7", **TLS, **URL}, "https://console.example/"),
        ({"address": "192.0.2.7", **PROXY, **URL}, "https://console.example/"),
        ({**PROXY, **URL}, "https://console.example/"),
    ],
)
def test_where_browsers_find_the_pages(values: dict[str, object], url: str) -> None:
    assert ConsoleSettings(**values).url == url


def test_each_answer_is_counted_with_its_page_and_how_it_ended(an_office: SiteToTest, portal: BlockingPortal) -> None:
    """`page_seconds`: by the page's name, not by what was asked for, so that nobody makes series at will."""
    metrics = Metrics(CollectorRegistry(), service="console")
    console = Console(as_service(an_office.database, "console"), ConsoleSettings(), 4, metrics=metrics)
    browser = Browser(console.application, portal)
    for path in ("/entrer", "/entrer", "/nulle-part/1", "/nulle-part/2", "/commandes"):
        browser.get(path)
    told = {
        (sample.labels["page"], sample.labels["status"]): sample.value
        for family in metrics.registry.collect()
        for sample in family.samples
        if sample.name == "intergestan_page_seconds_count"
    }
    assert told == {("enter", "2xx"): 2, ("none", "4xx"): 2, ("purchases", "3xx"): 1}


@pytest.mark.not_quick
def test_a_port_that_somebody_has_is_waited_for(
    migrated: MigratedBases, session_redis: RedisServer, tmp_path: Path
) -> None:
    """Orders do not end over it: the process lives, says why it is not ready, and ends when it is told to."""
    with make_office(migrated, tmp_path, session_redis.url) as office:
        port = int(office.url.rpartition(":")[2])
        assert _status(office) == 200
        office.console.stop()
        with socket.create_server((HOST, port)):
            office.console.start()
            eventually(lambda: "The pages wait for their port." in office.console.log())
            assert not office.console.is_ready
        office.console.wait_ready()
        assert _status(office) == 200


def _status(office: Office) -> int:
    try:
        with urllib.request.urlopen(f"{office.url}/entrer", timeout=PATIENCE) as answer:
            return int(answer.status)
    except urllib.error.URLError:
        return 0
