"""Somebody who reads all mail between the sites, has no key of theirs, and wants goods all the same."""

from __future__ import annotations

import hashlib
import json
import random
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from typing import Any
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.chaos.letters import DOCUMENT, FORGED, MANIFEST, decoded, encoded, marked, parsed, rewritten

WANTED = 900_000
"""Every quantity that the stranger writes is at least this, and no honest one is."""
NUMBER = "FORGED"
"""How the numbers of the stranger's own orders begin."""

Mails = Callable[[], Sequence[tuple[str, bytes]]]
Deliver = Callable[[str, bytes], None]


class Stranger:
    """Forges from what passed, in a thread of its own. `forged` counts what was put into a mailbox.

    :param passed: each honest mail so far, and to whom.
    """

    def __init__(self, passed: Mails, deliver: Deliver, addresses: Sequence[str], rng: random.Random) -> None:
        self.forged = 0
        self.tried: dict[str, int] = {}
        self._passed = passed
        self._deliver = deliver
        self._addresses = addresses
        self._rng = rng
        self._key = Ed25519PrivateKey.generate()
        self._numbers = count(1)
        self._resting = threading.Lock()
        self._failure: Exception | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stranger", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """No more; until the last one lies in its mailbox.

        :raises RuntimeError: the stranger could not go on.
        """
        self._over.set()
        if self._thread.is_alive():
            self._thread.join()
        if self._failure is not None:
            raise RuntimeError(f"the stranger cannot forge: {self._failure!r}") from self._failure

    @contextmanager
    def resting(self) -> Iterator[None]:
        """Nothing is forged while the block runs."""
        with self._resting:
            yield

    def try_all(self) -> None:
        """Each trick once, on the newest mails."""
        for name in TRICKS:
            self._forge(name)

    def _run(self) -> None:
        try:
            while not self._over.wait(self._rng.uniform(1, 4)):
                with self._resting:
                    self._forge(self._rng.choice(sorted(TRICKS)))
        except Exception as error:  # noqa: BLE001 - said by `stop`
            self._failure = error

    def _forge(self, name: str) -> None:
        passed = self._passed()
        if not passed:
            return
        address, raw = self._rng.choice(passed[-40:])
        if name == "to the other site":
            address = next(each for each in self._addresses if each != address)
        try:
            self._deliver(address, TRICKS[name](self, raw))
        except OSError:  # the mail server is away: there will be other opportunities
            return
        self.forged += 1
        self.tried[name] = self.tried.get(name, 0) + 1

    # -- what is done to an honest mail ----------------------------------------------------------------------

    def replayed(self, raw: bytes) -> bytes:
        """The same once more."""
        return raw

    def misdirected(self, raw: bytes) -> bytes:
        """The same, to whom it is not addressed."""
        return marked(raw, FORGED, str(self.forged))

    def altered(self, raw: bytes) -> bytes:
        """Other quantities in the document, under the manifest that its sender signed."""
        return self._rewritten(raw, lambda kind, data: self._greedy(data) if kind == DOCUMENT else data)

    def renumbered(self, raw: bytes) -> bytes:
        """An order of another number, signed with a key that nobody knows."""
        number = f"{NUMBER}-{next(self._numbers)}"
        return self._signed_anew(raw, {"kid": self._kid()}, number, sign=True)

    def borrowed_name(self, raw: bytes) -> bytes:
        """The same, under the name of the partner's key."""
        return self._signed_anew(raw, {"kid": _head(raw)["kid"]}, f"{NUMBER}-{next(self._numbers)}", sign=True)

    def changed_answer(self, raw: bytes) -> bytes:
        """A later word about the same documents: refused, or more of it; under the name of the partner's key."""
        return self._signed_anew(raw, {"kid": _head(raw)["kid"]}, None, sign=True)

    def unsigned(self, raw: bytes) -> bytes:
        """`alg: none` (RFC 7515 §6, CVE-2015-9235)."""
        return self._signed_anew(raw, {"kid": _head(raw)["kid"], "alg": "none"}, None, sign=False)

    def key_inside(self, raw: bytes) -> bytes:
        """The manifest brings its own key along."""
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encoded(self._public())}
        return self._signed_anew(raw, {"kid": self._kid(), "jwk": jwk}, None, sign=True)

    def _signed_anew(self, raw: bytes, header: dict[str, Any], number: str | None, *, sign: bool) -> bytes:
        documents: dict[str, bytes] = {}

        def change(kind: str, data: bytes) -> bytes:
            if kind == DOCUMENT:
                new = self._greedy(data)
                if number is not None:
                    new = re.sub(rb"(<cbc:ID[^>]*>)PO\d+", rb"\g<1>" + number.encode(), new)
                documents[hashlib.sha256(data).hexdigest()] = new
                return new
            return self._manifest(data, header, number, documents, sign=sign)

        return self._rewritten(raw, change)

    def _manifest(
        self, jws: bytes, header: dict[str, Any], number: str | None, documents: dict[str, bytes], *, sign: bool
    ) -> bytes:
        claims = json.loads(decoded(jws.decode().split(".")[1]))
        claims |= {"jti": str(uuid4()), "seq": claims.get("seq", 0) + 1 if claims.get("seq") else 0}
        for document in claims.get("documents", []):
            new = documents.get(document["sha256"], b"")
            document["sha256"] = hashlib.sha256(new).hexdigest()
            document.pop("business_hash", None)
            if number is not None:
                document["id"] = number
        for answer in claims.get("answers", []):
            if isinstance(answer, dict) and "n" in answer:
                answer["n"] += 1
        head = _head_of(jws) | header
        text = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(claims).encode())}"
        signature = encoded(self._key.sign(text.encode())) if sign else ""
        return f"{text}.{signature}".encode()

    def _greedy(self, document: bytes) -> bytes:
        wanted = str(WANTED + self._rng.randint(0, 9999)).encode()
        more = re.sub(rb"(<cbc:(?:Invoiced)?Quantity[^>]*>)[\d.]+", rb"\g<1>" + wanted, document)
        return re.sub(rb"(<cbc:OrderResponseCode[^>]*>)\w\w", rb"\g<1>RE", more)

    def _rewritten(self, raw: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
        return rewritten(raw, (FORGED, str(self.forged)), change)

    def _public(self) -> bytes:
        return self._key.public_key().public_bytes_raw()

    def _kid(self) -> str:
        """RFC 7638."""
        members = {"crv": "Ed25519", "kty": "OKP", "x": encoded(self._public())}
        return encoded(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


TRICKS: dict[str, Callable[[Stranger, bytes], bytes]] = {
    "replayed": Stranger.replayed,
    "to the other site": Stranger.misdirected,
    "altered": Stranger.altered,
    "unknown key": Stranger.renumbered,
    "borrowed name": Stranger.borrowed_name,
    "later word": Stranger.changed_answer,
    "alg none": Stranger.unsigned,
    "key inside": Stranger.key_inside,
}


def _head(raw: bytes) -> dict[str, Any]:
    for part in parsed(raw).walk():
        if part.get_content_type() == MANIFEST:
            return _head_of(part.get_payload(decode=True))  # type: ignore[arg-type]
    return {"kid": ""}


def _head_of(jws: bytes) -> dict[str, Any]:
    head: dict[str, Any] = json.loads(decoded(jws.decode().split(".")[0]))
    return head
