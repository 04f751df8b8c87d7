"""Whether Redis answers, for a command that looks once and waits for no client library.

It says PING and nothing else; a server that wants a password first answers as well.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from intergestan_runtime.redis_url import GroupUrl

USUAL_PORT = 6379
_PING = b"PING\r\n"


def silence(url: str, seconds: float) -> str | None:
    """Why no server of this URL answers; None where one does.

    :param seconds: how long each is waited for.
    """
    group, said = GroupUrl.parse(url), ""
    parts = urlsplit(url)
    places = group.nodes if group is not None else ((parts.hostname or "localhost", _port(url)),)
    for host, port in places:
        place = parts.path if parts.scheme == "unix" else f"{host}:{port}"
        try:
            with _connected(url, host, port, seconds) as connection:
                connection.sendall(_PING)
                if connection.recv(1) in {b"+", b"-"}:
                    return None
                said = f"{place}: it is no Redis"
        except OSError as error:
            said = f"{place}: {error.strerror or error}"
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
