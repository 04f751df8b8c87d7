"""One question over HTTP: verified TLS, no redirect, and an answer that is short and in time, headers and all.

What a provider sends reaches no parser before that.
"""

from __future__ import annotations

import io
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import Any, cast
from urllib.parse import urlsplit

MOST_OCTETS = 512 * 1024
"""Some hundred places with all that is known of them; we ask for one."""


class Unanswered(Exception):
    """No answer, a redirect, or one that is too long or too slow; without the URL, which may have a key in it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. :ivar headers: by their names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def ask(url: str, headers: Mapping[str, str], *, seconds: float, context: ssl.SSLContext | None) -> Answer:
    """GET a URL.

    :param seconds: for all of it.
    :param context: for https.
    :raises Unanswered: with what happened.
    """
    parts = urlsplit(url)
    end = time.monotonic() + seconds
    host = parts.hostname or ""
    connection = (
        HTTPSConnection(host, parts.port, timeout=seconds, context=context)
        if parts.scheme == "https"
        else HTTPConnection(host, parts.port, timeout=seconds)
    )
    try:
        connection.request("GET", f"{parts.path or '/'}?{parts.query}", headers={**headers, "Connection": "close"})
        return _answer(connection.sock, end)
    except TimeoutError:
        raise Unanswered("it does not answer in time") from None
    except (OSError, HTTPException, ValueError) as error:  # no text of the error: it may name the URL
        raise Unanswered(f"it does not answer ({type(error).__name__})") from None
    finally:
        connection.close()


def _answer(sock: Any, end: float) -> Answer:
    response = HTTPResponse(cast("socket.socket", _InTime(sock, end)), method="GET")
    with response:
        response.begin()
        if response.status // 100 == 3:
            raise Unanswered("it sends us elsewhere, and we do not follow")
        body = response.read(MOST_OCTETS + 1)
        if len(body) > MOST_OCTETS:
            raise Unanswered("its answer is too long")
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


class _InTime(io.RawIOBase):
    """A socket of which nothing is read past an instant, however little it sends at a time."""

    def __init__(self, sock: Any, end: float) -> None:
        self._sock = sock
        self._end = end

    def makefile(self, _mode: str) -> io.BufferedReader:
        """As a socket has it."""
        return io.BufferedReader(self)

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Any) -> int:
        """What is there; raises TimeoutError past the end."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        read: int = self._sock.recv_into(buffer)
        return read
