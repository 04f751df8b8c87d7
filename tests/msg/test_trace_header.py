"""The hint that joins a trace: one spelling, or nothing."""

from __future__ import annotations

import pytest

from intergestan_msg.mail.trace_header import trace_parent_of

GOOD = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DIGITS = f"00-{'1' * 32}-{'2' * 16}-00"


def mail(*values: str, body: str = "") -> bytes:
    lines = [f"X-Intergestan-Traceparent: {value}" for value in values]
    return "\r\n".join(["Subject: x", *lines, "From: a@b.test", "", body]).encode()


@pytest.mark.parametrize("value", [GOOD, DIGITS, f"  {GOOD}  "])
def test_a_traceparent_is_taken(value: str) -> None:
    assert trace_parent_of(mail(value)) == value.strip()
    assert trace_parent_of(mail(value).replace(b"X-Intergestan-T", b"x-intergestan-t")) == value.strip()
    assert trace_parent_of(mail(value).replace(b"\r\n", b"\n")) == value.strip()


@pytest.mark.parametrize(
    "value",
    [
        "",
        GOOD.upper(),
        GOOD + "0",
        GOOD[:-1],
        "01" + GOOD[2:],
        "ff" + GOOD[2:],
        GOOD + "-extra",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        GOOD.replace("-", "_"),
        GOOD + "\0",
        "x" * 5000,
    ],
)
def test_anything_else_is_none(value: str) -> None:
    assert trace_parent_of(mail(value)) is None


def test_two_are_none_and_a_body_says_nothing() -> None:
    assert trace_parent_of(mail(GOOD, DIGITS)) is None
    assert trace_parent_of(mail(body=f"X-Intergestan-Traceparent: {GOOD}\r\n")) is None
    assert trace_parent_of(b"") is None
    assert trace_parent_of(b"\xff" * 300_000) is None
