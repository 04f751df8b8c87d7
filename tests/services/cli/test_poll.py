"""`poll` (*Relever*) where it cannot succeed; that it does is proved in test_up."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from sqlalchemy import update

from intergestan_db import leases
from intergestan_db.tables import PollRun
from tests.patience import PATIENCE, eventually
from tests.services.cli.conftest import Run
from tests.services.cli.exchange import base, rows


@pytest.fixture
def polled_shop(shop: Path, run: Run) -> Path:
    """A shop with a mailbox, and a poller that lives for nine seconds and does nothing."""
    account = ("--host", "127.0.0.1", "--security", "none", "--login", "x", "--password-stdin")
    assert run("mailbox", "add", "commandes", *account, "--untested", cwd=shop, stdin="x\n").code == 0
    with base(shop) as database, database.transaction() as connection:
        leases.beat(connection, "poller-1", "poller", database.now())
    return shop


def test_without_a_poller_nothing_is_asked_for(shop: Path, run: Run) -> None:
    refused = run("--lang", "fr", "poll", cwd=shop)
    assert (refused.code, "intergestan run poller" in refused.err) == (75, True)
    assert rows(shop, PollRun) == []


def test_a_mailbox_that_does_not_exist(polled_shop: Path, run: Run) -> None:
    refused = run("poll", "nowhere", cwd=polled_shop)
    assert (refused.code, "nowhere" in refused.err) == (1, True)


def test_a_poller_that_hangs_is_not_waited_for(polled_shop: Path, run: Run) -> None:
    late = run("poll", "--timeout", "0", "--json", cwd=polled_shop)
    assert late.code == 75
    assert late.json["mailboxes"] == [{"mailbox": "commandes", "found": None, "error": None}]


def test_what_the_poller_suffers_is_told(polled_shop: Path, run: Run) -> None:
    def fail() -> None:
        eventually(lambda: rows(polled_shop, PollRun))
        with base(polled_shop) as database, database.transaction() as connection:
            connection.execute(update(PollRun).values(error="Wrong password."))

    poller = threading.Thread(target=fail, daemon=True)
    poller.start()
    told = run("poll", "commandes", "--timeout", PATIENCE, cwd=polled_shop)
    poller.join()
    assert (told.code, "commandes: Wrong password." in told.err) == (1, True)
