"""The short form of `python -m benchmarks mailboxes`: many mailboxes, and none is polled late."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.mailboxes import Host, Load, watch
from tests.patience import Slowness, eventually
from tests.servers import Dovecot, RedisServer

TWENTY = Load(mailboxes=20, pollers=2, interval=4, seconds=6, mails=4)
SIXTY = Load(mailboxes=60, pollers=2, interval=4, seconds=10, mails=10)


@pytest.mark.parametrize(
    "load", [pytest.param(TWENTY, id="twenty"), pytest.param(SIXTY, id="sixty", marks=pytest.mark.campaign)]
)
def test_no_mailbox_on_two_pollers_is_read_later_than_twice_its_interval(
    dovecot: Dovecot, redis_server: RedisServer, postgres_url: str, tmp_path: Path, load: Load
) -> None:
    """And a mail that comes in between is fetched well within its interval, by IDLE."""
    host = Host(dovecot, redis_server, postgres_url, tmp_path, load)
    try:
        eventually(lambda: None not in host.last_reads().values(), what="every mailbox was read once")
        with Slowness() as slowness:
            latest, arrivals = watch(host, load)
    finally:
        host.stop()
    assert latest <= 2 * load.interval * slowness.factor
    assert len(arrivals) == load.mails
    assert max(arrivals) <= load.interval * slowness.factor
