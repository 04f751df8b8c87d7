"""A new site, its users, its accounts."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from intergestan_db.database import Database
from intergestan_db.enums import Security
from intergestan_db.problem import Problem
from intergestan_db.tables import Event, NumberSeries, Relay, Site
from intergestan_db.views import shown
from intergestan_erp.site.setup import NewSite, add_user, check_site, create_site, find_user, list_users, site_code
from intergestan_exchange.mail_accounts.accounts import (
    NewMailbox,
    NewRelay,
    add_mailbox,
    list_mailboxes,
    list_relays,
    set_relay,
)
from intergestan_exchange.mail_accounts.loopback import is_loopback
from intergestan_msg.seal import SigningKey
from tests.site_factories import NOW, SiteToTest, make_site

SITE = NewSite(name="Étable & Cie", orders_address="commandes@etable.test", answers_address="commandes@etable.test")
KEY = SigningKey(bytes(32)).public


def test_the_code_is_the_siret_when_there_is_one() -> None:
    assert site_code(replace(SITE, siret="73282932000074"), KEY) == "73282932000074"


def test_the_code_is_else_a_slug_and_six_characters_of_the_key() -> None:
    slug, _, mark = site_code(SITE, KEY).rpartition("-")
    assert slug == "etable-cie"
    assert len(mark) == 6
    assert mark.isalnum()


@pytest.mark.parametrize("name", ["日本", "-", "x" * 300])
def test_any_name_gives_a_code_that_fits(name: str) -> None:
    code = site_code(replace(SITE, name=name), KEY)
    assert len(code) <= 40
    assert code[0].isalnum()


def test_a_base_becomes_the_base_of_one_site_only(database: Database) -> None:
    make_site(database)
    with pytest.raises(Problem, match="already belongs"), database.transaction() as connection:
        create_site(connection, SITE, KEY, by="eve", at=NOW)


def test_a_new_site_has_number_series_and_an_event(a_site: SiteToTest) -> None:
    with a_site.database.read() as connection:
        series = {row.prefix: row.next_number for row in connection.execute(select(NumberSeries.__table__))}
        events = connection.execute(select(Event.subject, Event.name).order_by(Event.id)).all()
        key = connection.execute(select(Site.key_fingerprint)).scalar_one()
    assert series == dict.fromkeys(("CFR", "CCL", "BL", "BP", "BR", "RT", "FA", "FI", "AV", "RG", "DV"), 1)
    assert [tuple(event) for event in events] == [("site", "init"), ("user", "add")]
    assert key == a_site.key.public.kid


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"name": " "}, "name"),
        ({"orders_address": "commandes"}, "mail address"),
        ({"answers_address": "a b@c.fr"}, "mail address"),
        ({"siret": "123"}, "SIRET"),
        ({"vat_id": "fr 12"}, "VAT"),
        ({"country": "France"}, "country"),
        ({"currency": "euro"}, "currency"),
        ({"language": "de"}, "language"),
    ],
)
def test_values_that_no_mail_could_carry_are_refused(changes: dict[str, Any], word: str) -> None:
    with pytest.raises(Problem, match=word):
        check_site(replace(SITE, **changes))


def test_users(a_site: SiteToTest) -> None:
    """G15: the user's mail address is the From of what they send."""
    with a_site.database.transaction() as connection:
        added = add_user(connection, "paul", "Paul", "paul@arts.test", by="marie", at=NOW)
    with a_site.database.read() as connection:
        assert find_user(connection, "paul") == added
        assert [(row.login, row.email) for row in list_users(connection)] == [
            ("marie", "marie@arts.test"),
            ("paul", "paul@arts.test"),
        ]


@pytest.mark.parametrize(
    ("login", "email"), [("marie", "other@arts.test"), ("paul", "paul"), ("paul durand", "paul@arts.test")]
)
def test_a_user_who_cannot_be(a_site: SiteToTest, login: str, email: str) -> None:
    with pytest.raises(Problem), a_site.database.transaction() as connection:
        add_user(connection, login, "Paul", email, by="marie", at=NOW)


def test_a_user_whom_nobody_knows(a_site: SiteToTest) -> None:
    with a_site.database.read() as connection, pytest.raises(Problem, match="no user «eve»"):
        find_user(connection, "eve")


MAILBOX = NewMailbox(
    name="appros",
    host="imap.fournisseur.com",
    port=993,
    login="appros@site.test",
    secret="appros",
)
RELAY = NewRelay(name="relay", host="smtp.fournisseur.com", port=465, login="appros@site.test", secret="appros")


def test_a_mailbox_keeps_what_the_dialog_says(a_site: SiteToTest) -> None:
    """G22: server, port, security, address, password, IMAP or POP3."""
    with a_site.database.transaction() as connection:
        add_mailbox(connection, MAILBOX, by="marie", at=NOW)
    with a_site.database.read() as connection:
        (row,) = list_mailboxes(connection)
    assert (row.host, row.port, row.security) == ("imap.fournisseur.com", 993, "tls")
    assert (row.login, row.protocol, row.secret) == ("appros@site.test", "imap", "appros")
    assert not {"id", "sealed", "oauth_grant_id"} & set(shown(row))
    with pytest.raises(Problem, match="already a mailbox"), a_site.database.transaction() as connection:
        add_mailbox(connection, MAILBOX, by="marie", at=NOW)


def test_a_mailbox_that_cannot_be(a_site: SiteToTest) -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"security": Security.NONE}, "Without TLS"),
        ({"port": 0}, "port"),
        ({"host": ""}, "server"),
        ({"name": ""}, "name"),
        ({"secret": None}, "password"),
        ({"sealed": b"x"}, "one of them"),
        ({"login": None, "secret": None}, "login"),
        ({"protocol": "uucp"}, "imap or pop3"),
        ({"poll_seconds": 0}, "second"),
    ]
    for changes, word in refused:
        with pytest.raises(Problem, match=word), a_site.database.transaction() as connection:
            add_mailbox(connection, replace(MAILBOX, **changes), by="marie", at=NOW)


def test_the_relay_is_replaced_and_its_pause_ends(a_site: SiteToTest) -> None:
    with a_site.database.transaction() as connection:
        set_relay(connection, RELAY, by="marie", at=NOW)
        connection.execute(Relay.__table__.update().values(paused_until=NOW, last_error="452"))
    with a_site.database.transaction() as connection:
        set_relay(connection, replace(RELAY, host="127.0.0.1", security=Security.NONE), by="marie", at=NOW)
    with a_site.database.read() as connection:
        (row,) = list_relays(connection)
    assert (row.host, row.paused_until, row.last_error) == ("127.0.0.1", None, None)


def test_a_relay_that_cannot_be(a_site: SiteToTest) -> None:
    refused: list[tuple[dict[str, Any], str]] = [
        ({"from_mode": "me"}, "From"),
        ({"bounce_mode": "x"}, "bounce"),
        ({"bounce_address": "nobody"}, "mail address"),
        ({"security": Security.NONE, "host": "10.0.0.1"}, "Without TLS"),
    ]
    for changes, word in refused:
        with pytest.raises(Problem, match=word), a_site.database.transaction() as connection:
            set_relay(connection, replace(RELAY, **changes), by="marie", at=NOW)


@pytest.mark.parametrize(
    ("host", "is_here"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("LOCALHOST", True),
        ("localhost.evil.test", False),
        ("127.0.0.1.evil.test", False),
        ("0.0.0.0", False),
        ("192.168.1.1", False),
    ],
)
def test_loopback(host: str, is_here: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_loopback(host) is is_here
