"""What a provider sends is short, in time, from where we asked, and encrypted; whatever else it sends is no answer."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from intergestan_erp.geo.answers import NoAnswer, Position, Trouble
from intergestan_erp.geo.providers import PROVIDERS, Provider
from services.geocoder.asking import GeopyLocator
from services.geocoder.http import MOST_OCTETS, Unanswered, ask
from tests.patience import PATIENCE, cheaply
from tests.servers.certificates import Certificates
from tests.servers.http import Reply
from tests.servers.places import FOUND, ScriptedPlaces

SHORT = 0.3
"""Seconds; the peer is silent for ever, or sends for ever."""


@contextmanager
def dripping(before: bytes) -> Iterator[str]:
    """A server that sends this, and then a byte at a time without end; its host and port."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            peer, _ = server.accept()
            with peer:
                peer.sendall(before)
                while not ended.wait(0.02):
                    try:
                        peer.sendall(b"x")
                    except OSError:
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"127.0.0.1:{server.getsockname()[1]}"
        finally:
            ended.set()
            thread.join(PATIENCE)


@pytest.mark.parametrize(
    "before",
    [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n{"],
    ids=["its first line", "its headers", "its body"],
)
def test_what_drips_is_ended(before: bytes) -> None:
    """However often a byte comes: the time is for all of it."""
    with dripping(before) as where, pytest.raises(Unanswered, match="in time"):
        ask(f"http://{where}/?q=x", {}, seconds=SHORT, context=None)


def test_what_is_long_is_not_read() -> None:
    with ScriptedPlaces(Reply(body=b" " * (MOST_OCTETS + 1))) as places, pytest.raises(Unanswered, match="too long"):
        ask(f"{places.url}/?q=x", {}, seconds=PATIENCE, context=None)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308, 300])
def test_a_redirect_is_not_followed(status: int) -> None:
    """The key in our URL is for this server only."""
    with ScriptedPlaces() as elsewhere, ScriptedPlaces(Reply(status, headers={"Location": elsewhere.url})) as places:
        with pytest.raises(Unanswered, match="elsewhere"):
            ask(f"{places.url}/?key=5ecret", {}, seconds=PATIENCE, context=None)
        assert (len(places.asked), elsewhere.asked) == (1, [])


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unanswered) as refused:
        ask(f"http://127.0.0.1:{port}/?key=5ecret", {}, seconds=PATIENCE, context=None)
    assert "5ecret" not in f"{refused.value!r} {refused.value.__cause__!r}"


def locator(domain: str, scheme: str = "http", *, provider: Provider = PROVIDERS["ban"], **others: Any) -> GeopyLocator:
    seconds = min(60.0, PATIENCE)
    return GeopyLocator(provider, user_agent="test", seconds=seconds, domain=domain, scheme=scheme, **others)


def test_tls_is_verified(tmp_path: Path) -> None:
    """Only by the authorities that we know, and for the name that we asked for."""
    certificates = Certificates(tmp_path)
    ca_file = str(certificates.ca_file)
    for certificate, trusted, is_fine in (
        (certificates.good, ca_file, True),
        (certificates.good, None, False),
        (certificates.wrong_host, ca_file, False),
        (certificates.expired, ca_file, False),
        (certificates.self_signed, ca_file, False),
    ):
        with ScriptedPlaces(tls=certificate.server_context()) as places:
            asking = locator(places.domain, "https", ca_file=trusted)
            if is_fine:
                assert asking.locate("Mulhouse", "FR") == Position(Decimal("47.7508"), Decimal("7.3389"))
                continue
            with pytest.raises(NoAnswer) as refused:
                asking.locate("Mulhouse", "FR")
            assert (refused.value.trouble, places.asked) == (Trouble.AWAY, [])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"\xff\xfe\x00",
        b"[" * 100_000,
        b'{"features": 7}',
        b'{"features": [7]}',
        b'{"features": [{"geometry": {"coordinates": []}}]}',
        b'{"features": [{"geometry": {"coordinates": ["a", "b"]}}]}',
        b'{"features": [{"geometry": {"coordinates": [1e999, 1]}}]}',
        b'{"features": [{"geometry": {"coordinates": [NaN, 1]}}]}',
        b'{"features": [{"geometry": {"coordinates": [1, 91]}}]}',
        b'{"features": [{"geometry": {"coordinates": [[[]], {}]}}]}',
        b'{"features": [{"geometry": null, "properties": null}]}',
    ],
)
def test_nonsense_is_no_answer_and_harms_nobody(body: bytes) -> None:
    """Nor does it say where anything is; the next question is answered."""
    with ScriptedPlaces() as places, cheaply():
        places.script.append(Reply(body=body))
        asking = locator(places.domain)
        with pytest.raises(NoAnswer) as refused:
            asking.locate("Mulhouse", "FR")
        assert refused.value.trouble is Trouble.AWAY
        assert asking.locate("Mulhouse", "FR") is not None


def test_a_proxy_of_the_environment_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What leaves the house goes where the settings say."""
    with ScriptedPlaces() as proxy, ScriptedPlaces() as places:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert locator(places.domain).locate("Mulhouse", "FR") is not None
        assert (len(places.asked), proxy.asked) == (1, [])


@pytest.mark.not_quick
def test_every_provider_that_can_be_chosen_can_be_asked() -> None:
    """T25: geopy knows each by this name and these arguments; each gets the text, and our key where it wants one."""
    numbers = count(1)
    with ScriptedPlaces(Reply(500)) as places:
        for name, provider in PROVIDERS.items():
            secret = f"key{next(numbers)}" if provider.key is not None else None
            asking = locator(places.domain, provider=provider, secret=secret)
            with pytest.raises(NoAnswer):
                asking.locate("1 rue X, 68100 Mulhouse", "FR")
            asked = places.asked.pop()
            assert "Mulhouse" in asked.path, name
            assert secret is None or secret in asked.path, name


def test_the_french_base_of_addresses_is_where_it_is_now() -> None:
    """ADR 0053: what geopy still asks by default was switched off."""
    asking = GeopyLocator(PROVIDERS["ban"], user_agent="test", seconds=1)
    assert asking._geocoder.geocode_api == "https://data.geopf.fr/geocodage/search"
    assert FOUND.status == 200
