"""The servers of a mail address: which source is asked first, and what strangers' files may say."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_db.enums import Security
from intergestan_db.problem import Problem
from intergestan_exchange.mail_accounts.discovery import MAX_OCTETS, Ask, Server, Settings, discover, parse_autoconfig
from intergestan_exchange.mail_accounts.mail_providers import MAIL_PROVIDERS
from intergestan_exchange.mail_accounts.oauth_providers import PROVIDERS, provider

ADDRESS = "appros@distri.test"
AUTOCONFIG = """<?xml version="1.0"?>
<clientConfig version="1.1"><emailProvider id="distri.test"><domain>distri.test</domain>
<incomingServer type="imap"><hostname>plain.distri.test</hostname><port>143</port><socketType>plain</socketType>
  <username>%EMAILADDRESS%</username><authentication>password-cleartext</authentication></incomingServer>
<incomingServer type="imap"><hostname>imap.distri.test</hostname><port>993</port><socketType>SSL</socketType>
  <username>%EMAILLOCALPART%</username><authentication>OAuth2</authentication>
  <authentication>password-cleartext</authentication></incomingServer>
<incomingServer type="imap"><hostname>second.distri.test</hostname><port>993</port><socketType>SSL</socketType>
  <username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="pop3"><hostname>pop.distri.test</hostname><port>110</port><socketType>STARTTLS</socketType>
  <username>%EMAILADDRESS%</username></incomingServer>
<incomingServer type="ews"><hostname>ews.distri.test</hostname><port>443</port><socketType>SSL</socketType>
</incomingServer>
<outgoingServer type="smtp"><hostname>smtp.distri.test</hostname><port>587</port><socketType>STARTTLS</socketType>
  <username>%EMAILADDRESS%</username></outgoingServer>
</emailProvider><oAuth2><issuer>login.microsoftonline.com</issuer></oAuth2></clientConfig>"""


class Net:
    """A network of dictionaries. :ivar asked: in this order."""

    def __init__(
        self,
        pages: Mapping[str, bytes] | None = None,
        mx: Sequence[str] = (),
        srv: Mapping[str, Sequence[tuple[str, int]]] | None = None,
    ) -> None:
        self.asked: list[str] = []
        self._pages, self._mx, self._srv = pages or {}, mx, srv or {}

    def ask(self) -> Ask:
        return Ask(self._page, self._exchangers, self._services)

    def _page(self, url: str) -> bytes | None:
        self.asked.append(url)
        return self._pages.get(url)

    def _exchangers(self, domain: str) -> Sequence[str]:
        self.asked.append(f"MX {domain}")
        return self._mx

    def _services(self, name: str) -> Sequence[tuple[str, int]]:
        self.asked.append(f"SRV {name}")
        return self._srv.get(name, [])


def test_a_provider_of_the_table_needs_no_network() -> None:
    net = Net()
    found = discover("marie@free.fr", net.ask())
    assert net.asked == []
    assert found.server("imap") == Server("imap", "imap.free.fr", 993, Security.TLS, "marie")
    assert found.server("smtp") == Server("smtp", "smtp.free.fr", 465, Security.TLS, "marie")


def test_the_order_of_the_sources() -> None:
    net = Net()
    with pytest.raises(Problem, match="ask the mail provider"):
        discover(ADDRESS, net.ask())
    assert net.asked[:4] == [
        "https://autoconfig.distri.test/mail/config-v1.1.xml",
        "https://distri.test/.well-known/autoconfig/mail/config-v1.1.xml",
        "https://autoconfig.thunderbird.net/v1.1/distri.test",
        "MX distri.test",
    ]
    assert all(asked.startswith("SRV ") for asked in net.asked[4:])
    assert "appros" not in " ".join(net.asked), "only the domain is told to strangers"


@pytest.mark.parametrize("number", [0, 1, 2])
def test_autoconfig(number: int) -> None:
    net = Net()
    with pytest.raises(Problem):
        discover(ADDRESS, net.ask())
    url = net.asked[number]
    found = discover(ADDRESS, Net({url: AUTOCONFIG.encode()}).ask())
    assert found.source == url
    assert found.servers == (
        Server("smtp", "smtp.distri.test", 587, Security.STARTTLS, ADDRESS),
        Server("pop3", "pop.distri.test", 110, Security.STARTTLS, ADDRESS),
        Server("imap", "imap.distri.test", 993, Security.TLS, "appros"),
    )
    assert (found.oauth, found.takes_password) == ("microsoft", True)
    assert not found.must_be_confirmed(ADDRESS)


@pytest.mark.parametrize(
    ("mx", "host", "oauth"),
    [
        ("mx1.mail.ovh.net", "ssl0.ovh.net", None),
        ("distri-test.mail.protection.outlook.com", "outlook.office365.com", "microsoft"),
        ("aspmx.l.google.com.", "imap.gmail.com", "google"),
        ("spool.mail.gandi.net", "mail.gandi.net", None),
    ],
)
def test_the_mail_exchanger_tells_the_provider(mx: str, host: str, oauth: str | None) -> None:
    found = discover(ADDRESS, Net(mx=["mx.nowhere.test", mx]).ask())
    assert found.server("imap") == Server("imap", host, 993, Security.TLS, ADDRESS)
    assert found.oauth == oauth


def test_a_name_that_only_looks_like_a_provider() -> None:
    with pytest.raises(Problem):
        discover(ADDRESS, Net(mx=["evilgoogle.com", "google.com.evil.test"]).ask())


def test_srv_records() -> None:
    """RFC 6186, RFC 8314; a person must look, for DNS may be forged."""
    srv = {
        "_imap._tcp.distri.test": [("starttls.distri.test", 143)],
        "_imaps._tcp.distri.test": [("mail.distri.test", 993), ("spare.distri.test", 993)],
        "_submission._tcp.distri.test": [("mail.elsewhere.test", 587)],
        "_pop3s._tcp.distri.test": [(".", 0)],  # not offered
    }
    found = discover(ADDRESS, Net(srv=srv).ask())
    assert found.servers == (
        Server("imap", "mail.distri.test", 993, Security.TLS, ADDRESS),
        Server("smtp", "mail.elsewhere.test", 587, Security.STARTTLS, ADDRESS),
    )
    assert found.must_be_confirmed(ADDRESS)
    home = Settings("DNS", (Server("imap", "mail.distri.test", 993, Security.TLS, ADDRESS),))
    assert not home.must_be_confirmed(ADDRESS)


@pytest.mark.parametrize("address", ["", "distri.test", "a@b@c", "a b@distri.test", "a@-x", "a@distri.test\n"])
def test_what_is_no_address(address: str) -> None:
    with pytest.raises(Problem, match="no mail address"):
        discover(address, Net().ask())


@pytest.mark.parametrize(
    "xml",
    [
        "",
        "<html>not here</html",
        "<clientConfig/>",
        AUTOCONFIG.replace("imap.distri.test", "evil host").replace("second.distri.test", "x/../y"),
        AUTOCONFIG.replace("imap.distri.test", "localhost").replace("second.distri.test", "127"),
        AUTOCONFIG.replace(">993<", ">99999<"),
        AUTOCONFIG.replace(">993<", ">-1<"),
        " " * MAX_OCTETS + AUTOCONFIG,
        '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
        + AUTOCONFIG.partition("\n")[2].replace("imap.distri.test", "&e;").replace("second.distri.test", "&e;"),
    ],
)
def test_what_a_stranger_may_write(xml: str) -> None:
    found = parse_autoconfig(xml.encode(), ADDRESS, "x")
    assert found is None or found.server("imap") is None


def test_a_login_that_is_no_login() -> None:
    found = parse_autoconfig(AUTOCONFIG.replace("%EMAILLOCALPART%", "%REALNAME%").encode(), ADDRESS, "x")
    assert found is not None
    server = found.server("imap")
    assert server is not None
    assert server.login == ADDRESS


@given(st.binary(max_size=200))
def test_any_octets_are_no_autoconfig(octets: bytes) -> None:
    found = parse_autoconfig(octets, ADDRESS, "x")
    assert found is None or found.servers == ()


def test_the_table_is_whole() -> None:
    names = {one.name for one in MAIL_PROVIDERS}
    assert names >= {"OVH", "Orange", "Free", "SFR", "Gandi", "IONOS", "La Poste", "Google", "Microsoft 365", "Yahoo"}
    domains = [domain for one in MAIL_PROVIDERS for domain in one.domains]
    assert len(domains) == len(set(domains))
    assert {one.oauth for one in MAIL_PROVIDERS} - {None} <= PROVIDERS.keys()


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("yahoo", {}),
        ("generic", {}),
        ("generic", {"token_endpoint": "https://a.test/token"}),
        ("generic", {"token_endpoint": "http://a.test/token", "device_endpoint": "https://a.test/device"}),
        ("microsoft", {"token_endpoint": "ftp://a.test/token"}),
    ],
)
def test_endpoints_that_cannot_be(name: str, values: Mapping[str, str]) -> None:
    with pytest.raises(Problem):
        provider(name, **values)


def test_a_tenant_of_ones_own() -> None:
    own = provider("microsoft", token_endpoint="https://login.microsoftonline.com/tenant/oauth2/v2.0/token")
    assert "tenant" in own.token_endpoint
    assert own.scopes == PROVIDERS["microsoft"].scopes
