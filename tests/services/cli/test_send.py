"""`send`, `resend`, `abandon`: the selection, the one address, the refusals, and what is only shown."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from intergestan_db.tables import DeliveryAttempt, OutboundMail, OutboundOrder, Partner, PurchaseOrder
from tests import warm
from tests.patience import PATIENCE
from tests.services.cli.conftest import Run, data
from tests.services.cli.exchange import base, compose, rows

ADDRESS = "appros@stauber.test"


@pytest.fixture
def ordering_shop(paired_shop: Path, run: Run) -> Path:
    """The shop with CFR1 (15/11/2020) and CFR2 (19/11/2020), confirmed."""
    assert run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop).code == 0
    return paired_shop


def states(folder: Path) -> dict[str, str]:
    return {row.number: row.state for row in rows(folder, PurchaseOrder)}


def test_one_mail_with_all_selected_orders(ordering_shop: Path, run: Run) -> None:
    """G12, G14, G17: the address is stored with the first sending."""
    sent = run("send", "--supplier", "STAUBER", "--to", ADDRESS, "--json", cwd=ordering_shop)
    assert sent.code == 0, sent.err
    assert (sent.json["ref"], sent.json["orders"], sent.json["to"]) == ("out-1", ["CFR1", "CFR2"], ADDRESS)
    assert states(ordering_shop) == {"CFR1": "transmitting", "CFR2": "transmitting"}
    assert rows(ordering_shop, Partner)[0].order_address == ADDRESS
    again = run("send", "--supplier", "STAUBER", cwd=ordering_shop)
    assert again.code == 3, "nothing is left to send"
    assert len(rows(ordering_shop, OutboundMail)) == 1


def test_the_range_of_days_has_both_ends_in(ordering_shop: Path, run: Run) -> None:
    """G09: `--to` is the last day; an address may be given beside it."""
    days = ("--from", "15/11/2020", "--to", "18/11/2020", "--to", ADDRESS)
    assert run("send", "--supplier", "STAUBER", *days, cwd=ordering_shop).code == 0
    assert states(ordering_shop) == {"CFR1": "transmitting", "CFR2": "confirmed"}


def test_a_removed_order_stays_where_it_is(ordering_shop: Path, run: Run) -> None:
    """G13: *Enlever* takes it out of the selection, and nothing else; a typing error sends nothing."""
    mistyped = run("send", "--supplier", "STAUBER", "--to", ADDRESS, "--remove", "CRF1", cwd=ordering_shop)
    assert (mistyped.code, "CRF1" in mistyped.err) == (1, True)
    assert run("send", "--supplier", "STAUBER", "--to", ADDRESS, "--remove", "CFR1", cwd=ordering_shop).code == 0
    assert states(ordering_shop) == {"CFR1": "confirmed", "CFR2": "transmitting"}


def test_all_removed_is_nothing_to_send(ordering_shop: Path, run: Run) -> None:
    refused = run("send", "--supplier", "STAUBER", "--to", ADDRESS, "--remove", "CFR1,CFR2", cwd=ordering_shop)
    assert refused.code == 3
    assert rows(ordering_shop, Partner)[0].order_address is None


def test_drafts_are_never_sent(ordering_shop: Path, run: Run) -> None:
    """D1: a draft cannot be sent."""
    run("orders", "unconfirm", "CFR1", cwd=ordering_shop)
    run("send", "--supplier", "STAUBER", "--to", ADDRESS, cwd=ordering_shop)
    assert states(ordering_shop) == {"CFR1": "draft", "CFR2": "transmitting"}


def test_without_an_address_nothing_happens(ordering_shop: Path, run: Run) -> None:
    """G17: no address, no mail, no change of status; the sentence says how to give it."""
    refused = run("--lang", "fr", "send", "--supplier", "STAUBER", cwd=ordering_shop)
    assert (refused.code, "--address" in refused.err) == (1, True)
    assert states(ordering_shop) == {"CFR1": "confirmed", "CFR2": "confirmed"}
    assert rows(ordering_shop, OutboundMail) == []


@pytest.mark.parametrize(("typed", "stored"), [(b"\n", ADDRESS), (b"achats@stauber.test\n", "achats@stauber.test")])
def test_at_a_terminal_the_address_is_asked_for_once(ordering_shop: Path, typed: bytes, stored: str) -> None:
    """G17: it is stored, then the sending goes on; the partner's card proposes one."""
    ours, theirs = pty.openpty()
    try:
        os.write(ours, typed)
        asked = warm.run(
            [sys.executable, "-m", "services.cli", "--lang", "en", "send", "--supplier", "STAUBER"],
            cwd=ordering_shop,
            stdin=theirs,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            timeout=PATIENCE,
            check=False,
        )
        said = os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert (asked.returncode, ADDRESS in said) == (0, True), said
    assert rows(ordering_shop, Partner)[0].order_address == stored
    assert set(states(ordering_shop).values()) == {"transmitting"}


def test_another_address_is_refused(ordering_shop: Path, run: Run) -> None:
    """G18: changing it is an act of its own; what is no address is none."""
    run("partner", "set", "STAUBER", "--order-address", ADDRESS, cwd=ordering_shop)
    for address in ("x@y.test", "@"):
        for option in ([], ["--dry-run"]):
            refused = run("send", "--supplier", "STAUBER", "--to", address, *option, cwd=ordering_shop)
            assert (refused.code, address in refused.err) == (1, True)
    assert set(states(ordering_shop).values()) == {"confirmed"}


def test_the_mail_is_shown_and_not_sent(ordering_shop: Path, run: Run) -> None:
    """G15, G20: `--dry-run` shows the mail from the user with all orders, and leaves everything as it was."""
    shown = run("send", "--supplier", "STAUBER", "--dry-run", "--json", cwd=ordering_shop).json
    assert shown["to"] is None
    assert shown["from"] == "marie <commandes@arts.test>"
    assert "CFR1, CFR2" in shown["subject"]
    assert "180,00" in shown["text"]
    assert [each["name"] for each in shown["attachments"]] == ["CFR1.xml", "CFR2.xml"]
    text = run("send", "--supplier", "STAUBER", "--to", ADDRESS, "--dry-run", cwd=ordering_shop).out
    assert f"To: {ADDRESS}" in text
    assert "CFR2.xml" in text
    assert rows(ordering_shop, OutboundMail) == []
    assert rows(ordering_shop, Partner)[0].order_address is None


def test_waiting_tells_what_became_of_it(ordering_shop: Path, run: Run) -> None:
    """75 while no service has sent it."""
    waited = run("send", "--supplier", "STAUBER", "--to", ADDRESS, "--wait", "--timeout", "0", cwd=ordering_shop)
    assert waited.code == 75, waited.err


def test_a_bar_shows_how_far_it_is(ordering_shop: Path) -> None:
    """At a terminal, for what takes longer than a second."""
    ours, theirs = pty.openpty()
    command = ["send", "--supplier", "STAUBER", "--address", ADDRESS, "--wait", "--timeout", "4"]
    try:
        warm.run(
            [sys.executable, "-m", "services.cli", "--lang", "fr", *command],
            cwd=ordering_shop,
            stdout=subprocess.DEVNULL,
            stderr=theirs,
            timeout=PATIENCE,
            check=False,
        )
        shown = os.read(ours, 10_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "Envoi " in shown
    assert "0%" in shown


def test_who_sends_must_be_known(ordering_shop: Path, run: Run) -> None:
    """G15: the From is a user's mail address."""
    refused = run("--as", "nobody", "send", "--supplier", "STAUBER", "--to", ADDRESS, cwd=ordering_shop)
    assert (refused.code, "nobody" in refused.err) == (1, True)


def test_sent_again_by_the_order_it_carries(ordering_shop: Path, run: Run) -> None:
    """D1: *Renvoyer* sends the same bytes."""
    run("send", "--supplier", "STAUBER", "--to", ADDRESS, cwd=ordering_shop)
    refused = run("resend", "CFR1", cwd=ordering_shop)
    assert (refused.code, "by itself" in refused.err) == (1, True)
    mime = compose(ordering_shop, 1)
    with base(ordering_shop) as database, database.transaction() as connection:
        connection.execute(update(OutboundMail).values(state="sent", next_attempt_at=None, resends=3))
    done = run("resend", "CFR1", "CFR2", "out-1", cwd=ordering_shop)
    assert (done.code, "out-1" in done.err) == (0, True)
    (mail,) = rows(ordering_shop, OutboundMail)
    assert (mail.state, mail.resends) == ("composed", 0)
    assert compose(ordering_shop, 1) == mime


def test_given_up_before_it_left(ordering_shop: Path, run: Run) -> None:
    run("send", "--supplier", "STAUBER", "--to", ADDRESS, cwd=ordering_shop)
    done = run("abandon", "CFR1", cwd=ordering_shop)
    assert (done.code, "CFR1, CFR2" in done.err) == (0, True)
    assert set(states(ordering_shop).values()) == {"confirmed"}
    assert run("send", "--supplier", "STAUBER", cwd=ordering_shop).code == 0
    assert [row.live for row in rows(ordering_shop, OutboundOrder)] == [False, False, True, True]


def test_what_left_is_not_given_up(ordering_shop: Path, run: Run) -> None:
    run("send", "--supplier", "STAUBER", "--to", ADDRESS, cwd=ordering_shop)
    with base(ordering_shop) as database, database.transaction() as connection:
        values = {"outbound_mail_id": 1, "n": 1, "phase": "dot", "started_at": database.now()}
        connection.execute(insert(DeliveryAttempt).values(values))
    refused = run("abandon", "out-1", cwd=ordering_shop)
    assert (refused.code, "called back" in refused.err) == (1, True)
