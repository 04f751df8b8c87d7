"""`partner`: a key is pinned only when a person vouched for its words."""

import base64
import hashlib
import json
import os
import pty
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from tests import warm
from tests.patience import PATIENCE
from tests.services.cli.conftest import SECOND_SIRET, Run


def words(run: Run, folder: Path) -> str:
    return str(run("site", "card", "--json", cwd=folder).json["fingerprint"])


def test_the_words_pin_the_key(shop: Path, stauber: Path, run: Run) -> None:
    spoken = words(run, stauber)
    added = run("partner", "add", stauber / "stauber.card", "--fingerprint", spoken.upper(), cwd=shop)
    assert added.code == 0, added.err
    for shown in ("STAUBER", SECOND_SIRET, "appros@stauber.test", " ".join(spoken.split()[:6]), "Key"):
        assert shown in added.err, "the card is shown, whoever vouched for it before"
    assert "partner set" in added.err, "the address for orders is only proposed (G16)"
    (partner,) = run("partner", "list", "--json", cwd=shop).json
    assert (partner["site_code"], partner["order_address"]) == (SECOND_SIRET, None)
    assert partner["proposed_order_address"] == "appros@stauber.test"


def test_a_card_from_standard_input(shop: Path, stauber: Path, run: Run) -> None:
    card = (stauber / "stauber.card").read_text()
    added = run("partner", "add", "-", "--fingerprint", words(run, stauber), cwd=shop, stdin=card)
    assert added.code == 0


def test_other_words_are_refused(shop: Path, stauber: Path, run: Run) -> None:
    refused = run("partner", "add", stauber / "stauber.card", "--fingerprint", words(run, shop), cwd=shop)
    assert (refused.code, "appros@stauber.test" in refused.err) == (1, True)
    assert run("partner", "list", "--json", cwd=shop).json == []


def test_without_a_terminal_nothing_is_asked_or_pinned(shop: Path, stauber: Path, run: Run) -> None:
    refused = run("partner", "add", stauber / "stauber.card", cwd=shop)
    assert refused.code == 2
    assert " ".join(words(run, stauber).split()[:6]) in refused.err
    assert '--fingerprint "' not in refused.err, "nobody pastes what nobody compared"
    assert words(run, stauber) not in refused.err
    assert run("partner", "list", "--json", cwd=shop).json == []


def at_a_terminal(shop: Path, said: str, *arguments: object) -> int:
    """The exit code of `partner add` where a person types this."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, said.encode())
        asked = warm.run(
            [sys.executable, "-m", "services.cli", "partner", "add", *map(str, arguments)],
            cwd=shop,
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            timeout=PATIENCE,
            check=False,
        )
    finally:
        os.close(theirs)
        os.close(ours)
    return asked.returncode


@pytest.mark.parametrize(
    ("said", "code", "partners"), [("y\n", 0, 1), ("n\n", 1, 0), ("oui\n", 0, 1), ("O\n", 0, 1), ("perhaps\n\n", 1, 0)]
)
def test_at_a_terminal_a_person_says_yes(
    shop: Path, stauber: Path, run: Run, said: str, code: int, partners: int
) -> None:
    assert at_a_terminal(shop, said, stauber / "stauber.card") == code
    assert len(run("partner", "list", "--json", cwd=shop).json) == partners


@pytest.fixture
def known_shop(shop: Path) -> Path:
    """The shop, which knows the supplier by telephone until now."""
    base = sqlite3.connect(shop / "site.db")
    base.execute(
        "INSERT INTO party (code, name, is_customer, is_supplier, siret) VALUES ('F7', 'Gros SARL', 0, 1, ?)",
        [SECOND_SIRET],
    )
    base.commit()
    base.close()
    return shop


def test_who_is_a_third_party_already_is_asked_about(known_shop: Path, stauber: Path, run: Run) -> None:
    add = ("partner", "add", stauber / "stauber.card", "--fingerprint", words(run, stauber))
    refused = run(*add, cwd=known_shop)
    assert (refused.code, "F7 (Gros SARL)" in refused.err, "--party" in refused.err) == (1, True, True)
    assert run("partner", "list", "--json", cwd=known_shop).json == []
    assert run(*add, "--party", "F7", cwd=known_shop).code == 0
    assert run("partner", "list", "--json", cwd=known_shop).json[0]["party"] == "F7"


@pytest.mark.parametrize(("said", "code", "partners"), [("y\n", 0, 1), ("n\n", 1, 0)])
def test_at_a_terminal_a_person_says_who_it_is(
    known_shop: Path, stauber: Path, run: Run, said: str, code: int, partners: int
) -> None:
    assert at_a_terminal(known_shop, said, stauber / "stauber.card", "--fingerprint", words(run, stauber)) == code
    assert len(run("partner", "list", "--json", cwd=known_shop).json) == partners


def test_a_card_that_anybody_can_sign_is_refused(shop: Path, run: Run) -> None:
    """The neutral element as key: R = 1, S = 0 is its signature under every text."""

    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    x = encoded(bytes([1]) + bytes(31))
    jwk = {"crv": "Ed25519", "kty": "OKP", "x": x}
    kid = encoded(hashlib.sha256(json.dumps(jwk, separators=(",", ":")).encode()).digest())
    head = {"alg": "Ed25519", "kid": kid, "typ": "intergestan-card+jws"}
    says = {"v": 1, "code": "low", "name": "Low", "orders_address": "a@low.test", "answers_address": "a@low.test"}
    parts = [json.dumps(each).encode() for each in (head, says | {"iat": 1, "key": jwk})]
    card = ".".join(map(encoded, (*parts, bytes([1]) + bytes(63))))
    refused = run("partner", "add", "-", "--fingerprint", kid, cwd=shop, stdin=card)
    assert (refused.code, "anybody could sign in its name" in refused.err) == (1, True)


@pytest.mark.parametrize("text", ["", "hello", "a.b.c"])
def test_what_is_no_card(shop: Path, run: Run, text: str) -> None:
    refused = run("partner", "add", "-", cwd=shop, stdin=text)
    assert refused.code == 1
    assert "Traceback" not in refused.err


def test_a_card_that_is_not_there(shop: Path, run: Run) -> None:
    refused = run("partner", "add", "none.card", cwd=shop)
    assert refused.code == 1
    assert "none.card" in refused.err


def test_the_address_for_orders(paired_shop: Path, run: Run) -> None:
    """G18: changed by an act of its own, one address for each supplier."""
    done = run(
        *("partner", "set", "STAUBER", "--order-address", "jean@stauber.test", "--price-tolerance", "0,05"),
        *("--acceptance", "review", "--contact", "M. Wilfried ZWILLIG", "--city", "PAIR ET GRANDRUPT"),
        cwd=paired_shop,
    )
    assert done.code == 0, done.err
    (partner,) = run("partner", "list", "--json", cwd=paired_shop).json
    assert (partner["order_address"], partner["acceptance"]) == ("jean@stauber.test", "review")
    assert partner["price_tolerance"] == "0.050000"


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 2),
        (("--order-address", "nobody"), 1),
        (("--price-policy", "whatever"), 2),
        (("--price-tolerance", "much"), 2),
        (("--language", "de"), 1),
    ],
)
def test_what_cannot_be_agreed(paired_shop: Path, run: Run, options: tuple[str, ...], code: int) -> None:
    assert run("partner", "set", "STAUBER", *options, cwd=paired_shop).code == code


def test_doctor_names_a_key_that_an_earlier_release_took(paired_shop: Path, run: Run) -> None:
    base = sqlite3.connect(paired_shop / "site.db")
    base.execute("DROP TRIGGER frozen_partner_key")
    base.execute("UPDATE partner_key SET public_key = ?", [bytes(32)])
    base.commit()
    base.close()
    (found,) = (each for each in run("doctor", "--json", cwd=paired_shop).json if "anybody" in each["text"])
    assert (found["ok"], "STAUBER" in found["text"], "card with another key" in found["cure"]) == (False, True, True)
    assert run("partner", "key", "confirm", "STAUBER", *["abandon"] * 12, cwd=paired_shop).code == 1
