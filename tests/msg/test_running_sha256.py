"""A SHA-256 that is left off and gone on with says what `hashlib` says."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.running_sha256 import RunningSha256


@given(st.lists(st.binary(max_size=150), max_size=6))
def test_it_is_sha_256_however_often_it_is_left_off(pieces: list[bytes]) -> None:
    total, saved = hashlib.sha256(), RunningSha256().saved
    for piece in pieces:
        total.update(piece)
        running = RunningSha256(saved)
        running.update(piece)
        assert running.hexdigest() == total.hexdigest()
        saved = running.saved
    assert RunningSha256(saved).hexdigest() == total.hexdigest()


@pytest.mark.parametrize("length", [0, 1, 55, 56, 57, 63, 64, 65, 119, 120, 128])
def test_the_end_of_a_block_is_no_special_place(length: int) -> None:
    running = RunningSha256()
    running.update(b"x" * length)
    assert running.hexdigest() == hashlib.sha256(b"x" * length).hexdigest()


def test_what_was_not_saved_is_refused() -> None:
    running = RunningSha256()
    running.update(b"abc")
    with pytest.raises(ValueError, match="no saved SHA-256"):
        RunningSha256(running.saved[:-1])
