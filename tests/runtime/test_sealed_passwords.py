"""Passwords that whoever stores them cannot read."""

from __future__ import annotations

import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, replace

import pytest

from intergestan_runtime.sealed_passwords import is_of_old, open_password, public_half, seal_password
from intergestan_runtime.secrets import Sealer, SecretError


@dataclass(frozen=True)
class Mine:
    name: str = "appros"
    host: str = "imap.depot.test"
    login: str | None = "appros@depot.test"


KEY = bytes(range(32))


def test_the_public_half_seals_and_the_key_opens() -> None:
    half = public_half(KEY)
    sealed = seal_password(half, "pässword", Mine())
    assert open_password(KEY, sealed, Mine()) == "pässword"
    assert seal_password(half, "x", Mine()) != seal_password(half, "x", Mine())
    assert b"ssword" not in b64decode(sealed.removeprefix(b"p1:"))
    assert KEY not in b64decode(half)
    with pytest.raises(SecretError):
        open_password(b64decode(half), sealed, Mine())  # who has only the public half


def test_the_half_of_a_key_stays_the_same() -> None:
    """Sites published it: with another derivation nobody could log in after an upgrade."""
    assert public_half(KEY) == "ueviheo/JhnGaZF21dnUT20/+AI5yBHrrvLaBqvEQCI="


@pytest.mark.parametrize("other", [{"name": "x"}, {"host": "evil.test"}, {"login": None}, {"login": "other"}])
def test_it_opens_for_its_account_only(other: dict[str, str | None]) -> None:
    sealed = seal_password(public_half(KEY), "secret", Mine())
    with pytest.raises(SecretError, match="another key, server or login"):
        open_password(KEY, sealed, replace(Mine(), **other))  # type: ignore[arg-type]


def test_another_key_or_altered_bytes_open_nothing() -> None:
    sealed = seal_password(public_half(KEY), "secret", Mine())
    raw = bytearray(b64decode(sealed.removeprefix(b"p1:")))
    raw[-1] ^= 1
    for key, value in (
        (os.urandom(32), sealed),
        (KEY, b"p1:" + b64encode(raw)),
        (KEY, b"p1:"),
        (KEY, b"p1:no base64!"),
        (KEY, "p1:é".encode()),
        (KEY, b"p1:" + b64encode(b"short")),
        (KEY, b"\xff"),
        (KEY, b"secret"),
    ):
        with pytest.raises(SecretError):
            open_password(key, value, Mine())


@pytest.mark.parametrize("half", ["", "no key", b64encode(b"short").decode(), "é", b64encode(bytes(32)).decode()])
def test_what_is_no_public_half_seals_nothing(half: str) -> None:
    with pytest.raises(SecretError, match="an upgrade publishes it"):
        seal_password(half, "secret", Mine())


def test_what_an_older_release_stored_opens_too() -> None:
    sealed = Sealer(KEY).seal(b"secret", about="appros").encode()
    assert is_of_old(sealed)
    assert open_password(KEY, sealed, Mine()) == "secret"
    with pytest.raises(SecretError):
        open_password(KEY, sealed, replace(Mine(), name="other"))
