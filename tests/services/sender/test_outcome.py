"""What a reply or a break means, without a server."""

import ssl

import pytest

from intergestan_msg.diagnosis import Diagnosed, NotSent
from services.sender.outcome import Kind, Outcome, ResponseClass, by_failure, by_reply
from services.sender.smtp_client import Phase, Reply, UnusableRelay

AGAIN, REFUSED = Kind.TRY_AGAIN, Kind.REFUSED
RELAY, MAIL = "the relay", "the mail"


@pytest.mark.parametrize(
    ("phase", "reply", "kind", "label", "fault"),
    [
        (Phase.EHLO, "421 4.3.2 closing", AGAIN, "4xx", RELAY),
        (Phase.EHLO, "554 no service here", AGAIN, "5xx", RELAY),  # the mail is not at fault
        (Phase.TLS, "454 TLS not available", AGAIN, "tls", RELAY),
        (Phase.AUTH, "454 4.7.0 try later", AGAIN, "auth", RELAY),
        (Phase.AUTH, "535 5.7.8 wrong", AGAIN, "auth", RELAY),
        (Phase.MAIL, "530 5.7.0 log in first", AGAIN, "auth", RELAY),
        (Phase.MAIL, "452 4.3.1 disk full", AGAIN, "4xx", RELAY),
        (Phase.MAIL, "451 4.3.0 error", AGAIN, "4xx", MAIL),
        (Phase.MAIL, "553 5.7.1 not your address", REFUSED, "5xx", MAIL),
        (Phase.MAIL, "354 what?", AGAIN, "network", MAIL),  # no sense in that; the connection is dropped
        (Phase.RCPT, "450 4.2.0 greylisted", AGAIN, "4xx", MAIL),
        (Phase.RCPT, "452 4.2.2 mailbox full", AGAIN, "4xx", MAIL),  # RFC 3463: subject 2 is the mailbox
        (Phase.RCPT, "550 5.1.1 no such user", REFUSED, "5xx", MAIL),
        (Phase.DATA, "421 4.7.0 too many", AGAIN, "4xx", RELAY),
        (Phase.BODY, "552 5.3.4 too big", REFUSED, "5xx", MAIL),
        (Phase.DOT, "250 2.0.0 Ok", Kind.ACCEPTED, "2xx", MAIL),
        (Phase.DOT, "354 what?", Kind.UNKNOWN, "network", MAIL),
        (Phase.DOT, "451 4.3.0 later", AGAIN, "4xx", MAIL),
        (Phase.DOT, "452 4.3.1 disk full", AGAIN, "4xx", RELAY),
        (Phase.DOT, "554 5.7.1 spam", REFUSED, "5xx", MAIL),
    ],
)
def test_reply(phase: Phase, reply: str, kind: Kind, label: str, fault: str) -> None:
    """F17: 4xx and 5xx at each verb."""
    outcome = by_reply(phase, Reply(int(reply[:3]), reply[4:]))
    assert (outcome.kind, outcome.response_class, outcome.relay_fault) == (
        kind,
        label,
        fault is RELAY,
    )
    assert outcome.lasting == (reply[0] == "5")


@pytest.mark.parametrize(
    ("phase", "reply", "quota"),
    [
        (Phase.RCPT, "550 5.4.5 Daily user sending limit exceeded. Learn more", True),
        (Phase.DOT, "550-5.4.5 Daily SMTP relay limit exceeded", True),
        (
            Phase.DOT,
            "554 5.7.0 The limit on the number of allowed outgoing messages was exceeded. Try again later.",
            True,
        ),
        (Phase.MAIL, "450 4.2.1 You have exceeded the rate limit", False),
        (Phase.MAIL, "451 4.7.1 Hourly sending quota exceeded", True),
        (Phase.DOT, "554 5.7.0 Message refused by policy", False),
        (Phase.RCPT, "552 5.2.2 Mailbox over quota: limit for messages reached", False),
        (Phase.DOT, "552 5.3.4 Message size exceeds limit for outgoing messages", False),
        (Phase.DOT, "554 5.7.1 Spam", False),
    ],
)
def test_a_days_quota_makes_the_relay_wait(phase: Phase, reply: str, *, quota: bool) -> None:
    """It is refused for good in the words of SMTP, and means that our account has sent all that it may for now."""
    outcome = by_reply(phase, Reply(int(reply[:3]), reply[4:]))
    assert outcome.quota == quota
    if quota:
        assert (outcome.kind, outcome.relay_fault, outcome.lasting) == (AGAIN, True, False)


@pytest.mark.parametrize("phase", Phase)
def test_break(phase: Phase) -> None:
    """F17: whatever breaks is tried again, except behind the dot, where nobody knows."""
    outcome = by_failure(phase, ConnectionResetError("cut"))
    assert outcome.kind is (Kind.UNKNOWN if phase is Phase.DOT else AGAIN)
    assert outcome.response_class is (ResponseClass.TLS if phase is Phase.TLS else ResponseClass.NETWORK)
    assert outcome.relay_fault == (phase < Phase.MAIL)
    assert not outcome.lasting


@pytest.mark.parametrize(
    ("phase", "error", "label"),
    [
        (Phase.TLS, UnusableRelay(NotSent.NO_STARTTLS), ResponseClass.TLS),
        (Phase.TLS, ssl.SSLCertVerificationError("expired"), ResponseClass.TLS),
        (Phase.AUTH, UnusableRelay(NotSent.NO_AUTH_PASSWORD), ResponseClass.AUTH),
    ],
)
def test_only_a_person_can_mend_it(phase: Phase, error: OSError, label: ResponseClass) -> None:
    outcome = by_failure(phase, error)
    assert outcome == Outcome(kind=AGAIN, response_class=label, text=str(error), relay_fault=True, lasting=True)
    assert isinstance(outcome.text, Diagnosed) == isinstance(error, UnusableRelay)


def test_text_is_one_printable_line() -> None:
    outcome = by_reply(Phase.RCPT, Reply(550, "5.1.1 no\n\x1b[31m such\x00 user" + "!" * 1000))
    assert outcome.text.startswith("5.1.1 no  [31m such  user!!!")
    assert len(outcome.text) == 500
    assert outcome.enhanced == "5.1.1"
