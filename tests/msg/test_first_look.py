"""A first look at a mail finds what a known key signed, and nothing else."""

from __future__ import annotations

import pytest

from intergestan_msg.mail.first_look import is_signed_by
from intergestan_msg.seal import SigningKey
from tests.clock import Clock
from tests.factories import cfr1
from tests.pipeline.forge import Forge

KNOWN, OTHER = SigningKey.generate(), SigningKey.generate()
KEYS = {KNOWN.public.kid: KNOWN.public}


def mail(key: SigningKey = KNOWN) -> bytes:
    return Forge(key, "A", "B", Clock()).orders(cfr1())


def test_what_a_known_key_signed() -> None:
    assert is_signed_by(mail(), KEYS)
    assert not is_signed_by(mail(OTHER), KEYS)
    assert not is_signed_by(mail(), {KNOWN.public.kid: OTHER.public}), "a key id alone proves nothing"


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"From: a@b\r\n\r\nhello\r\n",
        b"Content-Type: application/jose",
        b"Content-Type: application/jose\r\n\r\n" + b"A" * 500_000,
        b"Content-Type: application/jose\r\n\r\n=\r\n--x" * 9,
        b"Content-Type: application/jose\r\n\r\n/w==\r\n--x",
    ],
)
def test_anything_else_is_no_such_mail(raw: bytes) -> None:
    assert not is_signed_by(raw, KEYS)


def test_another_part_that_says_so_before_it_hides_nothing() -> None:
    odd = b"Content-Type: application/jose\r\n\r\nAAAA\r\n--x\r\n"
    assert is_signed_by(odd * 2 + mail(), KEYS)
    assert not is_signed_by(odd * 3 + mail(), KEYS), "only so many are looked at"
