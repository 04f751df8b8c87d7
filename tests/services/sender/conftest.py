"""A buyer's base with composed mails and a relay, for tests of what the sender does with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from intergestan_db.database import Database
from tests.servers import SmtpServer
from tests.services.sender.outbox import Outbox


@pytest.fixture
def relay_server(make_smtp: Callable[..., SmtpServer]) -> SmtpServer:
    """A relay that takes everything and delivers nothing."""
    return make_smtp()


@pytest.fixture
def outbox(base: Database, relay_server: SmtpServer) -> Iterator[Outbox]:
    """On both kinds of base."""
    with Outbox(base, relay_server.port) as box:
        yield box


@pytest.fixture
def sqlite_outbox(sqlite_base: Database, relay_server: SmtpServer) -> Iterator[Outbox]:
    """On the embedded base."""
    with Outbox(sqlite_base, relay_server.port) as box:
        yield box
