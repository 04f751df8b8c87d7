"""Reports of mail servers are read within limits, and their tokens hold for one mail only."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.mail.automatic import is_automatic
from intergestan_msg.mail.bounce_token import BounceKey, BounceToken, find_token, plus_address
from intergestan_msg.mail.delivery_report import MAX_RECIPIENTS, MAX_TOKENS, read_report
from intergestan_msg.mail.letter import BOUNCE_HEADER
from intergestan_msg.mail.report_values import Action
from tests.msg.bounces import BOUNCES, HELD, NONE, NOTED, About
from tests.msg.letters import ORDERS_ID, orders_batch
from tests.patience import cheaply
from tests.reports import EXCHANGE, HEADERS_ONLY, POSTFIX, SERVERS, Server, report

KEY = BounceKey(b"k" * 32)
TOKEN = KEY.token(12, ORDERS_ID)
MAIL = (
    b"From: a@b.test\r\nSubject: x\r\n"
    + f"{BOUNCE_HEADER}: {TOKEN}\r\n".encode()
    + b"\r\nHello.\r\n"
    + b"x" * 70
    + b"\r\n"
)


def found(token: str) -> BounceToken:
    made = find_token(token)
    assert made is not None
    return made


def test_a_token_is_good_for_one_transfer_and_one_key() -> None:
    """formats.md §1: keyed, bound to the outbound mail."""
    assert KEY.proves(found(TOKEN), ORDERS_ID)
    assert not KEY.proves(found(TOKEN), ORDERS_ID.replace("0", "1"))
    assert not BounceKey(b"K" * 32).proves(found(TOKEN), ORDERS_ID)
    assert found(TOKEN).mail_id == 12
    assert find_token(TOKEN + "a") is None
    assert find_token("12-" + "A" * 16) is None


def test_the_marked_address_fits_into_an_envelope() -> None:
    assert plus_address("back@mulhouse.test", TOKEN) == f"back+{TOKEN}@mulhouse.test"
    assert plus_address(f"{'b' * 50}@mulhouse.test", TOKEN) == f"{'b' * 50}@mulhouse.test"


@pytest.mark.parametrize("server", SERVERS)
def test_what_servers_write_is_read(server: Server) -> None:
    """RFC 3464: Postfix, Exchange in French, headers only, headers in base64."""
    raw = report("back@mulhouse.test", MAIL, server=server)
    read = read_report(raw)
    assert read is not None
    (fate,) = read.fates
    assert (fate.action, fate.status, fate.recipient) == (Action.FAILED, "5.1.1", "orders@stauber.test")
    assert fate.said.startswith("550 5.1.1")
    assert read.fate == fate
    assert read.tokens == (found(TOKEN),)
    assert read.reporter in {"mx.test", "EX01.client.test"}


def test_the_token_in_the_address_is_enough() -> None:
    read = read_report(report(f"Back+{TOKEN.upper()}@Mulhouse.test", b"From: x\r\n\r\n"))
    assert read is not None
    assert read.tokens == (found(TOKEN),)


@pytest.mark.parametrize(
    ("status", "said", "shown"),
    [
        ("5.0.0", "550 5.7.1 no", "5.7.1"),
        ("5.0.0", "550 no", "5.0.0"),
        ("nonsense", "550 no", "5.0.0"),
        ("5.0.0", "451 4.7.1 later", "5.0.0"),
        ("4.4.1 (expired)", "connect timed out", "4.4.1"),
    ],
)
def test_the_most_exact_status_counts(status: str, said: str, shown: str) -> None:
    server = Server("", POSTFIX.status.partition("Remote-MTA")[0] + f"Diagnostic-Code: smtp; {said}\n")
    read = read_report(report("a@b.test", MAIL, server=server, status=status))
    assert read is not None
    assert read.fate is not None
    assert read.fate.status == shown


def test_a_mail_that_arrived_somewhere_did_not_fail() -> None:
    """An address that stands for several people: one of them has left."""
    group = "\nFinal-Recipient: rfc822; {{recipient}}\nAction: {}\nStatus: 2.0.0\n"
    server = Server("", "Reporting-MTA: dns; m\n" + group.format("failed") + group.format("delivered"))
    read = read_report(report("a@b.test", MAIL, server=server))
    assert read is not None
    assert len(read.fates) == 2
    assert read.fate is not None
    assert read.fate.action is Action.DELIVERED


@pytest.mark.parametrize("action", ["read", "", "fail", "failed or not"])
def test_an_action_that_is_none_says_nothing(action: str) -> None:
    read = read_report(report("a@b.test", MAIL, action=action))
    assert read is not None
    assert (read.fates, read.fate) == ((), None)


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/mixed; boundary=x",
        b"multipart/report; report-type=disposition-notification; boundary=x",
        b"multipart/report; report-type=feedback-report; boundary=x",
        b"text/plain; report-type=delivery-status",
    ],
)
def test_other_mails_are_no_reports(content_type: bytes) -> None:
    assert read_report(b"From: a@b.test\r\nContent-Type: " + content_type + b"\r\n\r\n--x\r\n\r\n--x--\r\n") is None


@given(st.integers(min_value=0), st.sampled_from([POSTFIX, EXCHANGE, HEADERS_ONLY]))
def test_a_report_that_is_cut_off_never_says_more(at: int, server: Server) -> None:
    whole = report("a@b.test", MAIL, server=server)
    read = read_report(whole[: at % len(whole)])
    if read is not None and read.fate is not None:
        assert read.fate.action is Action.FAILED
        assert set(read.tokens) <= {found(TOKEN)}


@given(st.binary(max_size=400))
def test_whatever_stands_in_a_report_is_read_or_left(body: bytes) -> None:
    head = b"To: a@b.test\r\nContent-Type: multipart/report; report-type=delivery-status; boundary=x\r\n\r\n"
    part = b"--x\r\nContent-Type: message/delivery-status\r\n\r\n"
    assert read_report(head + part + body) is not None
    read_report(head + body)
    read_report(body)


@pytest.mark.parametrize(
    "status",
    [
        "Reporting-MTA: dns; m\n" + "\nFinal-Recipient: rfc822; a@b\nAction: failed\nStatus: 5.1.1\n" * 100_000,
        "Action: failed\n " * 500_000,
        "\n" * 5_000_000,
        "Action" * 1_000_000,
        ("Diagnostic-Code: " + "smtp ;" * 100_000 + "\n") * 10,
    ],
    ids=["recipients", "folds", "lines", "no colon", "types"],
)
def test_a_report_of_any_size_is_read_quickly(status: str) -> None:
    """reliability.md §5: what is collected has limits, and no pattern takes more than linear time."""
    raw = report("a@b.test", MAIL + f"{BOUNCE_HEADER}: 1-{'a' * 16}\n".encode() * 1000, server=Server("", status))
    with cheaply():
        read = read_report(raw)
    assert read is None or (len(read.fates) <= MAX_RECIPIENTS and len(read.tokens) <= MAX_TOKENS)


def test_a_report_that_quotes_fifteen_megabytes_is_read() -> None:
    read = read_report(report("a@b.test", MAIL + (b"x" * 76 + b"\r\n") * 200_000))
    assert read is not None
    assert read.tokens == (found(TOKEN),)


def test_more_than_a_mail_may_have_is_left() -> None:
    raw = report("a@b.test", MAIL)
    assert read_report(raw + b"x" * 26 * 2**20) is None
    assert read_report(raw + b"\r\n--" * 4_000_000) is None


def test_the_same_report_has_the_same_fingerprint() -> None:
    """However often it is delivered: each delivery adds headers of its own."""
    raw = report("a@b.test", MAIL)
    first, again = read_report(raw), read_report(b"Received: from x; y\r\nDelivered-To: a\r\n" + raw)
    other = read_report(report("a@b.test", MAIL, number=2))
    assert first is not None
    assert again is not None
    assert other is not None
    assert first.fingerprint == again.fingerprint != other.fingerprint


@pytest.mark.parametrize(
    ("headers", "automatic"),
    [
        (b"Subject: Commande", False),
        (b"Auto-Submitted: no", False),
        (b"Auto-Submitted: auto-replied (vacation)", True),
        (b"auto-submitted:\r\n auto-generated", True),
        (b"X-Auto-Response-Suppress: All", True),
        (b"Precedence: bulk", True),
        (b"Precedence: first-class", False),
        (b"Return-Path: <>", True),
        (b"Return-Path: <a@b.test>", False),
        (b"Content-Type: multipart/report; report-type=disposition-notification", True),
        (b"Subject: Automatic reply: CFR1", True),
        (b"Subject: Absence du bureau Re: CFR1", True),
        (b"Subject: =?utf-8?Q?R=C3=A9ponse_automatique_:_CFR1?=", True),
        ("Subject: Réponse automatique : CFR1".encode(), True),
        (b"Subject: x\r\n\r\nAuto-Submitted: auto-replied", False),
    ],
)
def test_programs_are_told_from_people(headers: bytes, *, automatic: bool) -> None:
    """RFC 3834; for counting only."""
    assert is_automatic(headers + b"\r\n\r\nBonjour\r\n") is automatic


ABOUT = About(orders_batch(1).with_letter(bounce_token=TOKEN).mail(), TOKEN)


@pytest.mark.parametrize("name", BOUNCES)
def test_what_comes_back_is_understood_whoever_wrote_it(name: str) -> None:
    """By what it proves and by its parts; where it has none, by what servers write that know no such parts."""
    form, must = BOUNCES[name]
    read = read_report(form(ABOUT))
    fate = read.fate if read is not None and found(TOKEN) in read.tokens else None
    came_to = NONE if fate is None else HELD if fate.action is Action.FAILED else NOTED
    assert came_to is must


@pytest.mark.parametrize("name", ["Exim 4.96", "OpenSMTPD 6.8"])
def test_a_report_that_does_not_quote_the_server_is_told_by_its_text(name: str) -> None:
    """These say 5.0.0 and no more, and what the server said stands in the text for people."""
    read = read_report(BOUNCES[name][0](ABOUT))
    assert read is not None
    assert read.fate is not None
    assert (read.fate.status, read.fate.said) == ("5.1.1", "550 5.1.1 no such user here")


@pytest.mark.parametrize("name", ["Exim", "qmail", "Google, with an empty status"])
def test_a_report_without_a_status_says_what_its_words_say(name: str) -> None:
    read = read_report(BOUNCES[name][0](ABOUT))
    assert read is not None
    assert read.fate is not None
    assert read.fate.recipient == "orders@seller.example"
    assert read.is_formal == name.startswith("Google")
    assert read.fate.status == ("5.0.0" if read.is_formal else "5.1.1")


def test_only_an_address_that_we_gave_to_one_mail_says_that_it_came_back() -> None:
    """Words that nobody knows, from nobody, with our mark in what they quote alone: some program talks."""
    marked, _ = BOUNCES["words that nobody knows"]
    raw = marked(ABOUT).replace(ABOUT.marked.encode(), ABOUT.box.encode()) + b"\r\n\r\n" + ABOUT.head
    assert read_report(raw) is None
