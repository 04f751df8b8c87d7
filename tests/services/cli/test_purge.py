"""G24: `purge` on a site with a real poller and a real mailbox."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from intergestan_db import leases
from intergestan_db.tables import InboundMail, Mailbox, OutboundMail, PurgeRun
from tests.patience import eventually
from tests.servers import Dovecot, MailUser
from tests.services.cli.conftest import Run, data
from tests.services.cli.exchange import base, compose, rows, take_in
from tests.services.poller.site import PollerSite, mail


@pytest.fixture
def polled(paired_shop: Path, stauber: Path, run: Run, dovecot: Dovecot, mail_user: MailUser) -> Path:
    """STAUBER, whose mailbox has the shop's order and a stranger's mail; the order is booked, the answer composed."""
    run("orders", "import", "--dates", "any", data("orders.csv"), cwd=paired_shop)
    run("send", "--supplier", "STAUBER", "--to", "appros@stauber.test", cwd=paired_shop)
    card = run("site", "card", "--json", cwd=paired_shop).json
    (stauber / "shop.card").write_text(card["card"])
    assert run("partner", "add", stauber / "shop.card", "--fingerprint", card["kid"], cwd=stauber).code == 0
    assert run("catalog", "import", data("catalogue_base.csv"), cwd=stauber).code == 0
    account = ("--host", dovecot.host, "--port", str(dovecot.imap), "--security", "none", "--login", mail_user.address)
    added = run("mailbox", "add", "box", *account, "--password-stdin", cwd=stauber, stdin=f"{mail_user.password}\n")
    assert added.code == 0, added.err
    dovecot.deliver(mail_user.address, compose(paired_shop, 1))
    dovecot.deliver(mail_user.address, mail(1))
    with polling(stauber, mail_user):
        eventually(lambda: len(rows(stauber, InboundMail)) == 2)
        ids = [row.id for row in rows(stauber, InboundMail)]
    take_in(stauber, *ids)
    return stauber


@contextmanager
def polling(folder: Path, user: MailUser) -> Iterator[None]:
    """A poller of this site at work."""
    with base(folder) as database, capture_logs():  # else they would stand in the command's own output
        site = PollerSite(database, folder)
        site.passwords["box"] = user.password
        with site.poller():
            yield


def test_a_purge_is_shown_first_and_then_done(
    polled: Path, run: Run, mail_user: MailUser, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "WORKER_BEAT_S", 0.1)  # no bell comes through here: the beat finds what was asked
    assert run("purge", cwd=polled).code == 2
    assert run("purge", "--older-than", "soon", cwd=polled).code == 2
    assert run("purge", "--older-than", "90d", cwd=polled).code == 75
    with polling(polled, mail_user):
        eventually(lambda: any(row.owner for row in rows(polled, Mailbox)))
        early = run("purge", "--older-than", "0d", "--dry-run", "--json", cwd=polled)
        assert (early.code, early.json["mailboxes"][0]["counts"]) == (0, {"unanswered": 1, "alien": 1})
        assert "14" in early.err
        with base(polled) as database, database.transaction() as connection:
            connection.execute(update(OutboundMail).values(state="sent"))
        young = run("purge", "--older-than", "30d", "--json", cwd=polled)
        assert (young.code, young.json["mailboxes"][0]["counts"]) == (0, {"young": 1, "alien": 1})
        dry = run("--lang", "fr", "purge", "--older-than", "0d", "--dry-run", cwd=polled)
        assert (dry.code, "Arts de la Table" in dry.out, "inconnu" in dry.out) == (0, True, True)
        done = run("purge", "--older-than", "0d", "--mailbox", "box", "--json", cwd=polled)
        (box,) = done.json["mailboxes"]
        assert (done.code, box["removed"], box["error"]) == (0, 1, None)
        assert [each["verdict"] for each in box["mails"]] == ["removed", "alien"]
        again = run("purge", "--older-than", "0d", cwd=polled)
        assert (again.code, "0" in again.err) == (0, True)
    maildir = dovecot.maildir(mail_user.address)
    assert sum(1 for part in ("new", "cur") for _ in (maildir / part).iterdir()) == 1
    assert [row.dry_run for row in rows(polled, PurgeRun)] == [True, False, True, False, False]
