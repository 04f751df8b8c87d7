"""The site's private keys: the one that signs, the one that will, and those that did."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from intergestan_exchange.keys.key_files import file_of
from intergestan_msg.seal import SigningKey
from intergestan_runtime.secrets import SecretError, check_private


class NoKey(Exception):
    """There is no private key with the id that the base wants; the message says what to do."""


class KeyRing:
    """Finds a private key by its id, and keeps what was found: a file is read once.

    :param find: brings a key for an id; it may bring another one, which is refused, or raise OSError or ValueError.
    """

    def __init__(self, find: Callable[[str], SigningKey]) -> None:
        self._find = find
        self._found: dict[str, SigningKey] = {}

    def key(self, kid: str) -> SigningKey:
        """The key with this id.

        :raises NoKey: there is none that we may read.
        """
        if kid not in self._found:
            self._found[kid] = self._look_for(kid)
        return self._found[kid]

    def _look_for(self, kid: str) -> SigningKey:
        try:
            key = self._find(kid)
        except (OSError, ValueError, SecretError) as error:
            raise NoKey(
                f"Our private key {kid} cannot be read ({error}): bring its file back from a backup."
            ) from error
        if key.public.kid != kid:
            raise NoKey(f"Our private key {kid} is not there: bring its file back from a backup.")
        return key


def ring_of(key_file: Path) -> KeyRing:
    """The keys in the site's key file and in the files beside it."""

    def read(kid: str) -> SigningKey:
        file = file_of(key_file, kid)
        check_private(file)
        return SigningKey.from_pem(file.read_bytes())

    return KeyRing(read)
