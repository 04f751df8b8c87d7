"""One trace from *Valider* to the answer applied, over both sites; without the setting, nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
import time

from intergestan_db.tables import InboundMail, OutboundMail
from tests import warm
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, JourneySite
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


NO_RESENDS = {**QUICK, "sender": {name: QUICK["sender"][name] for name in ("retry_seconds", "relay_rest_seconds")}}
"""On a busy machine an answer may take longer than the four seconds after which QUICK sends the same bytes again."""


def send(site: JourneySite, supplier: str) -> None:
    """*Valider*, as a person does it."""
    command = [sys.executable, "-m", "services.cli", "--config", str(site.folder / "intergestan.toml")]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("INTERGESTAN_")}
    arguments = ["--as", "anne", "send", "--supplier", supplier]
    done = warm.run([*command, *arguments], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_one_trace_over_both_sites(make_pair: MakePair) -> None:
    """Issue 4: the steps of both sites are spans of one trace, each hanging on the one before."""
    began = time.monotonic()
    with OtlpReceiver() as receiver:
        pair = make_pair("sqlite", {**NO_RESENDS, "tracing": {"endpoint": receiver.endpoint}})
        try:
            numbers = pair.enter(2)
            send(pair.buyer, pair.seller.code)
            pair.wait_answered(numbers)
            pair.wait_at_rest()
            for process in pair.processes():
                process.stop()  # which sends the last spans
        finally:
            pair.stop()
    names = {pair.buyer.code: "buyer", pair.seller.code: "seller"}
    (trace,) = {span.trace for span in receiver.spans}
    steps = [(span.name, span.service.removeprefix("intergestan-"), names[span.site]) for span in receiver.of(trace)]
    assert sorted(steps) == sorted(WAY)
    seen = dict(zip(steps, receiver.of(trace), strict=True))
    assert seen[WAY[0]].parent == ""
    assert [seen[step].parent for step in WAY[1:4]] == [seen[WAY[0]].span, seen[WAY[1]].span, seen[WAY[1]].span]
    assert [seen[step].parent for step in WAY[4:7]] == [seen[step].span for step in WAY[3:6]]
    assert [seen[step].parent for step in WAY[7:]] == [seen[WAY[5]].span, seen[WAY[7]].span]
    assert all(0 <= span.seconds < time.monotonic() - began for span in receiver.spans)


def test_without_the_setting_nothing_travels(make_pair: MakePair) -> None:
    """No column is written, no header sent, no package of it imported (redis-py takes the SDK where it finds it)."""
    pair = make_pair("sqlite", NO_RESENDS)
    try:
        numbers = pair.enter(1)
        pair.send(numbers)
        pair.wait_answered(numbers)
        pair.wait_at_rest()
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
