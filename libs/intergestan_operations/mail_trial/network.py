"""How discovery asks the network (`mail_accounts.discovery.Ask`): https pages and DNS, briefly and with suspicion.

The domain of an address decides where we ask, so a stranger may choose it: only https is spoken, only to public
addresses (the one that was checked is the one connected to), no redirect is followed, and answers are short.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from intergestan_exchange.mail_accounts.discovery import MAX_OCTETS, Ask

TIMEOUT_S = 5.0


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    return ipaddress.ip_address(address.partition("%")[0]).is_global


class Network:
    """Asks for pages and names.

    :param context: verifies the servers of pages. :param resolver: a `dns.resolver.Resolver`; the machine's by default.
    :param is_allowed: which IP addresses may be connected to.
    """

    def __init__(
        self,
        context: ssl.SSLContext | None = None,
        resolver: Any = None,
        is_allowed: Callable[[str], bool] = is_public,
    ) -> None:
        self._context = context or ssl.create_default_context()
        self._resolver = resolver
        self._is_allowed = is_allowed

    def ask(self) -> Ask:
        """The functions that discovery calls."""
        return Ask(self.page, self.exchangers, self.services)

    def page(self, url: str) -> bytes | None:
        """What is there, or None: nothing, too long, too slow, somewhere else."""
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname is None:
            return None
        try:
            connection = _Connection(parts.hostname, parts.port or 443, self._context, self._is_allowed)
            try:
                connection.request("GET", parts.path, headers={"Accept": "application/xml, text/xml"})
                response = connection.getresponse()
                return _body(response) if response.status == 200 else None
            finally:
                connection.close()
        except (OSError, http.client.HTTPException, ValueError):
            return None  # whatever it is, the next source is asked

    def exchangers(self, domain: str) -> Sequence[str]:
        """The names of the MX, the best first."""
        answers = sorted(self._records(domain, "MX"), key=lambda record: record.preference)
        return [record.exchange.to_text(omit_final_dot=True) for record in answers]

    def services(self, name: str) -> Sequence[tuple[str, int]]:
        """Host and port of the SRV records, the best first."""
        answers = sorted(self._records(name, "SRV"), key=lambda record: (record.priority, -record.weight))
        return [(record.target.to_text(omit_final_dot=True), record.port) for record in answers]

    def _records(self, name: str, kind: str) -> Sequence[Any]:
        import dns.exception
        import dns.resolver

        try:
            resolver = self._resolver or dns.resolver.Resolver()
            return list(resolver.resolve(name, kind, lifetime=TIMEOUT_S))
        except (dns.exception.DNSException, OSError):
            return []  # no such name, no resolver, no network: the next source is asked


class _Connection(http.client.HTTPSConnection):
    def __init__(self, host: str, port: int, context: ssl.SSLContext, is_allowed: Callable[[str], bool]) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S, context=context)
        self._tls = context
        self._is_allowed = is_allowed

    def connect(self) -> None:
        """To an address that may be connected to."""
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        address = next((str(info[4][0]) for info in found if self._is_allowed(str(info[4][0]))), None)
        if address is None:
            raise OSError(f"{self.host} is not on the public internet")
        plain = socket.create_connection((address, self.port), TIMEOUT_S)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _body(response: http.client.HTTPResponse) -> bytes | None:
    end, body = time.monotonic() + TIMEOUT_S, b""
    while piece := response.read1(MAX_OCTETS):
        body += piece
        if len(body) > MAX_OCTETS or time.monotonic() > end:
            return None
    return body
