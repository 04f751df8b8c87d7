"""How discovery asks: https with a verified certificate, public addresses only, short answers; DNS on loopback."""

import socket
import ssl
import threading
from collections.abc import Iterator

import dns.message
import dns.resolver
import dns.rrset
import pytest

from intergestan_exchange.mail_accounts.discovery import MAX_OCTETS, discover
from intergestan_operations.mail_trial.network import Network, is_public
from tests.patience import PATIENCE
from tests.servers import Certificates
from tests.servers.http import HttpServer, Reply, Request

PAGES: dict[str, tuple[int, bytes]] = {
    "/good.xml": (200, b"<clientConfig/>"),
    "/long.xml": (200, b"x" * (MAX_OCTETS + 1)),
    "/moved.xml": (302, b""),
    "/error.xml": (500, b"no"),
}
RECORDS = {
    ("distri.test.", "MX"): ["20 spare.distri.test.", "10 mx1.mail.ovh.net."],
    ("_imaps._tcp.srv.test.", "SRV"): ["10 0 993 b.srv.test.", "5 0 994 a.srv.test.", "10 9 995 heavy.srv.test."],
}


class Pages(HttpServer):
    def reply(self, request: Request) -> Reply:
        status, body = PAGES.get(request.path, (404, b""))
        return Reply(status, body, {"Location": "/good.xml"})


@pytest.fixture
def https(certificates: Certificates) -> Iterator[str]:
    with Pages(certificates.good.server_context()) as server:
        yield server.url


@pytest.fixture
def resolver() -> Iterator[dns.resolver.Resolver]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=serve_names, args=(server,))
        thread.start()
        made = dns.resolver.Resolver(configure=False)
        made.nameservers, made.port = ["127.0.0.1"], server.getsockname()[1]
        yield made
        server.sendto(b"end", server.getsockname())
        thread.join(PATIENCE)


def serve_names(server: socket.socket) -> None:
    while (asked := server.recvfrom(4096))[0] != b"end":
        query = dns.message.from_wire(asked[0])
        answer = dns.message.make_response(query)
        question = query.question[0]
        kind = question.rdtype.name
        if values := RECORDS.get((question.name.to_text(), kind)):
            answer.answer.append(dns.rrset.from_text(question.name, 60, "IN", kind, *values))
        server.sendto(answer.to_wire(), asked[1])


def network(certificates: Certificates) -> Network:
    return Network(certificates.client_context(), is_allowed=lambda _address: True)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/good.xml", b"<clientConfig/>"),
        ("/long.xml", None),
        ("/moved.xml", None),
        ("/error.xml", None),
        ("/none.xml", None),
    ],
)
def test_pages(https: str, certificates: Certificates, path: str, found: bytes | None) -> None:
    assert network(certificates).page(f"{https}{path}") == found


def test_what_is_not_asked(https: str, certificates: Certificates) -> None:
    """A stranger's domain must not make us talk to our own machines (SSRF), nor in clear, nor to an impostor."""
    asks = network(certificates)
    assert asks.page(https.replace("https", "http") + "/good.xml") is None
    assert asks.page("https:///good.xml") is None
    assert Network(certificates.client_context()).page(f"{https}/good.xml") is None
    assert Network(ssl.create_default_context(), is_allowed=lambda _: True).page(f"{https}/good.xml") is None
    for private in ("127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "fe80::1%eth0", "fc00::1"):
        assert not is_public(private), private
    assert is_public("9.9.9.9")


def test_names(resolver: dns.resolver.Resolver) -> None:
    asks = Network(resolver=resolver)
    assert asks.exchangers("distri.test") == ["mx1.mail.ovh.net", "spare.distri.test"]
    assert asks.services("_imaps._tcp.srv.test") == [
        ("a.srv.test", 994),
        ("heavy.srv.test", 995),
        ("b.srv.test", 993),
    ]
    assert asks.exchangers("none.test") == []


def test_no_resolver_is_no_answer() -> None:
    lost = dns.resolver.Resolver(configure=False)
    lost.nameservers = []
    assert Network(resolver=lost).exchangers("distri.test") == []


def test_a_provider_is_found_by_its_mail_exchanger(resolver: dns.resolver.Resolver, certificates: Certificates) -> None:
    asks = Network(certificates.client_context(), resolver, lambda _address: False)
    found = discover("appros@distri.test", asks.ask())
    assert found.source == "OVH"
