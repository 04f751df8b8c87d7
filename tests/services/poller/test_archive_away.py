"""An archive in a bucket whose store is away: the poller pauses and says so, and goes on by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from intergestan_runtime.archive_s3 import Bucket, S3Archive
from services.poller.collect import Tools
from tests.patience import eventually
from tests.servers import FaultProxy, S3Server, ScriptedImap
from tests.services.poller.site import PollerSite, mail


@pytest.fixture
def s3() -> Iterator[S3Server]:
    with S3Server() as server:
        server.make_bucket("mails")
        yield server


def keep_in(site: PollerSite, archive: S3Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the site's pollers keep their mails there."""
    usual = site.tools

    def tools(die: Callable[[BaseException], None], **settings: Any) -> Tools:
        return replace(usual(die, **settings), archive=archive)

    monkeypatch.setattr(site, "tools", tools)


def test_the_store_goes_away_and_comes_back(
    site: PollerSite,
    s3: S3Server,
    make_imap: Callable[..., ScriptedImap],
    make_proxy: Callable[..., FaultProxy],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Mails stay on the server, the process lives, and nobody is asked for anything."""
    proxy = make_proxy(s3.host, s3.port)
    endpoint = f"http://{proxy.host}:{proxy.port}"
    archive = S3Archive(Bucket(url="s3://mails", endpoint=endpoint, key=s3.key, patience=timedelta(seconds=0.2)))
    keep_in(site, archive, monkeypatch)
    monkeypatch.setattr("services.poller.watch.delay", lambda *_: 0.1)
    proxy.refuse()
    site.add_mailbox("box", port=make_imap({1: mail(1), 2: mail(2)}).port)
    with site.poller():
        eventually(lambda: "store of the archive" in (site.mailbox("box").last_error or ""))
        assert (site.inbound(), site.uids("box")) == ([], {})
        assert site.metric("mailbox_reconnects_total", reason="archive") >= 1
        proxy.resume()
        eventually(lambda: len(site.inbound()) == 2)
    assert sorted(archive.get(row.sha256) for row in site.inbound()) == sorted([mail(1), mail(2)])
