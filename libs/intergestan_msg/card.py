"""A site's card: its name, its addresses and its public key, signed by that key (design.md §6).

The signature proves that whoever wrote the card holds the key. Who that is, people settle over the telephone
with `Card.key.words()`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

import msgspec

from intergestan_msg import plain_text, seal
from intergestan_msg.diagnosis import Wrong
from intergestan_msg.email_address import ADDRESS
from intergestan_msg.errors import BadSignature, MessageError, NewerRelease, Unreadable
from intergestan_msg.key_notice import Seconds
from intergestan_msg.manifest import SiteCode
from intergestan_msg.seal import PublicKey, SigningKey
from intergestan_msg.shapes import Shape
from intergestan_msg.strict_json import read_object, write_object

VERSION = 1
_MAX_CARD = 8192

_Text = Annotated[str, msgspec.Meta(max_length=200, pattern=plain_text.VISIBLE)]
_Address = Annotated[str, msgspec.Meta(pattern=ADDRESS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card says. `iat` is in seconds since 1970 (UTC); the addresses are plain `name@domain`.

    :ivar until: the last second at which the key signs, if it has an end.
    """

    code: SiteCode
    name: _Text
    orders_address: _Address
    answers_address: _Address
    key: PublicKey
    iat: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    siret: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{14}\Z")] | None = None
    vat: Annotated[str, msgspec.Meta(pattern=r"\A[A-Z]{2}[0-9A-Z+*]{2,13}\Z")] | None = None
    until: Seconds | None = None
    v: Annotated[int, msgspec.Meta(ge=VERSION, le=VERSION)] = VERSION

    @property
    def ends(self) -> datetime | None:
        """When the key ends."""
        return None if self.until is None else datetime.fromtimestamp(self.until, UTC)


_CARD = Shape(Card)


def write_card(card: Card, key: SigningKey) -> str:
    """Sign the card with the key that it shows.

    Raises ValueError when it shows another one, or says what `read_card` would refuse.
    """
    claims = {field: value for field, value in _claims(card).items() if value is not None}
    text = seal.sign(write_object(claims), key, seal.CARD_TYPE)
    try:
        read_card(text)
    except MessageError as error:
        raise ValueError(f"Every reader would refuse this card: {error}") from error
    return text


def read_card(text: str) -> Card:
    """Read a card; white space around and within it does not matter.

    Raises `Unreadable` for what is no card, `BadSignature` when it is not signed by the key that it shows,
    `NewerRelease` for a card of a later version.
    """
    compact = "".join(text.split())
    if len(compact) > _MAX_CARD:
        raise Unreadable(Wrong.CARD_LONG)
    seal.signer(compact, seal.CARD_TYPE)
    card = _read_claims(seal.unverified_payload(compact))
    try:
        seal.verify(compact, {card.key.kid: card.key}, seal.CARD_TYPE)
    except BadSignature as error:
        raise BadSignature(Wrong.CARD_OTHER_KEY) from error
    return card


def _claims(card: Card) -> dict[str, object]:
    fields = ("v", "code", "name", "siret", "vat", "orders_address", "answers_address", "iat", "until")
    return {field: getattr(card, field) for field in fields} | {"key": card.key.jwk()}


def _read_claims(payload: bytes) -> Card:
    claims = read_object(payload)
    version, jwk = claims.get("v"), claims.get("key")
    if not isinstance(version, int):
        raise Unreadable(Wrong.CARD_NO_VERSION)
    if version > VERSION:
        raise NewerRelease(Wrong.CARD_VERSION, version=str(version)[:20], ours=VERSION)
    try:
        key = PublicKey.from_jwk(jwk if isinstance(jwk, dict) else {})
        return _CARD.convert(claims | {"key": key})
    except ValueError as error:  # msgspec.ValidationError is one
        raise Unreadable(Wrong.CARD_WRONG, error=error) from error
