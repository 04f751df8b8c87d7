"""Whether Redis answers, for a command that looks once and waits for no client library.

It says PING and nothing else; a server that wants a password first answers as well.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self
from urllib.parse import parse_qs, urlsplit

from intergestan_runtime.redis_url import GroupUrl

USUAL_PORT = 6379
_PING = b"PING\r\n"


class Silence(str):
    """Why a server does not answer, in English. :ivar error: what the system said; None of one that is no Redis."""

    __slots__ = ("error", "place")

    error: OSError | None
    place: str

    def __new__(cls, place: str, words: str, error: OSError | None = None) -> Self:
        """:param place: of the server."""
        made = super().__new__(cls, f"{place}: {words}")
        made.place, made.error = place, error
        return made


def silence(url: str, seconds: float) -> Silence | None:
    """Why no server of this URL answers; None where one does.

    :param seconds: how long each is waited for.
    """
    group: GroupUrl | None = GroupUrl.parse(url)
    said: Silence | None = None
    parts = urlsplit(url)
    places = group.nodes if group is not None else ((parts.hostname or "localhost", _port(url)),)
    for host, port in places:
        place = parts.path if parts.scheme == "unix" else f"{host}:{port}"
        try:
            with _connected(url, host, port, seconds) as connection:
                connection.sendall(_PING)
                if connection.recv(1) in {b"+", b"-"}:
                    return None
                said = Silence(place, "it is no Redis")
        except OSError as error:
            said = Silence(place, error.strerror or str(error), error)
    return said


def _port(url: str) -> int:
    return urlsplit(url).port or USUAL_PORT


@contextmanager
def _connected(url: str, host: str, port: int, seconds: float) -> Iterator[socket.socket]:
    parts = urlsplit(url)
    if parts.scheme == "unix":
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(seconds)
            connection.connect(parts.path)
            yield connection
        return
    with socket.create_connection((host, port), timeout=seconds) as connection:
        if not parts.scheme.startswith("rediss"):
            yield connection
            return
        context = ssl.create_default_context(cafile=parse_qs(parts.query).get("ssl_ca_certs", [None])[0])
        with context.wrap_socket(connection, server_hostname=host) as secured:
            yield secured
