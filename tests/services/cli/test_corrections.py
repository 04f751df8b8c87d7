"""What was entered is corrected and taken away by words: accounts, partners, people, the site. Rows stay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from intergestan_db.problem import Problem
from intergestan_db.tables import Event, Mailbox, MailboxUid, Partner, Relay, Site, User
from intergestan_exchange.mailboxes.poll_runs import active_mailboxes
from tests.servers import Dovecot, MailUser, SmtpServer
from tests.services.cli import exchange
from tests.services.cli.conftest import SECOND_SIRET, Run


def events(folder: Path, subject: str) -> list[tuple[str, str]]:
    return [(row.name, row.who) for row in exchange.rows(folder, Event) if row.subject == subject]


def place(dovecot: Dovecot, mail_user: MailUser) -> tuple[str, ...]:
    server = ("--host", dovecot.host, "--port", str(dovecot.imap), "--security", "none")
    return (*server, "--login", mail_user.address, "--password-stdin")


@pytest.fixture
def boxed(shop: Path, run: Run, dovecot: Dovecot, mail_user: MailUser) -> Path:
    """The shop with a mailbox whose login works."""
    added = run("mailbox", "add", "box", *place(dovecot, mail_user), cwd=shop, stdin=mail_user.password)
    assert added.code == 0, added.err
    return shop


def test_a_login_is_tried_before_it_is_accepted(shop: Path, run: Run, dovecot: Dovecot, mail_user: MailUser) -> None:
    wrong = run("mailbox", "add", "box", *place(dovecot, mail_user), cwd=shop, stdin="wrong")
    assert (wrong.code, exchange.rows(shop, Mailbox)) == (1, [])
    assert "refuses the login" in wrong.err
    assert "--untested" in wrong.err
    folder = run(
        "mailbox", "add", "box", *place(dovecot, mail_user), "--folder", "Nowhere", cwd=shop, stdin=mail_user.password
    )
    assert (folder.code, exchange.rows(shop, Mailbox)) == (1, [])
    french = run("--lang", "fr", "mailbox", "add", "box", *place(dovecot, mail_user), cwd=shop, stdin="wrong")
    assert "essayée" in french.err


def test_a_mailbox_is_corrected(boxed: Path, run: Run, dovecot: Dovecot, mail_user: MailUser) -> None:
    """Another server, login or folder holds other mails: what is known of the old ones does not hide the new."""
    with exchange.base(boxed) as base, base.transaction() as connection:
        connection.execute(insert(MailboxUid).values(mailbox_id=1, uidvalidity=1, uid=1))
        connection.execute(update(Mailbox).values(owner="poller-1", fence=7, last_success_at=base.now()))
    refused = run("mailbox", "set", "box", "--folder", "Nowhere", cwd=boxed)
    assert (refused.code, exchange.rows(boxed, Mailbox)[0].folder) == (1, "INBOX")
    assert run("mailbox", "set", "box", "--security", "none", "--port", dovecot.imap, cwd=boxed).code == 0
    assert len(exchange.rows(boxed, MailboxUid)) == 1, "the same mails"
    done = run("mailbox", "set", "box", "--folder", "Nowhere", "--untested", cwd=boxed)
    assert done.code == 0, done.err
    (row,) = exchange.rows(boxed, Mailbox)
    assert (row.folder, row.owner, row.fence, row.last_success_at, row.state) == ("Nowhere", None, 9, None, "new")
    assert exchange.rows(boxed, MailboxUid) == []
    wrong = run("mailbox", "set", "box", "--folder", "INBOX", "--password-stdin", cwd=boxed, stdin="wrong")
    assert wrong.code == 1
    asked = run("mailbox", "set", "box", "--login", "nobody@site.test", cwd=boxed)
    assert (asked.code, "--password-stdin" in asked.err) == (2, True), "another login has another password"
    both = ("--folder", "INBOX", "--poll-seconds", "90", "--password-stdin")
    assert run("mailbox", "set", "box", *both, cwd=boxed, stdin=mail_user.password).code == 0
    assert run("mailbox", "test", "box", cwd=boxed).code == 0
    assert exchange.rows(boxed, Mailbox)[0].poll_seconds == 90
    assert [name for name, _ in events(boxed, "mailbox")] == ["set", "change", "change", "change", "change"]


def test_a_mailbox_is_paused_and_taken_out_of_use(boxed: Path, run: Run) -> None:
    assert run("mailbox", "pause", "box", cwd=boxed).code == 2, "a reason is wanted"
    assert run("--as", "marie", "mailbox", "pause", "box", "--reason", "moving house", cwd=boxed).code == 0
    (row,) = exchange.rows(boxed, Mailbox)
    assert (row.rests_by, row.rests_reason, row.owner, row.fence, row.active) == (
        "marie",
        "moving house",
        None,
        1,
        True,
    )
    assert "paused by marie: moving house" in run("mailbox", "list", cwd=boxed).out
    assert "paused by marie: moving house" in run("status", cwd=boxed).out
    doctor = {each["subject"]: each["ok"] for each in run("doctor", "--json", cwd=boxed).json}
    assert "Mailbox box" not in doctor
    assert doctor["Mailboxes"]
    names = {(each["name"], each["about"]) for each in run("watch", "--once", "--json", cwd=boxed).json}
    assert not names & {("MailboxNotPolled", "box"), ("MailboxUnowned", "box")}
    with exchange.base(boxed) as base, base.read() as connection, pytest.raises(Problem, match="that is polled"):
        active_mailboxes(connection, ["box"])
    assert run("mailbox", "unpause", "box", cwd=boxed).code == 0
    assert run("mailbox", "unpause", "box", cwd=boxed).code == 1
    names = {(each["name"], each["about"]) for each in run("watch", "--once", "--json", cwd=boxed).json}
    assert ("MailboxUnowned", "box") in names
    assert run("mailbox", "deactivate", "box", cwd=boxed).code == 0
    assert "out of use" in run("mailbox", "list", cwd=boxed).out
    assert run("mailbox", "activate", "box", cwd=boxed).code == 0
    assert exchange.rows(boxed, Mailbox)[0].active
    assert [name for name, _ in events(boxed, "mailbox")] == ["set", "pause", "unpause", "deactivate", "activate"]


def test_a_relay_is_corrected_without_saying_all_of_it_again(
    shop: Path, run: Run, smtp_server: SmtpServer, mail_user: MailUser
) -> None:
    assert run("relay", "set", "--mails-per-day", "9", cwd=shop).code == 2, "there is none yet"
    server = ("--host", smtp_server.host, "--port", smtp_server.port, "--security", "none")
    login = ("--login", mail_user.address, "--password-stdin", "--from", "site")
    assert run("relay", "set", *server, *login, cwd=shop, stdin=mail_user.password).code == 0
    before = exchange.rows(shop, Relay)[0]
    assert run("relay", "set", "--mails-per-day", "300", cwd=shop).code == 0
    after = exchange.rows(shop, Relay)[0]
    assert (after.mails_per_day, after.from_mode, after.sealed) == (300, "site", before.sealed)
    assert (after.host, after.port, after.login) == (before.host, before.port, before.login)
    wrong = run("relay", "set", "--password-stdin", cwd=shop, stdin="wrong")
    assert (wrong.code, exchange.rows(shop, Relay)[0].sealed) == (1, before.sealed)
    assert "300" in run("relay", "show", cwd=shop).out


def test_a_partner_is_paused(paired_shop: Path, run: Run) -> None:
    """`design.md` §11: by a person, in columns of its own; `paused_at` and `resume` are the restore's."""
    done = run(
        "--as", "marie", "partner", "pause", "STAUBER", "--reason", "dispute", "--what", "sending", cwd=paired_shop
    )
    assert done.code == 0, done.err
    row = exchange.rows(paired_shop, Partner)[0]
    assert (row.rests, row.rests_by, row.rests_reason, row.paused_at) == ("sending", "marie", "dispute", None)
    assert "sending, by marie: dispute" in run("partner", "list", cwd=paired_shop).out
    assert "marie paused it on" in run("status", cwd=paired_shop).out
    assert run("status", "--json", cwd=paired_shop).json["resting"][0]["what"] == "sending"
    assert run("partner", "unpause", "STAUBER", cwd=paired_shop).code == 0
    again = run("partner", "unpause", "STAUBER", cwd=paired_shop)
    assert (again.code, "intergestan resume" in again.err) == (1, True)
    assert run("partner", "deactivate", "STAUBER", cwd=paired_shop).code == 0
    assert "out of use" in run("partner", "list", cwd=paired_shop).out
    assert run("partner", "activate", "STAUBER", cwd=paired_shop).code == 0
    row = exchange.rows(paired_shop, Partner)[0]
    assert (row.active, row.rests, row.rests_since) == (True, None, None)
    said = [name for name, _ in events(paired_shop, "partner")]
    assert said == ["add", "pause", "unpause", "deactivate", "activate"]


def test_a_person_is_corrected_and_taken_out_of_use(shop: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("user", "add", "paul", "--email", "paul@arts.tset", cwd=shop).code == 0
    assert run("user", "set", "paul", "--email", "paul", cwd=shop).code == 1
    assert run("user", "set", "paul", "--email", "paul@arts.test", "--name", "Paul", cwd=shop).code == 0
    paul = exchange.rows(shop, User)[-1]
    assert (paul.name, paul.email) == ("Paul", "paul@arts.test")
    assert run("user", "set", "nobody", "--name", "N", cwd=shop).code == 1
    assert run("user", "deactivate", "paul", cwd=shop).code == 0
    refused = run("--as", "paul", "user", "set", "paul", "--name", "P", cwd=shop)
    assert (refused.code, "user activate" in refused.err) == (1, True)
    monkeypatch.setenv("INTERGESTAN_USER", "paul")
    assert run("user", "activate", "paul", cwd=shop).code == 0, "also where the configuration names them"
    assert run("user", "set", "paul", "--name", "Paul M.", cwd=shop).code == 0
    assert events(shop, "user")[-1] == ("set", "paul")


def test_an_administrator_says_who_may_what(shop: Path, run: Run) -> None:
    """Roles and rights by the command line (D31): only an administrator gives them."""
    assert run("user", "add", "paul", "--email", "paul@arts.test", cwd=shop).code == 0
    refused = run("--as", "paul", "user", "set", "paul", "--grant", "override_credit", cwd=shop)
    assert (refused.code, "may not give roles and rights" in refused.err) == (1, True)
    assert "user list" in refused.err
    wrong = run("user", "set", "paul", "--role", "clerk,king", cwd=shop)
    assert (wrong.code, "«king»" in wrong.err) == (2, True)
    done = run("user", "set", "paul", "--role", "clerk,accountant", "--grant", "override_credit", "--json", cwd=shop)
    of_clerks = ["collect_orders", "invoice", "resend_mails", "sell", "send_orders", "set_parties", "take_payments"]
    rights = sorted([*of_clerks, "close_books", "credit_note", "keep_books", "override_credit", "set_credit"])
    given = {"login": "paul", "roles": ["clerk", "accountant"], "rights": rights}
    assert done.json == given
    listed = {row["login"]: row for row in run("user", "list", "--json", cwd=shop).json}
    assert listed["paul"]["rights"] == given["rights"]
    french = run("--lang", "fr", "user", "list", cwd=shop)
    assert "déroger" in french.out
    last = next(login for login, row in listed.items() if "administrator" in row["roles"])
    kept = run("user", "set", last, "--role", "clerk", cwd=shop)
    assert (kept.code, "last administrator" in kept.err) == (1, True)
    assert run("user", "deactivate", last, cwd=shop).code == 1


def test_the_site_is_corrected_and_keeps_its_code(shop: Path, run: Run) -> None:
    code = exchange.rows(shop, Site)[0].code
    changes = ("--name", "Arts & Table", "--orders-address", "achats@arts.test", "--city", "Lyon")
    done = run("site", "set", *changes, "--siret", "802 954 785 00028", "--vat", "FR21 802954785", cwd=shop)
    assert done.code == 0, done.err
    assert "site card" in done.err
    shown: dict[str, Any] = run("site", "show", "--json", cwd=shop).json
    assert (shown["code"], shown["name"], shown["siret"]) == (code, "Arts & Table", SECOND_SIRET)
    assert (shown["orders_address"], shown["city"], shown["vat_id"]) == ("achats@arts.test", "Lyon", "FR21802954785")
    assert run("site", "set", "--city", "", cwd=shop).code == 0
    assert run("site", "show", "--json", cwd=shop).json["city"] is None
    for wrong, exit_code in ((("--siret", "1"), 1), (("--orders-address", "x"), 1), (("--name", ""), 2), ((), 2)):
        assert run("site", "set", *wrong, cwd=shop).code == exit_code, wrong
    assert run("site", "set", "--code", "X", cwd=shop).code == 2
    assert exchange.rows(shop, Site)[0].name == "Arts & Table"
