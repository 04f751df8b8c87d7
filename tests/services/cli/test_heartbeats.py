"""What people see of heartbeats: status, doctor, and the settings of partners and mailboxes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from sqlalchemy import update

from intergestan_db.tables import Mailbox, OutboundMail, Partner
from intergestan_exchange.heartbeats.heartbeats import USUAL, request_heartbeats
from tests.services.cli import exchange
from tests.services.cli.conftest import Run


def put_heartbeat(site: Path, *, sent_hours_ago: float, took_seconds: float | None) -> None:
    with exchange.base(site) as base, base.transaction() as connection:
        then = base.now() - timedelta(hours=sent_hours_ago)
        (mail_id,) = request_heartbeats(connection, then, USUAL)
        values = {"state": "sent", "sent_at": then}
        if took_seconds is not None:
            back = then + timedelta(seconds=took_seconds)
            values = {"state": "answered", "sent_at": then, "answered_at": back}
            connection.execute(update(Partner).values(heartbeat_returned_at=back))
        connection.execute(update(OutboundMail).where(OutboundMail.id == mail_id).values(**values))


def test_status_and_doctor_show_the_last_round_trip(paired_shop: Path, run: Run) -> None:
    code = exchange.rows(paired_shop, Partner)[0].site_code
    assert "Heartbeats to" not in run("status", cwd=paired_shop).out
    assert run("partner", "set", code, "--heartbeat", "on", cwd=paired_shop).code == 0
    put_heartbeat(paired_shop, sent_hours_ago=0.1, took_seconds=12)
    assert "12.0 s" in run("status", cwd=paired_shop).out
    assert "Battements vers" in run("--lang", "fr", "status", cwd=paired_shop).out
    said = run("status", "--json", cwd=paired_shop).json
    assert (said["routes"][0]["seconds"], said["outbound"]) == (12.0, {})
    assert "STAUBER: the last one took 12.0 s there and back" in run("doctor", cwd=paired_shop).out


def test_doctor_says_who_does_not_answer(paired_shop: Path, run: Run) -> None:
    code = exchange.rows(paired_shop, Partner)[0].site_code
    assert run("partner", "set", code, "--heartbeat", "on", cwd=paired_shop).code == 0
    put_heartbeat(paired_shop, sent_hours_ago=30, took_seconds=12)
    put_heartbeat(paired_shop, sent_hours_ago=2, took_seconds=None)
    found = {each["subject"]: each for each in run("doctor", "--json", cwd=paired_shop).json}
    assert not found["Heartbeats to STAUBER"]["ok"]
    assert "none came back since" in found["Heartbeats to STAUBER"]["text"]
    assert run("partner", "set", code, "--heartbeat", "off", cwd=paired_shop).code == 0
    assert "Heartbeats to" not in run("doctor", cwd=paired_shop).out


def test_the_first_one_may_be_on_its_way(paired_shop: Path, run: Run) -> None:
    """Who asks in the minute after two sites trusted each other is not told that no mail passes."""
    code = exchange.rows(paired_shop, Partner)[0].site_code
    assert run("partner", "set", code, "--heartbeat", "on", cwd=paired_shop).code == 0
    put_heartbeat(paired_shop, sent_hours_ago=0.01, took_seconds=None)
    found = {each["subject"]: each for each in run("doctor", "--json", cwd=paired_shop).json}
    assert found["Heartbeats to STAUBER"]["ok"]
    with exchange.base(paired_shop) as base, base.transaction() as connection:
        connection.execute(update(OutboundMail).values(sent_at=base.now() - timedelta(hours=30)))
    found = {each["subject"]: each for each in run("doctor", "--json", cwd=paired_shop).json}
    assert not found["Heartbeats to STAUBER"]["ok"]
    assert "none of them came back" in found["Heartbeats to STAUBER"]["text"]


def test_a_mailbox_may_keep_them(paired_shop: Path, run: Run) -> None:
    account = ("--host", "127.0.0.1", "--login", "a", "--security", "none", "--secret", "box")
    (paired_shop / "secrets").mkdir(mode=0o700, exist_ok=True)
    (paired_shop / "secrets" / "box").touch(mode=0o600)
    (paired_shop / "secrets" / "box").write_text("secret")
    made = run("mailbox", "add", "box", *account, "--keep-heartbeats", "--untested", cwd=paired_shop)
    assert made.code == 0, made.err
    assert exchange.rows(paired_shop, Mailbox)[0].keeps_heartbeats
    assert run("mailbox", "set", "box", "--remove-heartbeats", cwd=paired_shop).code == 0
    assert not exchange.rows(paired_shop, Mailbox)[0].keeps_heartbeats
    assert run("mailbox", "set", "none", "--keep-heartbeats", cwd=paired_shop).code == 1
