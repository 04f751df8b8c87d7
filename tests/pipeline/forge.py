"""Mails that a partner could send: honest ones, and whatever else can be signed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import uuid_utils

from intergestan_msg import seal
from intergestan_msg.answer import OrderAnswer
from intergestan_msg.business_hash import business_hash
from intergestan_msg.email_address import EmailAddress
from intergestan_msg.mail.letter import Attachment, Letter
from intergestan_msg.mail.outgoing import compose
from intergestan_msg.order import Order
from intergestan_msg.pages.page import Page
from intergestan_msg.strict_json import write_object
from intergestan_msg.ubl import write_order, write_order_response
from tests.clock import Clock

Claims = dict[str, Any]


@dataclass(frozen=True)
class Listed:
    """A document with what the manifest says of it; `claims` change that."""

    number: str
    content: bytes
    business_hash: str | None = None
    type: str = "order"
    claims: Mapping[str, Any] = field(default_factory=dict)

    def entry(self) -> Claims:
        claims: Claims = {
            "type": self.type,
            "id": self.number,
            "revision": 0,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "name": f"{self.number}.xml",
            "media_type": "application/xml",
        }
        if self.business_hash is not None:
            claims["business_hash"] = self.business_hash
        return claims | dict(self.claims)


def listed(order: Order, **claims: Any) -> Listed:
    """An order as it should be listed, but for `claims`."""
    return Listed(order.id, write_order(order), business_hash(order), claims=claims)


class Forge:
    """Signs for a site whatever it is asked to. Nothing is checked."""

    def __init__(self, key: seal.SigningKey, ours: str, theirs: str, clock: Clock) -> None:
        self.key = key
        self._ours = ours
        self._theirs = theirs
        self._clock = clock
        self._numbers = count(1000)

    def orders(self, *documents: Order | Listed, **claims: Any) -> bytes:
        """A mail of kind orders."""
        return self.mail([each if isinstance(each, Listed) else listed(each) for each in documents], **claims)

    def answers(self, quoted: tuple[str, str], *answers: tuple[int, OrderAnswer], **claims: Any) -> bytes:
        """A mail of kind answers to the transfer with this id and digest."""
        documents = [
            Listed(answer.order_id, write_order_response(answer), type="response", claims={"revision": n})
            for n, answer in answers
        ]
        own = {
            "kind": "answers",
            "in_reply_to": {"jti": quoted[0], "digest": quoted[1]},
            "answers": [{"order_id": answer.order_id, "n": n} for n, answer in answers],
        }
        return self.mail(documents, **(own | claims))

    def mail(self, documents: Sequence[Listed], **claims: Any) -> bytes:
        """Any mail; `claims` are added to the manifest or take the place of its own."""
        transfer_id = str(claims.get("jti", uuid_utils.uuid7()))
        manifest = {
            "v": 1,
            "iss": self._ours,
            "aud": self._theirs,
            "jti": transfer_id,
            "epoch": 1,
            "seq": next(self._numbers),
            "iat": int(self._clock.now.timestamp()),
            "kind": "orders",
            "documents": [document.entry() for document in documents],
        } | claims
        letter = Letter(
            sender=EmailAddress("anne@mulhouse.test"),
            to=EmailAddress("orders@stauber.test"),
            transfer_id=transfer_id,
            domain="mulhouse.test",
            date=self._clock.now,
            manifest=seal.sign(write_object(manifest), self.key),
            documents=tuple(Attachment(f"{document.number}.xml", document.content) for document in documents),
        )
        return compose(letter, "Commandes", Page(title="Commandes", intro="", sections=()), "auto-generated")
