"""Passwords of mail accounts, sealed so that whoever stores one can read none (ADR 0032).

They are sealed under a public half that the database publishes, by HPKE (RFC 9180: X25519, HKDF-SHA256, AES-256-GCM).
The private half follows from base.key, which only the services have that log in. A sealed password opens for its
account alone: the name, server and login are sealed in with it.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Protocol

from intergestan_runtime.said import Said
from intergestan_runtime.secrets import Sealer, SecretError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import Suite

_VERSION = "p1:"
_USE = b"intergestan: passwords of mail accounts"


class Account(Protocol):
    """Whose a password is."""

    @property
    def name(self) -> str:
        """What the site calls the account."""

    @property
    def host(self) -> str:
        """The server that is told the password."""

    @property
    def login(self) -> str | None:
        """The login there."""


def public_half(base_key: bytes) -> str:
    """What passwords are sealed under, as text that may be published."""
    return b64encode(_private_half(base_key).public_key().public_bytes_raw()).decode()


def seal_password(half: str, password: str, account: Account) -> bytes:
    """A password for the database.

    :param half: what `public_half` gave.
    :raises SecretError: it is none.
    """
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey

    try:
        key = X25519PublicKey.from_public_bytes(b64decode(half, validate=True))
        sealed = _suite().encrypt(password.encode(), key, _about(account))
    except ValueError as error:
        raise SecretError(Said("What passwords are sealed under is no key: an upgrade publishes it.")) from error
    return f"{_VERSION}{b64encode(sealed).decode()}".encode()


def is_of_old(sealed: bytes) -> bool:
    """Whether a password was sealed by a release before there was a public half: under base.key itself."""
    return not sealed.startswith(_VERSION.encode())


def open_password(base_key: bytes, sealed: bytes, account: Account) -> str:
    """The password; also one that a release before this way of sealing stored.

    :raises SecretError: it was sealed for another key or account, or altered.
    """
    from cryptography.exceptions import InvalidTag

    if is_of_old(sealed):
        return Sealer(base_key).open(sealed.decode(errors="replace"), about=account.name).decode()
    try:
        raw = b64decode(sealed.removeprefix(_VERSION.encode()), validate=True)
        return _suite().decrypt(raw, _private_half(base_key), _about(account)).decode()
    except (InvalidTag, ValueError) as error:
        raise SecretError(
            Said(
                "The password of {name} does not open: it is for another key, server or login, or was altered. "
                "Enter it again.",
                name=account.name,
            )
        ) from error


def _private_half(base_key: bytes) -> X25519PrivateKey:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return X25519PrivateKey.from_private_bytes(HKDF(SHA256(), length=32, salt=None, info=_USE).derive(base_key))


def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def _about(account: Account) -> bytes:
    return json.dumps([_USE.decode(), account.name, account.host.lower().rstrip("."), account.login]).encode()
