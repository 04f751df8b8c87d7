"""Honest mail gets through whatever mail systems did to it, as long as the bytes of its attachments are whole.

Of any other mail of ours the true cause is told.
"""

from __future__ import annotations

import pytest

from intergestan_msg.errors import Damaged, MessageError, NotOurs, TooBig
from intergestan_msg.mail.incoming import DamagedTransfer, Received, read_mail, read_mails
from intergestan_msg.mail.limits import STEPS, Work
from tests.msg.gateways import FOREIGN, LOST, TAKEN, TEXT, Mail, forward, multipart, part
from tests.msg.letters import KEYS, orders_batch

BATCH = orders_batch(1)
MAIL = Mail(BATCH.mail())
_TWO = orders_batch(2)
OTHER = _TWO.with_letter(documents=_TWO.letter.documents[1:]).with_manifest(
    jti="0190f8a0-1b2c-7d3e-8f40-5162738495a7", seq=8, documents=_TWO.manifest.documents[1:]
)


def whole(found: Received | MessageError) -> Received:
    assert isinstance(found, Received), found
    return found


@pytest.mark.parametrize("name", TAKEN)
def test_what_mail_systems_do_to_an_order_does_not_matter(name: str) -> None:
    received = read_mail(TAKEN[name](MAIL), KEYS)
    assert received.manifest == BATCH.manifest
    assert [content for _, content in received.documents] == [each.content for each in BATCH.letter.documents]


@pytest.mark.parametrize("name", LOST)
def test_of_a_mail_that_lost_something_the_cause_is_told(name: str) -> None:
    form, cause = LOST[name]
    with pytest.raises(Damaged) as caught:
        read_mail(form(MAIL), KEYS)
    assert caught.value.cause is cause


@pytest.mark.parametrize("name", FOREIGN)
def test_a_mail_with_nothing_of_ours_is_a_strangers(name: str) -> None:
    with pytest.raises(NotOurs):
        read_mail(FOREIGN[name](MAIL), KEYS)


def test_a_damaged_mail_says_whose_it_is_where_its_manifest_verifies() -> None:
    """And only there: who signed is nobody's claim."""
    with pytest.raises(DamagedTransfer) as caught:
        read_mail(LOST["the document is gone"][0](MAIL), KEYS)
    assert (caught.value.manifest, caught.value.kid) == (BATCH.manifest, BATCH.key.public.kid)
    with pytest.raises(Damaged) as lost:
        read_mail(LOST["the manifest is gone"][0](MAIL), KEYS)
    assert not isinstance(lost.value, DamagedTransfer)


def both(first: bytes, second: bytes) -> bytes:
    """Two mails in one forward."""
    return forward(multipart([TEXT, part("message/rfc822", first), part("message/rfc822", second)], boundary=b"OUT"))


def test_two_mails_in_one_forward_are_both_read() -> None:
    first, second = read_mails(both(MAIL.raw, OTHER.mail()), KEYS)
    assert whole(first).manifest == BATCH.manifest
    assert whole(second).manifest == OTHER.manifest
    assert [listed.id for listed, _ in whole(second).documents] == ["CFR2"]


def test_a_mail_beside_a_damaged_one_counts() -> None:
    """The whole one first, whatever their order."""
    first, second = read_mails(both(LOST["a byte order mark"][0](MAIL), OTHER.mail()), KEYS)
    assert whole(first).manifest == OTHER.manifest
    assert isinstance(second, Damaged)


def test_a_mail_beside_one_that_is_too_much_work_counts() -> None:
    raw, work = both(MAIL.raw, OTHER.mail()), Work()
    read_mails(raw, KEYS, work)
    first, second = read_mails(raw, KEYS, Work(work.spent - 1))
    assert whole(first).manifest == BATCH.manifest
    assert isinstance(second, TooBig)


def test_manifest_and_documents_never_come_from_different_readings() -> None:
    """Under the first Content-Type there is the manifest without the document, under the last the other way round."""
    files = [file.part() for file in MAIL.files]
    one, other = multipart([TEXT, files[1]], boundary=b"ONE"), multipart([TEXT, files[0]], boundary=b"TWO")
    head = b"Content-Type: " + one[0] + b"\r\nContent-Type: " + other[0] + b"\r\n\r\n"
    raw = b"\r\n".join(MAIL.fields("content-type")) + b"\r\n" + head + one[1] + other[1]
    with pytest.raises(DamagedTransfer) as caught:
        read_mail(raw, KEYS)
    assert caught.value.manifest == BATCH.manifest, "it says how far the reading came that came furthest"
    whole_of_both = multipart([TEXT, *files], boundary=b"TWO")
    raw = b"\r\n".join(MAIL.fields("content-type")) + b"\r\n" + head + one[1] + whole_of_both[1]
    assert read_mail(raw, KEYS).manifest == BATCH.manifest


def test_all_ways_of_reading_share_one_budget() -> None:
    """What can be read in eight ways is not allowed eight times the work."""
    doubts = b"Content-Type: text/plain\r\nX-Odd: a\r\n \r\n b\r\nX-Other: c\r\r\n"
    raw = doubts + LOST["a byte order mark"][0](MAIL) + b"x" * 1_000_000
    work = Work()
    read_mails(raw, KEYS, work)
    once = Work()
    read_mails(LOST["a byte order mark"][0](MAIL) + b"x" * 1_000_000, KEYS, once)
    assert once.spent < work.spent <= STEPS
    short = Work(once.spent)
    (found,) = read_mails(raw, KEYS, short)
    assert isinstance(found, MessageError)
    assert short.spent <= once.spent
