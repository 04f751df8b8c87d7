"""A mail that a relay took and that never arrived, with everything real: healed by statements alone."""

from __future__ import annotations

import imaplib

from intergestan_db.tables import OutboundMail, SalesOrder
from tests.journey.conftest import MakePair
from tests.journey.journey_site import QUICK, JourneySite
from tests.journey.test_backup import command
from tests.patience import PATIENCE, eventually

AT_ONCE = {**QUICK, "site": {"statement_minutes": 0}, "sender": {**QUICK["sender"], "resend_seconds": [3600] * 4}}
"""No mail is too young to be missed, and the ladder of resending does not help."""


def empty(site: JourneySite) -> int:
    """Somebody deletes all mails of the mailbox that the site has not collected; how many there are."""
    host, port = site._mail.dovecot.host, site._mail.dovecot.imap
    with imaplib.IMAP4(host, port, timeout=PATIENCE) as box:
        box.login(site.mail_user.address, site.mail_user.password)
        _, (listed, *_) = box.select()
        count = int(listed or 0)
        if count:
            box.store("1:*", "+FLAGS", r"\Deleted")
            box.expunge()
        return count


def lose(at: JourneySite, mails: int) -> None:
    """Wait until the mailbox has so many mails, while nobody collects, and delete them."""
    gone = 0

    def all_gone() -> bool:
        nonlocal gone
        gone += empty(at)
        return gone >= mails

    eventually(all_gone, what="the mails in the mailbox", every=0.2)


def test_lost_mails_come_by_statement(make_pair: MakePair) -> None:
    pair = make_pair("sqlite", AT_ONCE)
    try:
        first = pair.enter(1)
        pair.send(first)
        pair.wait_answered(first)
        empty(pair.seller)
        pair.seller.processes["poller"].stop()
        lost = pair.enter(2)
        pair.send(lost, mails=2)
        lose(pair.seller, 2)
        pair.seller.start("poller")
        pair.seller.processes["poller"].wait_ready()

        said = command(pair.buyer, "statement", pair.seller.code, "--send")
        assert "1–3" in said
        pair.wait_answered(lost)
        assert pair.booked(lost) == 2
        assert len(pair.seller.rows(SalesOrder)) == 3
        eventually(
            lambda: {row.state for row in pair.buyer.rows(OutboundMail, kind="orders")} == {"answered"}, what="answered"
        )
    finally:
        pair.stop()
