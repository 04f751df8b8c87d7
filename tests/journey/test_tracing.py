"""One trace from *Valider* to the answer applied, over both sites; without the setting, nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys

from intergestan_site.tables import InboundMail, OutboundMail
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, JourneySite
from tests.journey.service_process import wait_until
from tests.servers.otlp import OtlpReceiver

WAY = (
    ("request", "cli", "buyer"),
    ("compose", "composer", "buyer"),
    ("send", "sender", "buyer"),
    ("collect", "poller", "seller"),
    ("import", "importer", "seller"),
    ("compose", "composer", "seller"),
    ("send", "sender", "seller"),
    ("collect", "poller", "buyer"),
    ("import", "importer", "buyer"),
)


def send(site: JourneySite, supplier: str) -> None:
    """*Valider*, as a person does it."""
    command = [sys.executable, "-m", "services.cli", "--config", str(site.folder / "intergestan.toml")]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("INTERGESTAN_")}
    arguments = ["--as", "anne", "send", "--supplier", supplier]
    done = subprocess.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_trace_over_both_sites(make_pair: MakePair) -> None:
    """Issue 4: the steps of both sites are spans of one trace, each hanging on the one before."""
    with OtlpReceiver() as receiver:
        pair = make_pair("sqlite", {**QUICK, "tracing": {"endpoint": receiver.endpoint}})
        try:
            numbers = pair.enter(2)
            send(pair.buyer, pair.seller.code)
            pair.wait_answered(numbers, 40)
            wait_until(lambda: len(receiver.spans) >= len(WAY), 20, "all spans came")
        finally:
            pair.stop()
    names = {pair.buyer.code: "buyer", pair.seller.code: "seller"}
    (trace,) = {span.trace for span in receiver.spans}
    seen = {
        (span.name, span.service.removeprefix("intergestan-"), names[span.site]): span for span in receiver.of(trace)
    }
    assert set(seen) == set(WAY)
    assert seen[WAY[0]].parent == ""
    assert [seen[step].parent for step in WAY[1:4]] == [seen[WAY[0]].span, seen[WAY[1]].span, seen[WAY[1]].span]
    assert [seen[step].parent for step in WAY[4:7]] == [seen[step].span for step in WAY[3:6]]
    assert [seen[step].parent for step in WAY[7:]] == [seen[WAY[5]].span, seen[WAY[7]].span]
    assert all(0 <= span.seconds < 30 for span in receiver.spans)


def test_without_the_setting_nothing_travels(make_pair: MakePair) -> None:
    """No column is written, no header sent, no package of it imported (redis-py takes the SDK where it finds it)."""
    pair = make_pair("sqlite")
    try:
        numbers = pair.enter(1)
        pair.send(numbers)
        pair.wait_answered(numbers, 40)
        for site in pair.sites:
            for table in (OutboundMail, InboundMail):
                assert [row.trace_parent for row in site.rows(table)] == [None]
            assert b"Traceparent" not in site.archive.get(site.rows(InboundMail)[0].sha256)
    finally:
        pair.stop()
    program = (
        "import sys, services.composer.__main__, services.sender.__main__, services.poller.__main__\n"
        "import services.importer.__main__\n"
        "assert not {'intergestan_runtime.otlp_tracer', 'opentelemetry.exporter', 'requests'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
