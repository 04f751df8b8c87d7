"""What people see of undelivered mail and missing answers: lists, status, doctor; in both languages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from intergestan_db.tables import OutboundMail, Partner, PurchaseOrder
from intergestan_msg.typography import french
from intergestan_runtime.secrets import read_key_file
from tests.reports import EXCHANGE, report
from tests.services.cli import exchange
from tests.services.cli.conftest import Run, data


@pytest.fixture
def sent(paired_shop: Path, run: Run) -> Path:
    """The shop, which sent CFR1 five hours ago and had no answer."""
    assert run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop).code == 0
    code = exchange.rows(paired_shop, Partner)[0].site_code
    made = run("send", "--supplier", code, "--to", "appros@stauber.test", "--remove", "CFR2", cwd=paired_shop)
    assert made.code == 0, made.err
    exchange.compose(paired_shop, 1)
    with exchange.base(paired_shop) as base, base.transaction() as connection:
        then = base.now() - timedelta(hours=5)
        connection.execute(update(OutboundMail).values(state="sent", sent_at=then))
        connection.execute(update(PurchaseOrder).values(state="waiting", updated_at=then))
    return paired_shop


def test_orders_without_an_answer(sent: Path, run: Run) -> None:
    """Issue 3: «no answer after N hours» is a list."""
    listed = run("orders", "list", "--unanswered", "--json", cwd=sent).json
    assert [(row["number"], row["mail"], row["hours"], row["mail_state"]) for row in listed] == [
        ("CFR1", "out-1", 4, "sent")
    ]
    shown = run("--lang", "fr", "orders", "list", "--unanswered", cwd=sent)
    assert "Heures convenues" in shown.out
    assert "intergestan resend CFR1" in shown.err
    assert run("orders", "list", "--unanswered", "--all", cwd=sent).code == 2


def test_status_and_doctor_tell(sent: Path, run: Run) -> None:
    assert run("status", "--json", cwd=sent).json["unanswered"] == 1
    assert french("Trop longtemps sans réponse : 1") in run("--lang", "fr", "status", cwd=sent).out
    found = {each["subject"]: each for each in run("doctor", "--json", cwd=sent).json}
    assert not found["Answers"]["ok"]
    assert "CFR1" in found["Answers"]["text"]
    assert "--unanswered" in found["Answers"]["cure"]
    assert found["Reports of undelivered mail"]["ok"]


def test_a_partner_may_take_longer(sent: Path, run: Run) -> None:
    code = exchange.rows(sent, Partner)[0].site_code
    assert run("partner", "set", code, "--answer-hours", "24", cwd=sent).code == 0
    assert run("orders", "list", "--unanswered", "--json", cwd=sent).json == []
    assert run("status", "--json", cwd=sent).json["unanswered"] == 0
    assert "Answers: no order waits" in run("doctor", cwd=sent).out
    assert run("partner", "set", code, "--answer-hours", "0", cwd=sent).code == 0
    assert exchange.rows(sent, Partner)[0].answer_hours is None
    assert len(run("orders", "list", "--unanswered", "--json", cwd=sent).json) == 1


def test_reports_are_listed(sent: Path, run: Run) -> None:
    """Also those that prove nothing."""
    mail = exchange.rows(sent, OutboundMail)[0]
    token = exchange.bounce_key(sent).token(mail.id, mail.transfer_id)
    unproven, proven = (
        report(to, b"Subject: x\r\n\r\n", server=EXCHANGE) for to in ("commandes@arts.test", f"a+{token}@arts.test")
    )
    exchange.receive(sent, unproven)
    exchange.receive(sent, proven)
    listed = run("report", "undelivered", "--json", cwd=sent).json
    assert [(row["mail"], row["status"], row["effect"]) for row in listed] == [
        (None, "5.1.1", "unproven"),
        ("out-1", "5.1.1", "held"),
    ]
    shown = run("--lang", "fr", "report", "undelivered", cwd=sent).out
    assert "ne prouve rien" in shown
    assert "non remis" in shown
    (hold,) = run("--lang", "fr", "holds", "list", "--json", cwd=sent).json
    assert (hold["ref"], hold["reason"], hold["order"]) == ("out-1", "undelivered", "CFR1")
    assert "cette adresse n'existe pas" in hold["what"]
    assert "change_order_address" in hold["next"]
    assert run("replay", "--all", "--dry-run", "--json", cwd=sent).json != []
    assert not any(row["changes"] for row in run("replay", "--all", "--dry-run", "--json", cwd=sent).json)


def test_the_key_is_made_with_the_site_or_by_upgrade(shop: Path, run: Run) -> None:
    file = shop / "bounce.key"
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    found = {each["subject"]: each for each in run("doctor", "--json", cwd=shop).json}
    assert not found["Reports of undelivered mail"]["ok"]
    assert "intergestan upgrade" in found["Reports of undelivered mail"]["cure"]
    assert "bounce.key" in run("upgrade", cwd=shop).err
    key = read_key_file(file)
    assert run("upgrade", cwd=shop).code == 0
    assert read_key_file(file) == key, "a key is never replaced"
    file.chmod(0o644)
    found = {each["subject"]: each for each in run("doctor", "--json", cwd=shop).json}
    assert "chmod 600" in found["Reports of undelivered mail"]["cure"]
