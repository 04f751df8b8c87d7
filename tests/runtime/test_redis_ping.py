"""Whether Redis answers, without a client of it."""

from __future__ import annotations

import socket

import pytest

from intergestan_runtime.redis_ping import silence
from tests.servers import RedisServer
from tests.servers.process import free_port


def test_one_that_answers(redis_server: RedisServer) -> None:
    assert silence(redis_server.url, 5) is None
    with redis_server.client() as client:
        client.config_set("requirepass", "hush")
        try:
            assert silence(redis_server.url, 5) is None, "that it wants a password is an answer"
        finally:
            client.config_set("requirepass", "")
    nowhere = free_port()
    nodes = f"127.0.0.1:{nowhere},127.0.0.1:{redis_server.port}"
    assert silence(f"redis+cluster://{nodes}", 5) is None


def test_one_that_is_away_or_hangs() -> None:
    assert "refused" in (silence(f"redis://127.0.0.1:{free_port()}/0", 5) or "")
    assert "No such file" in (silence("unix:///no/such/socket", 5) or "")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        assert "timed out" in (silence(f"redis://127.0.0.1:{silent.getsockname()[1]}", 0.05) or "")


@pytest.mark.parametrize("url", ["redis+sentinel://127.0.0.1:{port}/orders", "rediss://127.0.0.1:{port}/0"])
def test_what_it_would_take_first(url: str) -> None:
    assert silence(url.format(port=free_port()), 5) is not None
