"""Passwords and keys: read from files by name, or sealed in the base under a key file. Never from the
environment.
"""

from __future__ import annotations

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Self
from urllib.parse import quote, urlsplit, urlunsplit

from intergestan_runtime.durable import write_new
from intergestan_runtime.said import Said

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_VERSION = "v1:"
_NONCE = 12  # bytes, NIST SP 800-38D §5.2.1.1
_KEY = 32
CONTAINER_SECRETS = Path("/run/secrets")


class SecretError(Exception):
    """A secret is missing, open to others, or does not open; the `Said` names the cure, never the secret."""


class SecretStr:
    """A text that is neither printed nor logged by accident."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def get_secret_value(self) -> str:
        """The text itself."""
        return self._text

    def __repr__(self) -> str:
        return "SecretStr('**********')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretStr) and other.get_secret_value() == self._text

    def __hash__(self) -> int:
        return hash(self._text)


class Secrets:
    """Finds a named secret: ``$CREDENTIALS_DIRECTORY`` (systemd), /run/secrets (containers), the site's
    folder.
    """

    def __init__(
        self,
        folder: Path,
        *,
        environment: Mapping[str, str] = os.environ,
        container: Path = CONTAINER_SECRETS,
    ) -> None:
        self._guarded = guarded_folders(environment, container)
        self._folder = folder

    def get(self, name: str) -> SecretStr:
        """The secret's text without its last line break.

        :raises SecretError: there is none, or others may read the site's file.
        """
        if not _NAME.fullmatch(name):
            raise SecretError(
                Said("{name!r} is no name of a secret: letters, digits, '_', '-' and '.' only.", name=name)
            )
        for folder in self._guarded:
            if (folder / name).is_file():
                return _read(folder / name)
        own = self._folder / name
        if not own.is_file():
            raise SecretError(
                Said("The secret {name!r} is missing. Write it into {file} (chmod 600).", name=name, file=own)
            )
        check_private(own)
        return _read(own)


def guarded_folders(environment: Mapping[str, str] = os.environ, container: Path = CONTAINER_SECRETS) -> list[Path]:
    """Where systemd and containers put secrets: whoever mounted these looks after who may read them."""
    credentials = environment.get("CREDENTIALS_DIRECTORY")
    return [*([Path(credentials)] if credentials else []), container]


def check_private(file: Path) -> None:
    """Raise `SecretError` where others than the owner may read or write a file that nobody else guards."""
    if any(file.absolute().is_relative_to(folder) for folder in guarded_folders()):
        return
    if file.stat().st_mode & 0o077:
        raise SecretError(Said("Others may read {file}. Run: chmod 600 {file}", file=file))


def create_key_file(file: Path) -> bytes:
    """A new random key of 32 bytes in a new file (0600). Raises FileExistsError rather than replace one."""
    key = os.urandom(_KEY)
    write_new(file, b64encode(key) + b"\n")
    return key


def read_key_file(file: Path) -> bytes:
    """The key that `create_key_file` wrote.

    :raises SecretError: others may read the file, or it was altered.
    """
    check_private(file)
    return _decoded(file.read_text(), Said("The key file {file} is not base64: it was altered.", file=file))


def read_base_key(file: Path) -> bytes:
    """The key that passwords and tokens in the base are sealed for.

    :raises SecretError: it is missing, others may read it, or it was altered.
    """
    if not file.is_file():
        raise SecretError(
            Said("The key file {file} is missing; without it the base's passwords stay sealed.", file=file)
        )
    key = read_key_file(file)
    if len(key) != _KEY:
        raise SecretError(Said("The key has {size} bytes instead of {needed}.", size=len(key), needed=_KEY))
    return key


def url_with_password(url: str, password: SecretStr) -> str:
    """A URL of a base or of Redis with the password in it: for connecting, never for showing."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    netloc = f"{user}:{quote(password.get_secret_value(), safe='')}@{host}"
    return urlunsplit(parts._replace(netloc=netloc))


class Sealer:
    """Seals what the same services write and read, such as tokens, with AES-256-GCM."""

    def __init__(self, key: bytes) -> None:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        self._cipher = AESGCM(key)

    @classmethod
    def from_file(cls, file: Path) -> Self:
        """With the key of a file that `create` wrote. Raises `SecretError`."""
        return cls(read_base_key(file))

    @classmethod
    def create(cls, file: Path) -> Self:
        """With a new key in a new file (0600). Raises FileExistsError rather than replace one."""
        return cls(create_key_file(file))

    def seal(self, secret: bytes, *, about: str = "") -> str:
        """Sealed text for the base. `about` says whose it is (``mailbox:3``): it opens for nobody else."""
        nonce = os.urandom(_NONCE)
        return _VERSION + b64encode(nonce + self._cipher.encrypt(nonce, secret, about.encode())).decode()

    def open(self, sealed: str, *, about: str = "") -> bytes:
        """The secret. Raises `SecretError`: sealed by another key, for another, or altered."""
        from cryptography.exceptions import InvalidTag

        if not sealed.startswith(_VERSION):
            raise SecretError(Said("This value was not sealed by us."))
        raw = _decoded(sealed.removeprefix(_VERSION), Said("A sealed value is not base64: it was altered."))
        try:
            return self._cipher.decrypt(raw[:_NONCE], raw[_NONCE:], about.encode())
        except (InvalidTag, ValueError) as error:
            raise SecretError(Said("A sealed value does not open: another key, or altered. Enter it again.")) from error


def _read(file: Path) -> SecretStr:
    try:
        return SecretStr(file.read_text(encoding="utf-8").removesuffix("\n").removesuffix("\r"))
    except (OSError, UnicodeDecodeError) as error:
        raise SecretError(
            Said("The secret {file} cannot be read: {kind}.", file=file, kind=type(error).__name__)
        ) from error


def _decoded(text: str, otherwise: Said) -> bytes:
    try:
        return b64decode(text.strip(), validate=True)
    except ValueError as error:
        raise SecretError(otherwise) from error
