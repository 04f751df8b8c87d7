"""Who signed it: Ed25519 keys, and JWS in compact form (RFC 7515, RFC 8037, RFC 9864).

A reader takes exactly the header `{alg: Ed25519, typ, kid}` and looks the key up among pinned ones: a header
can neither bring a key, nor choose an algorithm, nor ask for an extension (RFC 8725 §3.1; reliability.md H1).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING
from unicodedata import combining, normalize

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadSignature, UnknownSigner, Unreadable
from intergestan_msg.signature_form import ALGORITHM, MAX_COMPACT
from intergestan_msg.strict_json import read_object

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from joserfc.jwk import OKPKey

MANIFEST_TYPE = "intergestan+jws"
CARD_TYPE = "intergestan-card+jws"

_KID = re.compile(r"\A[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")
_COMPACT = re.compile(r"\A[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*\.[A-Za-z0-9_-]*\Z")
_MAX_HEADER = 512
_PLAIN_PEM = re.compile(rb"\A-----BEGIN PRIVATE KEY-----\n([A-Za-z0-9+/]{64})\n-----END PRIVATE KEY-----\n\Z")
_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
"""What stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410 §7)."""
_WORD_BITS, _WORD_COUNT = 11, 12
_PRIME = 2**255 - 19
_OF_ORDER_8 = 0x7A03AC9277FDC74EC6CC392CFA53202A0F67100D760B3CBA4FD84D3D706A17C7
_OF_SMALL_ORDER = frozenset({0, 1, _PRIME - 1, _OF_ORDER_8, _PRIME - _OF_ORDER_8})
"""The y of the 8 points whose order divides the cofactor: anybody can make signatures that fit them."""


@dataclass(frozen=True, slots=True)
class PublicKey:
    """An Ed25519 public key: its 32 bytes (RFC 8032).

    Raises ValueError for another length, for a point of small order (anybody can sign for it), and for a point that is
    not written in the one canonical way (RFC 8032 §5.1.3: one key would have several fingerprints).
    """

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != 32:
            raise ValueError("An Ed25519 public key has 32 bytes.")
        y = int.from_bytes(self.raw, "little") & ~(1 << 255)
        if y >= _PRIME:
            raise ValueError("The public key is not written in the canonical way.")
        if y in _OF_SMALL_ORDER:  # also 1 and -1 with the sign of an x that they do not have
            raise ValueError("The public key is a point of small order: anybody could sign in its name.")

    @classmethod
    def from_jwk(cls, jwk: Mapping[str, object]) -> PublicKey:
        """Read a JWK (RFC 8037 §2). Raises ValueError when it is not the public half of an Ed25519 key."""
        x = jwk.get("x")
        if set(jwk) != {"kty", "crv", "x"} or (jwk["kty"], jwk["crv"]) != ("OKP", "Ed25519"):
            raise ValueError("This is not the JWK of an Ed25519 public key.")
        if not isinstance(x, str) or not _KID.match(x):
            raise ValueError("The JWK's x is not 32 bytes in base64url.")
        return cls(_from_base64url(x))

    def jwk(self) -> dict[str, str]:
        """The key as a JWK with its required members only."""
        return {"crv": "Ed25519", "kty": "OKP", "x": _to_base64url(self.raw)}

    @property
    def thumbprint(self) -> bytes:
        """The key's 32 byte fingerprint (RFC 7638: SHA-256 of the required members in order)."""
        members = f'{{"crv":"Ed25519","kty":"OKP","x":"{_to_base64url(self.raw)}"}}'
        return hashlib.sha256(members.encode()).digest()

    @property
    def kid(self) -> str:
        """The fingerprint in base64url: how manifests name the key."""
        return _to_base64url(self.thumbprint)

    def words(self, language: str = "en") -> tuple[str, ...]:
        """12 words (BIP-39) for the first 132 bits of the fingerprint, to compare by telephone.

        :param language: `fr` or `en`: which of BIP-39's lists. Each of them says the same bits.
        """
        wordlist = _word_list(language)
        bits = int.from_bytes(self.thumbprint) >> (256 - _WORD_BITS * _WORD_COUNT)
        shifts = range(_WORD_BITS * (_WORD_COUNT - 1), -1, -_WORD_BITS)
        return tuple(wordlist[bits >> shift & 2047] for shift in shifts)


_WORD_LISTS = {"en": "english", "fr": "french"}


class PinnedKeys(Mapping[str, PublicKey]):
    """The pinned keys by key id; only the one that is asked for is made, for the keys of all partners come with each
    mail. One that an earlier release pinned and no signature proves anything of is as good as none.
    """

    def __init__(self, raw: Mapping[str, bytes]) -> None:
        self._raw = raw

    def __getitem__(self, kid: str) -> PublicKey:
        try:
            return PublicKey(self._raw[kid])
        except ValueError as unusable:
            raise KeyError(kid) from unusable

    def __iter__(self) -> Iterator[str]:
        return (kid for kid in self._raw if kid in self)

    def __len__(self) -> int:
        return sum(1 for _ in self)


@lru_cache(maxsize=2)
def _word_list(language: str) -> tuple[str, ...]:
    """BIP-39's list as people read it: its files have the accents beside their letters."""
    from mnemonic import Mnemonic

    return tuple(normalize("NFC", word) for word in Mnemonic(_WORD_LISTS[language]).wordlist)


def is_said(key: PublicKey, text: str) -> bool:
    """Whether these are the key's twelve words, in any of its languages, whatever their case, accents and spaces."""
    typed = tuple(map(_folded, text.replace(",", " ").split()))
    return any(typed == tuple(map(_folded, key.words(language))) for language in _WORD_LISTS)


def _folded(word: str) -> str:
    return "".join(each for each in normalize("NFD", word.casefold()) if not combining(each))


class SigningKey:
    """An Ed25519 private key. It never shows itself: `repr` names the public half."""

    def __init__(self, seed: bytes) -> None:
        """:param seed: the 32 private bytes (RFC 8032 §5.1.5)."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        self._key: Ed25519PrivateKey = Ed25519PrivateKey.from_private_bytes(seed)
        self.public = PublicKey(self._key.public_key().public_bytes_raw())

    @cached_property
    def _okp(self) -> OKPKey:
        from intergestan_msg import jws

        return jws.private_key(self._key)

    def __repr__(self) -> str:
        return f"SigningKey({self.public.kid})"

    @classmethod
    def generate(cls) -> SigningKey:
        """Make a new key from the system's randomness."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate().private_bytes_raw())

    @classmethod
    def from_pem(cls, pem: bytes) -> SigningKey:
        """Read an unencrypted PKCS #8 key. Raises ValueError for anything else."""
        if (plain := _PLAIN_PEM.match(pem)) and (der := base64.b64decode(plain[1])).startswith(_PKCS8):
            return cls(der.removeprefix(_PKCS8))  # as we write it: every command that opens the base looks at its key
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            key = load_pem_private_key(pem, password=None)
        except TypeError as error:  # it wants a password
            raise ValueError("The key file is encrypted.") from error
        if isinstance(key, Ed25519PrivateKey):
            return cls(key.private_bytes_raw())
        raise ValueError("The key file holds no Ed25519 key.")

    def to_pem(self) -> bytes:
        """The private key as unencrypted PKCS #8: for a file that only its owner can read."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def compact(self, payload: bytes, typ: str) -> str:
        """Sign `payload` as a compact JWS of type `typ`. Raises ValueError when it gets longer than 2 MB."""
        from intergestan_msg import jws

        compact = jws.sign({"alg": ALGORITHM, "kid": self.public.kid, "typ": typ}, payload, self._okp)
        if len(compact) > MAX_COMPACT:
            raise ValueError("This is too long to be signed as one manifest.")
        return compact


def sign(payload: bytes, key: SigningKey, typ: str = MANIFEST_TYPE) -> str:
    """Sign these bytes; the result carries them. Raises ValueError when it gets longer than 2 MB."""
    return key.compact(payload, typ)


def verify(compact: str, keys: Mapping[str, PublicKey], typ: str = MANIFEST_TYPE) -> bytes:
    """Check the signature over the exact characters received and return the payload, unread.

    :param keys: pinned public keys by `kid`.
    Raises `UnknownSigner` for a `kid` that is not among them, `BadSignature` for all else.
    """
    kid = signer(compact, typ)
    if kid not in keys:
        raise UnknownSigner(kid)
    from intergestan_msg import jws

    return jws.verify(compact, keys[kid].raw)


def payload(compact: str) -> bytes:
    """What was signed, of a signature of our own: nothing is verified.

    :raises binascii.Error: this is no JWS in compact form.
    """
    return _from_base64url(compact.split(".")[1])


def signer(compact: str, typ: str = MANIFEST_TYPE) -> str:
    """The `kid` that the header names; nothing is verified yet. Raises `BadSignature` for any odd header."""
    if len(compact) > MAX_COMPACT or not _COMPACT.match(compact):
        raise BadSignature(Wrong.NO_JWS)
    parts = compact.split(".")
    if len(parts[0]) > _MAX_HEADER or not all(map(_is_canonical, parts)):
        raise BadSignature(Wrong.JWS_LONG)
    try:
        header = read_object(_from_base64url(parts[0]))
    except Unreadable as error:
        raise BadSignature(Wrong.JWS_HEADER_UNREADABLE, error=error) from error
    kid = header.get("kid")
    if set(header) != {"alg", "kid", "typ"} or (header["alg"], header["typ"]) != (ALGORITHM, typ):
        raise BadSignature(Wrong.JWS_HEADER, alg=ALGORITHM, typ=typ)
    if not isinstance(kid, str) or not _KID.match(kid):
        raise BadSignature(Wrong.KID_NO_FINGERPRINT)
    return kid


def claims_type(compact: str, typ: str) -> bool:
    """Whether the header calls itself `typ`. This only finds a JWS among others; it proves nothing."""
    try:
        return read_object(_from_base64url(compact[:_MAX_HEADER].partition(".")[0])).get("typ") == typ
    except (Unreadable, ValueError):
        return False


def unverified_payload(compact: str) -> bytes:
    """The payload, which nobody has vouched for yet: only for a card, whose key stands inside."""
    return _from_base64url(compact.split(".")[1])


def transfer_digest(compact: str) -> str:
    """Name a transfer: SHA-256, in hex, of its manifest's compact JWS without white space (formats.md §2)."""
    return hashlib.sha256("".join(compact.split()).encode("ascii")).hexdigest()


def _is_canonical(text: str) -> bool:
    """Whether the last character has no unused bits: else one signature would have several spellings."""
    try:
        return _to_base64url(_from_base64url(text)) == text
    except binascii.Error:
        return False


def _to_base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _from_base64url(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
