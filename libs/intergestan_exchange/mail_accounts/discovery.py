"""The servers of a mail address: from the table of providers, from the domain's autoconfig, from DNS. Pure.

Whoever asks the network hands in functions (`Ask`). What comes back was written by strangers: it is only ever a host
name, a port and a login, and a person is shown it before a password travels there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from lxml import etree

from intergestan_db.enums import Security
from intergestan_db.problem import Act, Problem, ProblemCode
from intergestan_exchange.mail_accounts.mail_providers import MailProvider, by_domain, by_exchanger
from intergestan_msg.email_address import ADDRESS, DOMAIN

Protocol = Literal["imap", "pop3", "smtp"]

_DNS = "DNS"
MAX_OCTETS = 64 * 1024
"""Of an autoconfig file; the longest of Thunderbird's has 12 kB."""

_PORTS: Mapping[tuple[Protocol, Security], int] = {
    ("imap", Security.TLS): 993,
    ("pop3", Security.TLS): 995,
    ("smtp", Security.TLS): 465,
    ("smtp", Security.STARTTLS): 587,
}
_SOCKETS = {"SSL": Security.TLS, "STARTTLS": Security.STARTTLS}
_PASSWORDS = {"password-cleartext", "password-encrypted", "plain"}
_OAUTH_ISSUERS = {"accounts.google.com": "google", "login.microsoftonline.com": "microsoft"}

_SRV: tuple[tuple[str, Protocol, Security], ...] = (
    ("_imaps._tcp", "imap", Security.TLS),
    ("_imap._tcp", "imap", Security.STARTTLS),
    ("_pop3s._tcp", "pop3", Security.TLS),
    ("_pop3._tcp", "pop3", Security.STARTTLS),
    ("_submissions._tcp", "smtp", Security.TLS),
    ("_submission._tcp", "smtp", Security.STARTTLS),
)
"""RFC 6186 §3, RFC 8314 §5.1; what comes first is taken."""


@dataclass(frozen=True, slots=True)
class Server:
    """One server, and the login there."""

    protocol: Protocol
    host: str
    port: int
    security: Security
    login: str


@dataclass(frozen=True, slots=True)
class Settings:
    """What was found for an address.

    :ivar source: who says so: a provider's name, a URL, or `DNS`.
    :ivar servers: at most one for each protocol.
    :ivar oauth: the provider of tokens, if it is known. :ivar takes_password: False where only tokens open it.
    :ivar app_password: whether the password must be one made for programs.
    """

    source: str
    servers: tuple[Server, ...]
    oauth: str | None = None
    takes_password: bool = True
    app_password: bool = False

    def server(self, protocol: Protocol) -> Server | None:
        """The server of a protocol."""
        return next((server for server in self.servers if server.protocol == protocol), None)

    def must_be_confirmed(self, address: str) -> bool:
        """Whether a person must look at it: plain DNS can be forged, and names a host of another domain."""
        domain = address.rpartition("@")[2].lower()
        return self.source == _DNS and any(
            not f".{server.host.lower()}".endswith(f".{domain}") for server in self.servers
        )


@dataclass(frozen=True, slots=True)
class Ask:
    """How the network is asked; each gives nothing where there is nothing.

    :ivar page: the octets of an https address. :ivar exchangers: the names of a domain's MX, the best first.
    :ivar services: host and port of an SRV name, the best first.
    """

    page: Callable[[str], bytes | None]
    exchangers: Callable[[str], Sequence[str]]
    services: Callable[[str], Sequence[tuple[str, int]]]


def discover(address: str, ask: Ask) -> Settings:
    """The servers of an address: the first source that knows an IMAP or POP3 server.

    The table of providers, autoconfig at the domain, Thunderbird's public list, the provider of the mail exchanger,
    SRV records.

    :raises Problem: it is no address, or nobody knows.
    """
    if not re.match(ADDRESS, address):
        raise Problem("«{address}» is no mail address.", ProblemCode.NO_VALUE, address=address)
    for source in _sources(address, ask):
        found = source()
        if found is not None and (found.server("imap") or found.server("pop3")):
            return found
    raise Problem(
        "Nobody says which servers {address} has: ask the mail provider.",
        ProblemCode.NO_SERVER,
        (Act.GIVE_SERVER,),
        address=address,
    )


def well_known(address: str) -> Settings | None:
    """The servers of an address whose provider is in the table; nobody is asked."""
    return _of_provider(by_domain(address.rpartition("@")[2]), address)


def parse_autoconfig(xml: bytes, address: str, source: str) -> Settings | None:
    """The servers of an autoconfig file (clientConfig 1.1); those without TLS are left out. None when it is none."""
    try:
        root = etree.fromstring(xml, _PARSER) if len(xml) <= MAX_OCTETS else None
    except etree.XMLSyntaxError:
        return None
    if root is None:
        return None
    offers = [
        (element, server)
        for element in root.iter("incomingServer", "outgoingServer")
        if (server := _server(element, address)) is not None
    ]
    chosen = {server.protocol: (element, server) for element, server in reversed(offers)}
    methods = {method for element, _ in chosen.values() for method in _texts(element, "authentication")}
    return Settings(
        source,
        tuple(server for _, server in chosen.values()),
        oauth=_issuer(root) if "OAuth2" in methods else None,
        takes_password=not methods or bool(methods & _PASSWORDS),
    )


def _sources(address: str, ask: Ask) -> Iterator[Callable[[], Settings | None]]:
    domain = address.rpartition("@")[2].lower()
    yield lambda: well_known(address)
    for url in (
        f"https://autoconfig.{domain}/mail/config-v1.1.xml",
        f"https://{domain}/.well-known/autoconfig/mail/config-v1.1.xml",
        f"https://autoconfig.thunderbird.net/v1.1/{domain}",
    ):
        yield partial(_of_page, url, address, ask)
    yield lambda: _of_exchangers(ask.exchangers(domain), address)
    yield lambda: _of_services(domain, address, ask)


def _of_page(url: str, address: str, ask: Ask) -> Settings | None:
    page = ask.page(url)
    return None if page is None else parse_autoconfig(page, address, url)


def _of_exchangers(hosts: Sequence[str], address: str) -> Settings | None:
    return next((found for host in hosts if (found := _of_provider(by_exchanger(host), address))), None)


def _of_provider(provider: MailProvider | None, address: str) -> Settings | None:
    if provider is None:
        return None
    login = address if provider.login == "address" else address.rpartition("@")[0]
    hosts: tuple[tuple[Protocol, str, Security], ...] = (
        ("imap", provider.imap, Security.TLS),
        ("pop3", provider.pop3, Security.TLS),
        ("smtp", provider.smtp, provider.smtp_security),
    )
    return Settings(
        provider.name,
        tuple(Server(name, host, _PORTS[name, security], security, login) for name, host, security in hosts),
        oauth=provider.oauth,
        takes_password=provider.takes_password,
        app_password=provider.app_password,
    )


def _of_services(domain: str, address: str, ask: Ask) -> Settings | None:
    found: dict[Protocol, Server] = {}
    for service, protocol, security in _SRV:
        hosts = [] if protocol in found else ask.services(f"{service}.{domain}")
        for host, port in hosts:
            if _is_server(host, port):
                found.setdefault(protocol, Server(protocol, host.rstrip("."), port, security, address))
    settings = Settings(_DNS, tuple(found.values()))
    provider = next((one for server in settings.servers if (one := by_exchanger(server.host))), None)
    return settings if provider is None else replace(settings, oauth=provider.oauth)


_PARSER = etree.XMLParser(
    resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
)


def _server(element: etree._Element, address: str) -> Server | None:
    protocol, security = element.get("type"), _SOCKETS.get(_text(element, "socketType"))
    host, port = _text(element, "hostname"), _text(element, "port")
    if protocol not in {"imap", "pop3", "smtp"} or security is None or not port.isdecimal():
        return None
    if not _is_server(host, int(port)):
        return None
    names: Mapping[str, Protocol] = {"imap": "imap", "pop3": "pop3", "smtp": "smtp"}
    return Server(names[protocol], host, int(port), security, _login(_text(element, "username"), address))


def _login(template: str, address: str) -> str:
    local, _, domain = address.rpartition("@")
    for name, value in (("%EMAILADDRESS%", address), ("%EMAILLOCALPART%", local), ("%EMAILDOMAIN%", domain)):
        template = template.replace(name, value)
    is_plain = template.isprintable() and "%" not in template and 0 < len(template) <= 254
    return template if is_plain else address


def _is_server(host: str, port: int) -> bool:
    return bool(re.match(DOMAIN, host.rstrip("."))) and "." in host.rstrip(".") and 0 < port < 65536


def _issuer(root: etree._Element) -> str | None:
    issuers = [issuer for element in root.iter("oAuth2") for issuer in _texts(element, "issuer")]
    return next((name for issuer in issuers for known, name in _OAUTH_ISSUERS.items() if issuer == known), None)


def _text(element: etree._Element, name: str) -> str:
    return next(iter(_texts(element, name)), "")


def _texts(element: etree._Element, name: str) -> list[str]:
    return [(child.text or "").strip() for child in element.iterchildren(name)]
